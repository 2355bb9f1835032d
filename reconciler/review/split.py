"""Split the difference of two sides into the five factors of cost, exactly (Shapley; decision 0099).

Cost is a product, so what one factor did depends on when in the row of five it is changed. Its effect is the mean over
all orders (Shapley 1953, the only division of a sum that treats factors alike, gives one that changed nothing nothing,
and adds up over parts): what is left over is zero, no order is preferred, and names play no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from math import factorial
from typing import Literal, get_args

from reconciler.model.review import CauseName as Cause
from reconciler.review.side import NONE, Side, completed, mean_price

Factor = Literal["demand", "tokens_per_request", "cache", "provider_mix", "unit_price"]
FACTORS: tuple[Factor, ...] = get_args(Factor)

CAUSES: tuple[Cause, ...] = get_args(Cause)


def split(reference: Side, actual: Side) -> dict[Factor, Decimal]:
    """Return what each factor adds to the cost of `reference` to make it that of `actual`; they add up exactly."""
    before, after = completed(reference, actual), completed(actual, reference)
    if not (before.is_known and after.is_known):
        return dict.fromkeys(FACTORS, NONE)
    values = _values(before, after)
    effects = {}
    for place, factor in enumerate(FACTORS):
        bit = 1 << place
        gains = (_orders(members) * (values[members | bit] - values[members]) for members in _without(bit))
        effects[factor] = sum(gains, NONE) / factorial(len(FACTORS))
    return effects


def _values(before: Side, after: Side) -> Mapping[int, Decimal]:
    """Return the cost with each of the 32 sets of factors changed; a set is the bits of its factors."""
    pairs = (before, after)
    price = {
        (mix, unit): mean_price(pairs[mix].shares or {}, pairs[unit].prices or {}) for mix in (0, 1) for unit in (0, 1)
    }
    values = {}
    for members in range(1 << len(FACTORS)):
        demand, tokens, paid, mix, unit = (members >> place & 1 for place in range(len(FACTORS)))
        misses = pairs[demand].requests * (pairs[paid].paid or NONE)
        values[members] = misses * (pairs[tokens].tokens or NONE) * price[mix, unit]
    return values


@cache
def _without(bit: int) -> tuple[int, ...]:
    return tuple(members for members in range(1 << len(FACTORS)) if not members & bit)


def _orders(members: int) -> int:
    """Return in how many orders exactly the factors of a set are changed before a further one."""
    before = members.bit_count()
    return factorial(before) * factorial(len(FACTORS) - 1 - before)
