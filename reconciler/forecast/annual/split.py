"""Money split among causes so that the parts are the whole, to the last cent, and no order of them matters.

Several factors on one amount are split by Shapley (1953): each gets the mean of what it adds over all orders in which
they could come.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import factorial, prod

_MOST = 12
"""Above so many factors that differ from 1, they are split by their order: nobody plans so many of one kind."""


def contributions(factors: Sequence[Decimal]) -> list[Decimal]:
    """Return what each factor adds to an amount of one; together that is their product less one."""
    moving = [place for place, factor in enumerate(factors) if factor != 1]
    found = [Decimal(0)] * len(factors)
    by_order = len(moving) > _MOST
    for number, place in enumerate(moving):
        others = [factors[other] for other in moving if other != place]
        before = prod((factors[other] for other in moving[:number]), start=Decimal(1))
        found[place] = (before if by_order else _mean_product(others)) * (factors[place] - 1)
    return found


def _mean_product(factors: Sequence[Decimal]) -> Decimal:
    """Return the mean product of the factors that come before one more, over all orders of them and it."""
    sums = [Decimal(1)]
    for factor in factors:
        sums = [low + high * factor for low, high in zip([*sums, Decimal(0)], [Decimal(0), *sums], strict=True)]
    count = len(factors)
    whole = factorial(count + 1)
    weights = (Decimal(factorial(size) * factorial(count - size)) / whole for size in range(count + 1))
    return sum((weight * total for weight, total in zip(weights, sums, strict=True)), Decimal(0))
