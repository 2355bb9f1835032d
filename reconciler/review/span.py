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
_NUMBER = re.compile(r"\d{2,4}")


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

    Other fiscal years are named as that of org.yaml is, with another number. Raises ValueError with the ways to write.
    """
    written = text.strip()
    if match := _WEEK.fullmatch(written):
        return _week(int(match[1]), int(match[2]), text)
    if match := _QUARTER.fullmatch(written):
        first = Period(int(match[1]), 3 * int(match[2]) - 2)
        return Span("quarter", f"{first.year}-Q{match[2]}", first.first, first.plus(3).first)
    if (back := _years_back(written, fiscal_year.name)) is not None:
        starts = fiscal_year.starts.plus(-12 * back)
        return Span("year", written, starts.first, starts.plus(12).first)
    try:
        month = Period.parse(written)
    except ValueError:
        raise ValueError(
            f"`{text}` is no period; write a month (2026-06), a week (2026-W25), a quarter (2026-Q2) or the fiscal year"
            f" ({fiscal_year.name})"
        ) from None
    return Span("month", str(month), month.first, month.end)


def _week(year: int, week: int, text: str) -> Span:
    try:
        start = date.fromisocalendar(year, week, 1)
    except ValueError:
        raise ValueError(f"`{text}` is no week: {year} has no week {week}") from None
    return Span("week", f"{year}-W{week:02d}", start, start + timedelta(days=7))


def _years_back(text: str, name: str) -> int | None:
    """Return how many years before the fiscal year `name` another one is, None for what is not named alike."""
    if text.casefold() == name.casefold():
        return 0
    own, other = _NUMBER.findall(name), _NUMBER.findall(text)
    if len(own) != 1 or len(other) != 1 or len(own[0]) != len(other[0]):
        return None
    alike = _NUMBER.sub("#", name).casefold() == _NUMBER.sub("#", text).casefold()
    return int(own[0]) - int(other[0]) if alike else None


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
