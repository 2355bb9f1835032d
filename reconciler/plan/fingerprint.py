"""Fingerprints: what a review of one team approves, as a digest.

Two fingerprints are equal when the same wallets are to go from the same funding to the same targets and the same
billing budgets from the same state to the same state. Balances, times and forecasts are not part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.json_text import digest_of


def fingerprint(facts: Iterable[Mapping[str, Any]]) -> str:
    """Return the digest of a team's facts, in the order given."""
    return digest_of([dict(fact) for fact in facts])
