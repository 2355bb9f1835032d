"""Which assumption failed: a cause is called only when it stands out of what days vary by anyway.

A cause stands out beyond `CLEAR` standard errors and `MATERIAL` of what was planned. The largest that does is called.
"""

from __future__ import annotations

from decimal import Decimal

from reconciler.review.compare import Comparison
from reconciler.review.split import CAUSES, Cause

CLEAR, MATERIAL = 3.0, 0.02


def judged(comparison: Comparison, cause: Cause) -> Decimal:
    """Return what of an effect is to be explained: weekdays alone are no change of demand."""
    effect = comparison.effects[cause]
    if cause != "demand":
        return effect
    calendar = comparison.calendar
    left = effect - calendar
    return left if abs(left) < abs(effect) or effect * calendar < 0 else effect


def distance(comparison: Comparison, cause: Cause) -> float:
    """Return how many standard errors an effect is away from nothing; infinite where it never varied."""
    amount, spread = abs(float(judged(comparison, cause))), comparison.noise.get(cause, 0.0)
    if not amount:
        return 0.0
    return amount / spread if spread > 0 else float("inf")


def is_material(comparison: Comparison, amount: Decimal) -> bool:
    whole = comparison.reference if comparison.reference > 0 else comparison.actual
    return abs(float(amount)) >= MATERIAL * float(whole) > 0


def stands_out(comparison: Comparison, cause: Cause) -> bool:
    return distance(comparison, cause) > CLEAR and is_material(comparison, judged(comparison, cause))


def called(comparison: Comparison) -> Cause | None:
    """Return the largest cause that stands out, None where nothing does."""
    clear = [cause for cause in CAUSES if stands_out(comparison, cause)]
    return max(clear, key=lambda cause: abs(judged(comparison, cause)), default=None)
