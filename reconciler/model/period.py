"""Periods: UTC calendar months, half-open, and the fiscal years they make up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_PATTERN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})(?:[-/]|\.?(?=[0-9]{2}$))(?P<month>[0-9]{1,2})(?:-01)?")
_MONTH_FIRST = re.compile(r"(?P<month>[0-9]{1,2})[-/.](?P<year>[0-9]{4})")


def typed_day(text: str) -> date:
    """Return the day that somebody typed to look from; ValueError says what is wrong."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` is not a day; write it as YYYY-MM-DD, such as 2026-06-18") from None
    if not 2000 <= day.year < 2200:
        raise ValueError(f"{day} is not a day that budgets are made for")
    return day


_NUMBER = re.compile(r"[0-9]+")


def _years(year: int) -> tuple[str, str]:
    """Return both ways to write a year."""
    return str(year), str(year)[-2:]


@lru_cache(maxsize=1024)
def _opening(year: int, month: int) -> datetime:
    """Return the first instant of a month: every entry of every ledger is held against one."""
    return datetime(year, month, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One UTC calendar month, `[first, next first)`. Written `2026-06`."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Return the period written as `2026-06`; anything else is a ValueError that says so."""
        match = _PATTERN.fullmatch(text)
        if match is None or match[1] == "0000":
            raise ValueError(f"`{text}` is not a month; write it as YYYY-MM, such as 2026-06")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Period:
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        """The first day after the period."""
        return self.end_instant.date()

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.end - self.first).days

    @property
    def start_instant(self) -> datetime:
        return _opening(self.year, self.month)

    @property
    def end_instant(self) -> datetime:
        return _opening(self.year + self.month // 12, self.month % 12 + 1)

    def plus(self, months: int) -> Period:
        """Return the period `months` later (earlier when negative)."""
        index = self.year * 12 + self.month - 1 + months
        return Period(index // 12, index % 12 + 1)

    def months_since(self, other: Period) -> int:
        return (self.year - other.year) * 12 + self.month - other.month

    def __contains__(self, moment: object) -> bool:
        match moment:
            case datetime():
                return self.start_instant <= moment < self.end_instant
            case date():
                return self.first <= moment < self.end
            case _:
                return False

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def name(self) -> str:
        """The month for people, such as `June 2026`."""
        return f"{self.first:%B} {self.year}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validated, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def _validated(cls, value: Any) -> Period:
        """Accept a period or its text; the refusal of anything else carries a code and the cure."""
        if isinstance(value, cls):
            return value
        try:
            return cls.parse(f"{value}")
        except ValueError as error:
            sentence, _, hint = str(error).rpartition("; ")
            told = {"sentence": sentence, "hint": hint}
            if meant := _meant(f"{value}"):
                told = {"sentence": sentence, "hint": f"write `{meant}`", "cure": meant}
            raise PydanticCustomError("invalid-month", "{sentence}", told) from None

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])$",
            "patternErrorMessage": "A month as YYYY-MM, such as 2026-06",
            "examples": ["2026-06"],
        }


def _meant(text: str) -> str | None:
    """Return the month that `2026-6`, `202606`, `2026/06`, `06/2026` or `2026-06-01` stands for, None for others."""
    match = _YEAR_FIRST.fullmatch(text) or _MONTH_FIRST.fullmatch(text)
    month = f"{match['year']}-{match['month']:0>2}" if match else ""
    return month if _PATTERN.fullmatch(month) and not month.startswith("0000") else None


@lru_cache(maxsize=16)
def _twelve(starts: Period) -> tuple[Period, ...]:
    """Return the months of a year: every rule about a year asks for them."""
    return tuple(starts.plus(month) for month in range(12))


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """Twelve consecutive periods from `starts`."""

    name: str
    starts: Period

    @property
    def periods(self) -> tuple[Period, ...]:
        return _twelve(self.starts)

    @property
    def end(self) -> date:
        """The first day after the fiscal year."""
        return self.starts.plus(12).first

    def later(self, years: int) -> FiscalYear:
        """Return the one that begins so many years later, or earlier, and that is called alike.

        What in the name is a calendar year that this one has days of is counted on, else the last number.
        """
        called = {written for year in {self.starts.year, self.starts.plus(11).year} for written in _years(year)}
        numbers = list(_NUMBER.finditer(self.name))
        counted = [number for number in numbers if number[0] in called] or numbers[-1:]
        name, at = "", 0
        for number in counted:
            size, on = len(number[0]), int(number[0]) + years
            on = on % 10**size if number[0] in called else max(on, 0)
            name += self.name[at : number.start()] + str(on).zfill(size)
            at = number.end()
        name += self.name[at:] if counted or not years else f"{self.name} {years:+}"
        return FiscalYear(name, self.starts.plus(12 * years))

    def __contains__(self, period: object) -> bool:
        return isinstance(period, Period) and 0 <= period.months_since(self.starts) < 12
