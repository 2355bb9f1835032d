"""Daily usage: what exports say was spent, by day and wallet and what it was spent on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

NANO = 10**9
"""Costs are whole billionths of a major unit, exact in every engine and file format."""

Nanos = npt.NDArray[Any]
"""Billionths: int64 where every sum of any of them fits into it, else Python's own unbounded integers."""

_EVERY_SUM_FITS = 2**61
"""Half of what int64 holds and more to spare: the difference of two such columns fits too."""


def fits(total: float) -> bool:
    """Return whether billionths whose absolute values add up to `total` can be added in int64 in any order."""
    return total < _EVERY_SUM_FITS


def nanos(amounts: Sequence[int]) -> Nanos:
    """Return a column of billionths that is exact whatever is added up of it."""
    return np.array(amounts, dtype=np.int64 if fits(sum(map(abs, amounts))) else object)


@dataclass(frozen=True, slots=True, order=True)
class RowIssue:
    """Rows of one file that could not be used as they are, or were used with a doubt; `row` is the first of them.

    `row` is 0 where no row was looked up. `cost` is the money of those rows whose cost can be read, exact and in major
    units, `month_cost` the part of it in the source's `month`; `unread` counts the rows whose cost cannot be read.
    `counted` tells whether the rows are in the figures. `elsewhere` is the money in other currencies, by currency.
    """

    path: str
    row: int
    code: str
    message: str
    count: int = 1
    cost: Decimal = Decimal(0)
    month_cost: Decimal = Decimal(0)
    unread: int = 0
    counted: bool = False
    elsewhere: tuple[tuple[str, Decimal], ...] = ()


