"""Money split among causes so that the parts are the whole, to the last cent, and no order of them matters.

Several factors on one amount are split by Shapley (1953): each gets the mean of what it adds over all orders in which
they could come. Cents are given by the largest remainder.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from math import factorial, prod

from reconciler.model.money import CENT, cents

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


def to_cents(parts: Sequence[tuple[str, Decimal]]) -> list[Decimal]:
    """Return each of the named amounts in whole cents; their sum is the rounded sum of all of them."""
    floors = [amount.quantize(CENT, ROUND_FLOOR) for _, amount in parts]
    left = int((cents(sum((amount for _, amount in parts), Decimal(0))) - sum(floors, Decimal(0))) / CENT)
    order = sorted(range(len(parts)), key=lambda place: (floors[place] - parts[place][1], parts[place]))
    for place in order[:left]:
        floors[place] += CENT
    return [cents(amount) for amount in floors]
