"""Days one after the other, as levers are asked about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from reconciler.forecast.calendar import day_array, days_in_month, months_since, within
from reconciler.forecast.panel import Days, Floats
from reconciler.forecast.when import When
from reconciler.model.period import Period


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
        """How many days the month of each day has."""
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
        return np.clip((months_since(self.dates, begins) - before) / (months - before), 0.0, 1.0)
