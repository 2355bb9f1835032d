"""An event that wallets share: a day off, an outage, a release, seen in all of them at once. Decision 0115."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reconciler.forecast.windows import WEEK

BEFORE = 8 * WEEK
"""What a day usually costs is told from the same weekdays of so many days before."""


@dataclass(frozen=True, slots=True)
class SharedEvent:
    """From `first` to `last` at least `moved` of `looked_at` wallets cost less than usual, or `more`."""

    first: date
    last: date
    more: bool
    moved: int
    looked_at: int
    goes_on: bool

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1
