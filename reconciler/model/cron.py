"""When a cron expression of five fields runs, in whatever form: crontab in POSIX, and the usual names."""

from __future__ import annotations

import re
from functools import lru_cache

_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NUMBERS = {**{name: number for number, name in enumerate(_MONTHS, 1)}, **{name: day for day, name in enumerate(_DAYS)}}
_ITEM = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?")
_WEEK = 7
_DAY_FIELDS = (2, 4)

Moments = tuple[tuple[bool, frozenset[int]], ...]
"""Of each field its numbers, and of days whether it begins with a star: either day will do where neither does."""


class Cron(str):
    """A cron expression. Equal to what runs at the same moments, in whatever form."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and moments(str(self)) == moments(str(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(moments(str(self)))


@lru_cache(maxsize=1024)
def moments(expression: str) -> Moments | str:
    """Return when `expression` runs; two that run at the same moments are equal.

    One that is none is returned as it is, with single blanks.
    """
    fields = expression.upper().split()
    try:
        return tuple(
            (place in _DAY_FIELDS and field.startswith("*"), _numbers(field, *ends, of_week=place == len(_FIELDS) - 1))
            for place, (field, ends) in enumerate(zip(fields, _FIELDS, strict=True))
        )
    except ValueError:
        return " ".join(expression.split())


def _numbers(field: str, low: int, high: int, *, of_week: bool) -> frozenset[int]:
    found: set[int] = set()
    for item in field.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(item)
        star, first, last, step = match.groups()
        begin = low if star else _number(first)
        end = high if star or (step and not last) else _number(last or first)
        most = _WEEK if of_week else high
        numbers = range(begin, end + 1 + (_WEEK if of_week and end < begin else 0), int(step or 1))
        if not numbers or not low <= begin <= most or end > most:
            raise ValueError(item)
        found.update(number % _WEEK if of_week else number for number in numbers)
    return frozenset(found)


def _number(text: str) -> int:
    return _NUMBERS[text] if text in _NUMBERS else int(text)
