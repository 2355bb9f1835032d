"""Calendar arithmetic in months and parts of them over whole arrays of days, as levers are asked about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

import numpy as np

from reconciler.forecast.panel import MONTH, Bools, Days, Floats
from reconciler.forecast.when import When
from reconciler.model.period import Period


def day_array(start: date, days: int) -> Days:
    """Return datetime64[D][days] from `start` on."""
    return np.asarray(np.datetime64(start, "D") + np.arange(days).astype("timedelta64[D]"))


def day_before(day: date) -> np.datetime64:
    """Return the day before `day` as datetime64[D]."""
    return np.datetime64(day - timedelta(days=1), "D")


def months_since(days: Days, start: Period) -> Floats:
    """Return the months from the beginning of `start` to the end of each day; negative before it."""
    month = days.astype("datetime64[M]")
    whole = (month - _month(start)).astype(np.float64)
    part = (days - month.astype("datetime64[D]")).astype(np.float64) + 1.0
    return np.asarray(whole + part / days_in_month(days))


def days_in_month(days: Days) -> Floats:
    month = days.astype("datetime64[M]")
    return np.asarray(((month + MONTH).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.float64))


def within(days: Days, start: Period, until: Period | None = None) -> Bools:
    """Return whether each day is in `start` or later, and not after `until`."""
    month = days.astype("datetime64[M]")
    inside = month >= _month(start)
    return np.asarray(inside if until is None else inside & (month <= _month(until)))


def days_between(start: date, end: date) -> Sequence[date]:
    """Return the days in [start, end)."""
    return [date.fromordinal(number) for number in range(start.toordinal(), end.toordinal())]


def running_sum(days: Floats) -> Floats:
    """Return float64[days, paths] of the sums up to each day; row by row, which is faster than `cumsum` here."""
    total = days.copy()
    for before, day in pairwise(total):
        day += before
    return total


def _month(period: Period) -> np.datetime64:
    return np.datetime64(str(period), "M")


@dataclass(frozen=True, slots=True)
class DayRange(When[Floats]):
    """`count` days from `start` on; `year` is the first month of the fiscal year."""

    start: date
    count: int
    year: Period

    @property
    def dates(self) -> Days:
        return day_array(self.start, self.count)

    @property
    def month_lengths(self) -> Floats:
        return days_in_month(self.dates)

    def number(self, value: Decimal) -> Floats:
        return np.array(float(value))

    def during(self, starts: Period, until: Period | None = None, *, inside: Decimal, outside: Decimal) -> Floats:
        return np.where(within(self.dates, starts, until), float(inside), float(outside))

    def ramp(self, since: Period | None, by: Period) -> Floats:
        begins = since or self.year
        months = by.months_since(begins) + 1
        if months <= 0:
            return np.ones(self.count)
        before = (begins.first.day - 1) / (begins.end - begins.first.replace(day=1)).days
        return _ramp(self.start, self.count, Period(begins.year, begins.month), before, months)


@lru_cache(maxsize=256)
def _ramp(start: date, count: int, begins: Period, before: float, months: int) -> Floats:
    """Return how much of a move is done on each day: it is asked for by every team that plans with the same months."""
    done = np.clip((months_since(day_array(start, count), begins) - before) / (months - before), 0.0, 1.0)
    done.flags.writeable = False
    return done
