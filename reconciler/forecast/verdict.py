"""Whether what was observed is what was planned, and the row of an assumption that nothing tells about."""

from __future__ import annotations

from typing import Literal

from reconciler.forecast.words import DASH
from reconciler.model.forecast import Assumption

Verdict = Literal["holds", "ahead", "behind", "fits", "short", "unknown"]


def verdict_of(observed: float, planned: float, tolerance: float) -> Verdict:
    """Return whether what is observed is what is planned, within a tolerance."""
    if abs(observed - planned) <= tolerance:
        return "holds"
    return "ahead" if observed > planned else "behind"


def unknown_row(
    name: Literal["baseline", "growth", "cache_hit_rate", "provider_mix", "wallets", "alert"], plan: str, why: str
) -> Assumption:
    """Return the row of an assumption that nothing tells about, with the reason."""
    return Assumption(name=name, plan=plan, observed=DASH, verdict="unknown", sentence=why)


def points(difference: float) -> str:
    """Return the difference of two shares in percentage points: `7.0 points`."""
    return f"{abs(difference) * 100:.1f} points"
