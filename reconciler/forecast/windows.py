"""How far back usage is looked at, which days a reading covers, and the whole weeks since a month began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.model.period import Period

HISTORY_DAYS = 400
"""What is older than this teaches nothing about next month."""
WINDOW_DAYS = 28
LONG_WINDOW_DAYS = 90
DAYS_OF_A_MONTH = 30.4375
WEEK = 7


@dataclass(frozen=True, slots=True)
class Window:
    """The last days that are known, whole weeks of them since a month began, four at most; `days` may be none."""

    month: Period
    end: date
    days: int

    @classmethod
    def since(cls, month: Period, *, known_until: date) -> Window:
        days = min((known_until - month.first).days // WEEK * WEEK, WINDOW_DAYS)
        return cls(month, known_until, max(days, 0))

    @property
    def start(self) -> date:
        return self.end - timedelta(days=self.days)

    @property
    def name(self) -> str:
        return f"the {self.days} days to {self.end - timedelta(days=1)}"

    @property
    def before_days(self) -> Days:
        """The four weeks before the month."""
        return self.month.first - timedelta(days=WINDOW_DAYS), self.month.first

    @property
    def before(self) -> str:
        return f"the four weeks before {self.month.name}"

    @property
    def too_short(self) -> str:
        """Why there is nothing to tell yet."""
        began = self.month.first < self.end
        return f"it began in {self.month.name}, less than a week ago" if began else f"it begins in {self.month.name}"


TRAILING_DAYS = 400
"""A year, so that every weekday, month end and season is seen, and the month before it to compare with."""


Days = tuple[date, date]
"""A half-open range of days."""


def last_month(end: date) -> Days:
    """Return the days of the month of the last day before `end`, up to `end`: the month that people look at."""
    return (end - timedelta(days=1)).replace(day=1), end


def trailing_window(as_of: date) -> tuple[date, date]:
    """Return the half-open window of days `[first, as_of)` that precede `as_of`, the first day not known in full."""
    return as_of - timedelta(days=TRAILING_DAYS), as_of
