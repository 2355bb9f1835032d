"""Growth, waste, and the rest of a difference; and what of a reference was growth that the plan invests in."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from reconciler.model.money import ZERO, cents
from reconciler.model.review import CauseName, ReviewEffect, ReviewKinds

GROWTH: frozenset[CauseName] = frozenset({"demand", "new_workload"})
WASTE: frozenset[CauseName] = frozenset({"cache", "provider_mix", "tokens_per_request"})


def kinds(effects: Iterable[ReviewEffect], invested: Decimal | None) -> ReviewKinds:
    """Return the effects by kind, in cents that add up to the difference; `invested` is not yet in cents.

    An amount of causes that the usage cannot tell apart is of a kind only where all of them are.
    """
    sums = {"growth": ZERO, "waste": ZERO, "rest": ZERO}
    for effect in effects:
        causes = {effect.cause, *effect.together_with}
        kind = "growth" if causes <= GROWTH else "waste" if causes <= WASTE else "rest"
        sums[kind] += effect.amount
    return ReviewKinds(invested=None if invested is None else cents(invested), **sums)
