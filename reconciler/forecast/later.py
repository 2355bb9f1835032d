"""The far part of a wallet's course, of which only sums are asked: they are taken over weeks, not over days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from reconciler.forecast.levers import Lever
from reconciler.forecast.panel import WEEK, Floats
from reconciler.forecast.weeks import Ints, Weeks


@dataclass(frozen=True, slots=True, eq=False)
class Later:
    """The days of `weeks` from one of its weeks on, with levers pulled that keep sums.

    `worth` is float64[days, pool]: what a day costs at a height of 1, by the observed week that it is drawn from;
    `added` float64[days] comes on top. Day 0 is that of `weeks`. `capped` are the weeks that the cap may cut, day by
    day: their week, their path and float64[entries, 7]. Their height in `weeks` is 0, so that they count once.
    """

    weeks: Weeks
    worth: Floats
    added: Floats | None
    capped: tuple[Ints, Ints, Floats]

    def sum(self, low: int, high: int) -> Floats:
        """Return float64[paths]: the sum of the days in [low, high), none of which is before the first week."""
        high = max(min(high, len(self.worth)), low)
        if low == high:
            return np.zeros(self.weeks.height.shape[1])
        total = self._usual(low, high)
        week, path, cut = self.capped
        inside = slice(*week.searchsorted((low // WEEK, -(-high // WEEK))).tolist())
        if inside.start < inside.stop:
            days = week[inside, None] * WEEK + np.arange(WEEK)
            cuts = (cut[inside] * ((days >= low) & (days < high))).sum(axis=1)
            total += np.bincount(path[inside], weights=cuts, minlength=len(total))
        if self.added is not None:
            total += float(self.added[low:high].sum())
        return total

    def _usual(self, low: int, high: int) -> Floats:
        """Add up the weeks in their order."""
        begin, end = low // WEEK, -(-high // WEEK)
        worth = np.add.reduceat(self.worth[low:high], _week_starts(low % WEEK, high - low), axis=0)
        if self.weeks.chosen is None:
            parts = self.weeks.height[begin:end] * worth
        else:
            rows = np.arange(0, worth.size, worth.shape[1])
            parts = worth.ravel().take(self.weeks.chosen[begin:end] + rows[:, None])
            parts *= self.weeks.height[begin:end]
        return np.asarray(np.add.reduce(parts, axis=0))


def make_later(weeks: Weeks, first: int, levers: Sequence[Lever] = ()) -> Later:
    """Return the days of `weeks` from its week `first` on; `levers` must keep sums."""
    residuals = weeks.pool.T[None] * weeks.shape[:, :, None]
    peak = residuals[first:].max(axis=(1, 2))
    bound = np.divide(weeks.cap, peak, out=np.full(len(peak), np.inf), where=peak > 0)
    week, path = np.divmod(np.flatnonzero(weeks.height[first:] > bound[:, None]), weeks.height.shape[1])
    week += first
    cut = weeks.single(week, path)
    weeks.height[week, path] = 0.0
    days = len(weeks) * WEEK
    worth = residuals.reshape(days, -1)
    if not levers:
        return Later(weeks, worth, None, (week, path, cut))
    factor, added = _pulled(levers, days)
    factors = factor.reshape(-1, WEEK)
    return Later(weeks, worth * factor[:, None], added, (week, path, cut * factors[week]))


def _pulled(levers: Sequence[Lever], days: int) -> tuple[Floats, Floats]:
    """Return what the levers together multiply each day with, and what they then add to it."""
    factor, added = np.ones(days), np.zeros(days)
    for lever in levers:
        if lever.factor is not None:
            factor[: len(lever.factor)] *= lever.factor
            added[: len(lever.factor)] *= lever.factor
        if lever.added is not None:
            added[: len(lever.added)] += lever.added
    return factor, added


@lru_cache(maxsize=1024)
def _week_starts(offset: int, days: int) -> Ints:
    """Return where weeks begin among `days` days, the first of which is day `offset` of its week."""
    return np.array([0, *range(WEEK - offset, days, WEEK)], dtype=np.intp)
