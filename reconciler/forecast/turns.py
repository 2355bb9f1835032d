"""What paths do on single days of their own: turns in what a day costs, and charges on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from reconciler.forecast.panel import Floats
from reconciler.forecast.windows import WEEK

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """Until its day `day`, int[paths], a path costs `before`, float64[paths], times what it costs from then on.

    Day 0 is the first that is simulated: a path that turns there has no other level before.
    """

    day: Ints
    before: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Charge:
    """On the simulated day `day` each path costs `amount`, float64[paths] of money, more."""

    day: int
    amount: Floats

    def times(self, factor: float) -> Charge:
        return replace(self, amount=self.amount * factor)


def turned_weeks(turns: Sequence[Turn]) -> int:
    """Return how many of the first weeks hold a day before some path's turn."""
    latest = max((int(turn.day.max(initial=0)) for turn in turns), default=0)
    return -(-latest // WEEK)


def factors_of(turns: Sequence[Turn], first: int, last: int) -> Floats:
    """Return float64[days, paths]: by what the days in [first, last) are multiplied."""
    days = np.arange(first, last)[:, None]
    factor = np.ones((last - first, len(turns[0].day)))
    for turn in turns:
        factor *= np.where(days < turn.day, turn.before, 1.0)
    return factor


def single_factors(turns: Sequence[Turn], week: Ints, path: Ints) -> Floats:
    """Return float64[entries, 7]: the same for the days of single weeks of single paths."""
    days = week[:, None] * WEEK + np.arange(WEEK)
    factor = np.ones(days.shape)
    for turn in turns:
        factor *= np.where(days < turn.day[path][:, None], turn.before[path][:, None], 1.0)
    return factor
