"""Which days of usage a forecast looks back on."""

from __future__ import annotations

from datetime import date, timedelta

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
