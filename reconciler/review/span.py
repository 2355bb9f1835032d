"""The days that a review is about: a month, an ISO week, a quarter of the calendar, a fiscal year to date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from reconciler.model.period import FiscalYear, Period

Kind = Literal["month", "week", "quarter", "year"]

_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})", re.IGNORECASE)
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.IGNORECASE)
_QUARTERS = ("first", "second", "third", "fourth")
_NEAR = 30


@dataclass(frozen=True, slots=True)
class Span:
    """Days [start, end), under the `name` that they are asked for with."""

    kind: Kind
    name: str
    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def words(self) -> str:
        """The span for people: `June 2026`, `week 25 of 2026 (15 to 21 June)`."""
        if self.kind == "month":
            return Period.of(self.start).name
        if self.kind == "week":
            year, week, _ = self.start.isocalendar()
            return f"week {week} of {year} ({self.start} to {self.end - timedelta(days=1)})"
        if self.kind == "quarter":
            return f"the {_QUARTERS[(self.start.month - 1) // 3]} quarter of {self.start.year}"
        return self.name

    def until(self, known: date) -> Span:
        """Return the part of it that is before `known`."""
        return Span(self.kind, self.name, self.start, max(min(self.end, known), self.start))

    def months(self) -> Iterator[tuple[Period, date, date]]:
        """Yield its months, each with its days in it, [start, end)."""
        month = Period.of(self.start)
        while month.first < self.end:
            yield month, max(month.first, self.start), min(month.end, self.end)
            month = month.plus(1)


def span_of(text: str, fiscal_year: FiscalYear) -> Span:
    """Return the span written as `2026-06`, `2026-W25`, `2026-Q2` or a fiscal year's name such as `FY2027`.

    Other fiscal years are named as that of org.yaml is, with other numbers. Raises ValueError with the ways to write.
    """
    written = text.strip()
    if match := _WEEK.fullmatch(written):
        return _week(int(match[1]), int(match[2]), text)
    if match := _QUARTER.fullmatch(written):
        first = Period(int(match[1]), 3 * int(match[2]) - 2)
        return Span("quarter", f"{first.year}-Q{match[2]}", first.first, first.plus(3).first)
    named = next((year for year in _near(fiscal_year) if year.name.casefold() == written.casefold()), None)
    month = _month(written)
    if named and (named == fiscal_year or month is None):
        return Span("year", written, named.starts.first, named.end)
    if month is None:
        raise ValueError(
            f"`{text}` is no period; write a month (2026-06), a week (2026-W25), a quarter (2026-Q2) or the fiscal year"
            f" ({fiscal_year.name})"
        )
    return Span("month", str(month), month.first, month.end)


def _month(written: str) -> Period | None:
    try:
        return Period.parse(written)
    except ValueError:
        return None


def _week(year: int, week: int, text: str) -> Span:
    try:
        start = date.fromisocalendar(year, week, 1)
    except ValueError:
        raise ValueError(f"`{text}` is no week: {year} has no week {week}") from None
    return Span("week", f"{year}-W{week:02d}", start, start + timedelta(days=7))


def _near(fiscal_year: FiscalYear) -> Iterator[FiscalYear]:
    """Yield fiscal years that people may ask about, the one of org.yaml first."""
    for years in range(_NEAR):
        yield fiscal_year.later(-years)
        yield fiscal_year.later(years)


def last_week(known: date) -> Span:
    """Return the last whole week of which every day is before `known`."""
    monday = known - timedelta(days=known.weekday() + 7)
    year, week, _ = monday.isocalendar()
    return _week(year, week, "")


def before(span: Span) -> Span:
    """Return the span of the same kind that ends where this one starts."""
    if span.kind == "week":
        year, week, _ = (span.start - timedelta(days=7)).isocalendar()
        return _week(year, week, "")
    months = {"month": 1, "quarter": 3, "year": 12}[span.kind]
    first = Period.of(span.start).plus(-months)
    names = {
        "month": str(first),
        "quarter": f"{first.year}-Q{(first.month + 2) // 3}",
        "year": f"the year before {span.name}",
    }
    return Span(span.kind, names[span.kind], first.first, span.start)
