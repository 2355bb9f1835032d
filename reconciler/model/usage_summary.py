"""What a plan or a forecast says of the usage that it was made from: what is in it, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.money import ZERO, Amount


class LeftOutRows(Frozen):
    """Rows, and their money where it can be read. `unread` counts those whose cost cannot be read.

    `month_cost` is the part of the money in the month of the usage's last days, `month_share` how much of that month's
    money it is, 0 to 1, all that was spent and left out in it being 1; None when there is none.
    """

    rows: int = Field(description="How many rows.")
    cost: Amount = Field(ZERO, description="Money of these rows, as far as it can be read.")
    month_cost: Amount = Field(ZERO, description="The part of it in the month of the usage's last days.")
    month_share: float | None = Field(
        None, description="How much of that month's money it is, 0 to 1; null where there is none."
    )
    unread: int = Field(0, description="How many of the rows have a cost that cannot be read.")
    elsewhere: Mapping[str, Amount] = Field(
        default_factory=dict,
        exclude_if=lambda amounts: not amounts,
        description="Money of these rows in other currencies than the organization's, by currency.",
    )


class UsageDoubt(LeftOutRows):
    """Rows of one kind in one file: left out, or `counted` with a doubt. `row` is the first, 0 where none is named."""

    code: str = Field(description="What is wrong with them; stable.")
    path: str = Field(description="The file, as it was named.")
    row: int = Field(description="The first of the rows, counted from 1; 0 where none is named.")
    counted: bool = Field(description="Whether they are in the figures all the same.")


class NotServedRows(Frozen):
    """Rows that count as no demand and in no price of a token, because nobody got an answer. Their money counts."""

    rows: int = Field(description="How many rows.")
    cost: Amount = Field(ZERO, description="What they cost all the same, which is in the figures.")
    unpriced_share: float = Field(
        0.0, description="Their part of `unpriced_share`: tokens of these rows without a cost, of all tokens."
    )


class UsageSummary(Frozen):
    """`month` is the first day of the month of the usage's last days, `month_cost` what all wallets spent in it.

    `left_out` are all rows that are not in the figures, but for events that came again: those are `duplicates`.
    """

    digest: str = Field(description="Digest of what was read; the same usage has the same.")
    first_day: date | None = Field(description="The first day with an event, UTC; null without events.")
    last_day: date | None = Field(description="The last day with an event, UTC; null without events.")
    rows: int = Field(description="How many rows are in the figures.")
    unpriced_share: float = Field(
        description="The share of tokens in rows that cost nothing and are no cache hits, 0 to 1; of requests that were"
        " not served as well."
    )
    not_served: NotServedRows = Field(
        NotServedRows(rows=0),
        exclude_if=lambda found: not found.rows,
        description="Rows whose `decision` says that the request was not served; absent where there are none.",
    )
    duplicates: int = Field(description="How many rows came again and are counted once.")
    outside_window: int = Field(0, description="How many rows are of days that were not asked for.")
    unparsable: int = Field(0, description="How many rows cannot be read.")
    duplicates_cost: Amount = Field(ZERO, description="Money of the duplicates, which is not in the figures.")
    month: date | None = Field(None, description="The first day of the month of the last days, UTC.")
    month_cost: Amount = Field(ZERO, description="Money that all wallets spent in that month.")
    left_out: LeftOutRows = Field(
        LeftOutRows(rows=0), description="All rows that are in no figure, but for duplicates."
    )
    doubts: tuple[UsageDoubt, ...] = Field((), description="What is doubtful or left out, by file and kind.")

    @property
    def share_without_price(self) -> float:
        """The share of all tokens whose models have no price."""
        return max(self.unpriced_share - self.not_served.unpriced_share, 0.0)


REPLACED = ("corrected-events", "conflicting-duplicates")
"""Of these another version is in the figures: they are among the duplicates, and nothing is missing."""


def share_of_month(month_cost: Decimal, counted: Decimal, left_out: Decimal) -> float | None:
    """Return how much of a month's money an amount is, None where nothing was spent in it."""
    whole = counted + left_out
    return float(round(month_cost / whole, 6)) if whole > 0 else None
