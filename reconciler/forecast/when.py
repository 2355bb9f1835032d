"""When a lever is asked about: some days, or a whole month. The arithmetic of every lever is written once, over both.

The numbers of days are float64[days], or a single one. A month's are decimals, means over its days: exact money.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Generic, TypeVar

from reconciler.forecast.windows import DAYS_OF_A_MONTH
from reconciler.model.period import Period

if TYPE_CHECKING:
    from reconciler.forecast.panel import Floats

N = TypeVar("N", Decimal, float, "Floats")
"""Numbers: decimals of a month, float64[days] of days, a float of either."""


class When(ABC, Generic[N]):
    """Days, or a month, of a fiscal year."""

    @abstractmethod
    def number(self, value: Decimal) -> N:
        """Return one value that holds throughout."""

    @abstractmethod
    def during(self, starts: Period, until: Period | None = None, *, inside: Decimal, outside: Decimal) -> N:
        """Return `inside` from `starts` on, up to and including `until`; `outside` at other times."""

    @abstractmethod
    def ramp(self, since: Period | None, by: Period) -> N:
        """Return how much of a linear move is done, from none before `since` to all at the end of `by`.

        None is the fiscal year's first month. Of a month that begins later than on its first day, the days before are
        no part of the move; one that ends before it begins is done.
        """


@dataclass(frozen=True, slots=True)
class Month(When[Decimal]):
    """One month; `year` is the first month of the fiscal year."""

    period: Period
    year: Period

    def number(self, value: Decimal) -> Decimal:
        return value

    def during(self, starts: Period, until: Period | None = None, *, inside: Decimal, outside: Decimal) -> Decimal:
        return inside if starts <= self.period and (until is None or self.period <= until) else outside

    def ramp(self, since: Period | None, by: Period) -> Decimal:
        begins = since or self.year
        months, days = by.months_since(begins) + 1, self.period.days
        middle = self.period.months_since(begins) + Decimal(days + 1) / (2 * days)
        return min(max(middle / months, Decimal(0)), Decimal(1)) if months > 0 else Decimal(1)


def remaining(after: N, before: N) -> N:
    """Return which part of what was left at `before` is left at `after`, both shares of a whole that is used up.

    All of it where nothing was left before: then nothing tells. `before` is one number.
    """
    return (1 - after) / (1 - before) if before < 1 else 0 * after + 1


def over_days(monthly: Floats, count: int) -> float:
    """Return what `count` days cost together of which `monthly` says what a month at the rate of each costs."""
    return float(monthly.mean()) * count / DAYS_OF_A_MONTH if count else 0.0
