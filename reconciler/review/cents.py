"""Amounts in cents that add up: each is rounded down, and the cents that are left go to the largest remainders."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import TypeVar

from reconciler.model.money import CENT, cents

K = TypeVar("K")


def in_cents(amounts: Mapping[K, Decimal], total: Decimal) -> dict[K, Decimal]:
    """Return `amounts` in whole cents that add up to `total`, itself in cents and their sum but for rounding.

    Of equal remainders the first in `amounts` comes first. An amount of nothing stays nothing where that is possible.
    """
    floors = {key: amount.quantize(CENT, ROUND_FLOOR) for key, amount in amounts.items()}
    over = int((total - sum(floors.values(), Decimal(0))) / CENT)
    ranked = sorted(amounts, key=lambda key: (not amounts[key], floors[key] - amounts[key]))
    for at in range(abs(over)):
        key = ranked[at % len(ranked)] if over > 0 else ranked[-1 - at % len(ranked)]
        floors[key] += CENT if over > 0 else -CENT
    return {key: cents(amount) for key, amount in floors.items()}
