"""Words for numbers, and whether what was observed is what was planned: the same in every sentence."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from reconciler.model.assumption import Assumption
from reconciler.model.percent import percent_text

DASH = "–"
MINUS = "\N{MINUS SIGN}"
SMALLEST_CHANCE = 0.001
MUCH = 10.0
"""From this factor on a multiple needs no decimals."""


def amount(value: Decimal | float, currency: str) -> str:
    """Return money for a sentence, in whole units from 100 on: `USD 11,240`."""
    digits = f"{value:,.0f}" if abs(float(value)) >= 100 else f"{value:,.2f}"
    return f"{currency} {digits.replace('-', MINUS)}"


def share(fraction: Decimal | float, *, places: int = 1) -> str:
    """Return a fraction as a percentage: `13.6%`."""
    return f"{float(fraction) * 100:.{places}f}%"


def signed_share(fraction: Decimal | float, *, places: int = 1) -> str:
    """Return by how much something is more or less, with its sign: `+13.6%`, `−4.4%`."""
    rounded = round(float(fraction) * 100, places)
    return f"{rounded if rounded else 0.0:+.{places}f}%".replace("-", MINUS)


def planned_share(fraction: Decimal | float, *, signed: bool = False) -> str:
    """Return a share that a plan has, with no more decimals than it needs, two at most: `12.5%`, `+18%`."""
    text = percent_text(round(Decimal(repr(float(fraction))), 4))
    return f"{'+' if signed and not text.startswith('-') else ''}{text}".replace("-", MINUS)


def listed(names: Sequence[str]) -> str:
    """Return names in a sentence: `growth, cache improvement and planned demand`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def chance(probability: float) -> str:
    """Return a probability for people: never `0%` or `100%` unless it is certain."""
    if 0 < probability < SMALLEST_CHANCE:
        return "<0.1%"
    if 1 - SMALLEST_CHANCE < probability < 1:
        return ">99.9%"
    is_near_an_end = 0 < probability < 0.01 or 0.99 < probability < 1
    return f"{probability * 100:.{1 if is_near_an_end else 0}f}%"


def times_the_usual(factor: float | None) -> str:
    """Return what something costs by its usual: `2.3 times the usual`; `money` where nothing was usual."""
    if factor is None:
        return "money"
    if factor < 1.0:
        return f"only {share(factor, places=0)} of the usual"
    return f"{factor:.0f} times the usual" if factor >= MUCH else f"{factor:.1f} times the usual"


RowVerdict = Literal["holds", "ahead", "behind", "fits", "short", "unknown"]


CLOSE = "close to the plan"


def close(off: str, *, above: bool, within: str) -> str:
    """Return that something holds, how far it is off all the same, and how far counts as nothing."""
    return f"{CLOSE}: {off} {'above' if above else 'below'} it, within {within}"


def verdict_of(observed: float, planned: float, tolerance: float) -> RowVerdict:
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
