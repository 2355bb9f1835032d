"""What a plan or a forecast says of the usage that it was made from: what is in it, and what was left out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from reconciler.model.frozen import Frozen
from reconciler.model.money import ZERO, Amount


class LeftOut(Frozen):
    """Rows, and their money where it can be read. `unread` counts those whose cost cannot be read.

    `month_cost` is the part of the money in the month of the usage's last days, `month_share` how much of that month's
    money it is, 0 to 1, all that was spent and left out in it being 1; None when there is none.
    """

    rows: int
    cost: Amount = ZERO
    month_cost: Amount = ZERO
    month_share: float | None = None
    unread: int = 0


class UsageDoubt(LeftOut):
    """Rows of one kind in one file: left out, or `counted` with a doubt. `row` is the first, 0 where none is named."""

    code: str
    path: str
    row: int
    counted: bool


class UsageSummary(Frozen):
    """`month` is the first day of the month of the usage's last days, `month_cost` what all wallets spent in it.

    `left_out` are all rows that are not in the figures, but for events that came again: those are `duplicates`.
    """

    digest: str
    first_day: date | None
    last_day: date | None
    rows: int
    unpriced_share: float
    duplicates: int
    outside_window: int = 0
    unparsable: int = 0
    duplicates_cost: Amount = ZERO
    month: date | None = None
    month_cost: Amount = ZERO
    left_out: LeftOut = LeftOut(rows=0)
    doubts: tuple[UsageDoubt, ...] = ()


REPLACED = ("corrected-events", "conflicting-duplicates")
"""Of these another version is in the figures: they are among the duplicates, and nothing is missing."""


def share_of_month(month_cost: Decimal, counted: Decimal, left_out: Decimal) -> float | None:
    """Return how much of a month's money an amount is, None where nothing was spent in it."""
    whole = counted + left_out
    return float(round(month_cost / whole, 6)) if whole > 0 else None