def by_currency(amounts: Iterable[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    """Return the sums of amounts in each currency, by its code."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return tuple(sorted(sums.items()))


_IN_METADATA = frozenset({"lane", "fallback"})


def tells(absent: Collection[str], column: str) -> bool:
    """Whether usage without the columns `absent` tells `column`: lanes and fallbacks may stand in `metadata` too."""
    return column not in absent or (column in _IN_METADATA and "metadata" not in absent)


@dataclass(frozen=True, slots=True)
class NotServed:
    """Events whose `decision` says that the request was not served, and what they cost; among them the unpriced ones.

    They are rows of the usage, and their money is in all sums. They are no requests, and their tokens are in no count:
    nobody needs money for them, and they tell no price. `unpriced_share` is the share of all tokens.
    """

    rows: int = 0
    cost: Decimal = Decimal(0)
    unpriced_rows: int = 0
    unpriced_share: float = 0.0


@dataclass(frozen=True, slots=True)
class UsageSource:
    """What the daily table was made from. Days are whole UTC days; None when there is not one row.

    `digest` depends on the events alone: not on their order, their split over files or the format.
    `rows` counts distinct events in the window; `duplicates` the repeated ones that were left out.
    `unpriced_share` is the share of tokens in rows that carry tokens, cost nothing and are no cache hit, whether they
    were served or not; the rows and the share `without_price` are of those that were, whose models lack one.
    `month` is the first day of the month of the window's last day and `month_cost` what all wallets spent in it.
    `duplicates_cost` is the money of the repeated events, `unknown_cost` that of events of `unknown_teams`.
    `stale` names the last day of wallets whose exports end before those of the others, `below_zero` the wallets and
    months whose credits are more than their spend, and the sum.
    `last_complete_day` is before `last_day` when the last day was cut off while it was still going on.
    `absent` names the columns that one of the exports does not have. `gaps` are the first and the last of each run of
    days between others on which no team has an event, where that is unusual. `beside` is what else is known to be spent
    on such days, by day and wallet: of them there is the money alone. `unanswered` are days of gaps of which the
    dashboard was asked and gave no answer.
    """

    digest: str
    first_day: date | None
    last_day: date | None
    last_complete_day: date | None
    data_as_of: datetime | None
    rows: int
    duplicates: int
    unpriced_rows: int
    unpriced_share: float
    outside_window: int = 0
    unparsable: int = 0
    unknown_teams: Mapping[str, int] = field(default_factory=dict)
    issues: tuple[RowIssue, ...] = ()
    month: date | None = None
    month_cost: Decimal = Decimal(0)
    duplicates_cost: Decimal = Decimal(0)
    unknown_cost: Decimal = Decimal(0)
    stale: Mapping[str, date] = field(default_factory=dict)
    below_zero: Mapping[tuple[str, date], Decimal] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    gaps: tuple[tuple[date, date], ...] = ()
    beside: Mapping[tuple[date, str], Decimal] = field(default_factory=dict)
    not_served: NotServed = NotServed()
    unanswered: frozenset[date] = frozenset()

    @property
    def rows_without_price(self) -> int:
        return self.unpriced_rows - self.not_served.unpriced_rows

    @property
    def share_without_price(self) -> float:
        return self.unpriced_share - self.not_served.unpriced_share

    def untold(self, first: date, end: date) -> tuple[tuple[date, date], ...]:
        """Return the runs of days in [first, end) that the usage says nothing of: before it begins, and its gaps."""
        begins = self.first_day or end
        runs = ((first, begins - timedelta(days=1)), *self.gaps)
        return _within(runs, first, end)

    def left_out(self, first: date, end: date) -> frozenset[date]:
        """Return the days of the gaps that are in [first, end)."""
        runs = _within(self.gaps, first, end)
        return frozenset(low + timedelta(days=place) for low, high in runs for place in range((high - low).days + 1))


def _within(runs: Iterable[tuple[date, date]], first: date, end: date) -> tuple[tuple[date, date], ...]:
    """Return what of runs of days, each its first and its last, is in [first, end)."""
    inside = ((max(low, first), min(high, end - timedelta(days=1))) for low, high in runs)
    return tuple((low, high) for low, high in inside if low <= high)


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """What of a row of the daily table came from cache hits, from fallbacks and from credits, in its own units."""

    hit_cost: Nanos
    hit_input: npt.NDArray[np.int64]
    hit_output: npt.NDArray[np.int64]
    credit_rows: npt.NDArray[np.int64]
    fallback_input: npt.NDArray[np.int64]
    fallback_output: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class DailyUsage:
    """Columns of equal length, one row a day × wallet × workload × provider × model × lane, sorted by these.

    `day` is datetime64[D]. `wallet` is the event's team id; a missing attribute is the empty string, "not attributed".
    `cost` and `avoided` are in billionths of a major unit and exact, as is every sum of them (see `Nanos`); negative
    rows (credits, corrections) are summed apart in `credits` (also negative) and are contained in `cost`. `requests`,
    `cache_hits`, `fallbacks` and tokens are of events that were served (see `NotServed`). `apart` is None where nothing
    tells, as with what a ledger settled.
    """

    source: UsageSource
    day: npt.NDArray[np.datetime64]
    wallet: npt.NDArray[np.str_]
    workload: npt.NDArray[np.str_]
    provider: npt.NDArray[np.str_]
    model: npt.NDArray[np.str_]
    lane: npt.NDArray[np.str_]
    cost: Nanos
    credits: Nanos
    avoided: Nanos
    requests: npt.NDArray[np.int64]
    input_tokens: npt.NDArray[np.int64]
    output_tokens: npt.NDArray[np.int64]
    cache_hits: npt.NDArray[np.int64]
    fallbacks: npt.NDArray[np.int64]
    fallback_cost: Nanos
    apart: Apart | None = None

    @property
    def spent(self) -> Decimal:
        """The exact cost of all rows, in major units."""
        return Decimal(int(self.cost.sum())) / NANO

    def at(self, rows: npt.NDArray[np.intp]) -> DailyUsage:
        """Return this with `rows` alone, of which `source` says only what holds for any of them."""
        columns = {name: getattr(self, name)[rows] for name in _COLUMNS}
        apart = self.apart and Apart(**{name: getattr(self.apart, name)[rows] for name in _APART})
        said = UsageSource(
            "", None, None, None, self.source.data_as_of, len(rows), 0, 0, 0.0, absent=self.source.absent
        )
        return DailyUsage(said, **columns, apart=apart)


_COLUMNS = tuple(each.name for each in fields(DailyUsage) if each.name not in ("source", "apart"))
_APART = tuple(each.name for each in fields(Apart))


@lru_cache(maxsize=1)
def named_wallets(usage: DailyUsage) -> frozenset[str]:
    """Return the wallets that `usage` names."""
    return frozenset(usage.wallet.tolist())
