"""Which assumption failed: a cause is called only when it stands out of what days vary by anyway.

It has to be `MATERIAL` of what was planned, and so many standard errors from nothing that chance alone, if these were
exact, would make any cause stand out in `BY_CHANCE` of reviews. The largest that does is called. How often it is so in
generated years, where errors are estimates, is in decision 0099.
"""

from __future__ import annotations

from decimal import Decimal
from math import erfc, sqrt

from reconciler.model.review import CauseName as Cause
from reconciler.review.compare import Comparison
from reconciler.review.split import CAUSES, FACTORS

MATERIAL = 0.02
BY_CHANCE = 0.04

CHANCE: tuple[Cause, ...] = (*FACTORS, "fallback")
"""What chance alone may move; new workloads and one-offs are told by their days."""


def distance(comparison: Comparison, cause: Cause) -> float:
    """Return how many standard errors an effect is away from nothing; infinite where it never varied."""
    amount, spread = abs(float(comparison.effects[cause])), comparison.noise.get(cause, 0.0)
    if not amount:
        return 0.0
    return amount / spread if spread > 0 else float("inf")


def is_material(comparison: Comparison, amount: Decimal) -> bool:
    whole = comparison.reference if comparison.reference > 0 else comparison.actual
    return abs(float(amount)) >= MATERIAL * float(whole) > 0


def clear(comparison: Comparison) -> float:
    """Return how many standard errors a cause has to be from nothing.

    The chances of all causes together are `BY_CHANCE` (Bonferroni). One that by chance is never material needs none of
    it, so that in a team whose demand alone varies, demand is held to no more than needed.
    """
    whole = float(comparison.reference if comparison.reference > 0 else comparison.actual)
    spreads = (comparison.noise.get(cause, 0.0) for cause in CHANCE)
    least = [MATERIAL * whole / spread for spread in spreads if spread > 0]
    low, high = 0.0, 10.0
    for _ in range(30):
        middle = (low + high) / 2
        chance = sum(erfc(max(middle, each) / sqrt(2)) for each in least)
        low, high = (middle, high) if chance > BY_CHANCE else (low, middle)
    return high


def stands_out(comparison: Comparison, cause: Cause) -> bool:
    """Whether a cause is one, and not what days vary by anyway; how many days there are is known, and is none."""
    is_clear = cause != "calendar" and distance(comparison, cause) > clear(comparison)
    return is_clear and is_material(comparison, comparison.effects[cause])


def called(comparison: Comparison) -> Cause | None:
    """Return the largest cause that stands out, None where nothing does.

    A saving explains no overspend, nor the other way round: where there is a difference, the cause is on its side.
    """
    off = comparison.actual - comparison.reference
    sided = [cause for cause in CAUSES if not off or off * comparison.effects[cause] > 0]
    found = [cause for cause in sided if stands_out(comparison, cause)]
    return max(found, key=lambda cause: abs(comparison.effects[cause]), default=None)
