"""Ratios: what a benchmark prints last, a time as a multiple of another's in the same run, so that machines compare."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_LINE = re.compile(r"ratio (?P<name>.+?): (?P<value>[\d.]+) (?:\(at most (?P<limit>[\d.]+)\): .+|\(no limit\))")


@dataclass(frozen=True)
class Ratio:
    """A time as a multiple of the time of something else, by the name of what is compared."""

    name: str
    value: float
    limit: float | None = None

    @property
    def holds(self) -> bool:
        return self.limit is None or self.value <= self.limit

    @classmethod
    def read(cls, line: str) -> Self | None:
        """Return the ratio that a line of a benchmark's output tells, None where it tells none."""
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        limit = found["limit"]
        return cls(found["name"], float(found["value"]), None if limit is None else float(limit))

    def __str__(self) -> str:
        if self.limit is None:
            return f"ratio {self.name}: {self.value:.2f} (no limit)"
        verdict = "holds" if self.holds else "does not hold"
        return f"ratio {self.name}: {self.value:.2f} (at most {self.limit:g}): {verdict}"
