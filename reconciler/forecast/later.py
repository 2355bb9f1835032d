"""The far part of a wallet's course, of which only sums are asked: they are taken over weeks, not over days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from reconciler.forecast.levers.effect import Effect
from reconciler.forecast.panel import Bools, Floats
from reconciler.forecast.paths import Weeks
from reconciler.forecast.turns import Charge, Ints, Turn, turned_weeks
from reconciler.forecast.windows import WEEK


@dataclass(frozen=True, slots=True, eq=False)
class LaterCourse:
    """The days of `weeks` from one of its weeks on, with levers pulled that keep sums.

    `worth` is float64[days, pool]: what a day costs at a height of 1, by the observed week that it is drawn from;
    `added` float64[days] comes on top, and so do `charges`. Day 0 is that of `weeks`. `single` are the weeks that the
    cap may cut or in which a path turns, day by day: their week, their path and float64[entries, 7]. Their height in
    `weeks` is 0, so that they count once.
    """

    weeks: Weeks
    worth: Floats
    added: Floats | None
    single: tuple[Ints, Ints, Floats]
    charges: tuple[Charge, ...] = ()

    @property
    def count(self) -> int:
        return int(self.weeks.height.shape[1])

    @property
    def end(self) -> int:
        """The first day after the last."""
        return len(self.worth)

    def pulled(self, effects: Sequence[Effect]) -> LaterCourse:
        """Return the same days with `effects`, which must keep sums, on top."""
        days, height = len(self.worth), self.weeks.height
        factor, added = _pulled(effects, days)
        week, path, cut = self.single
        cut = cut * factor.reshape(-1, WEEK)[week]
        charges = tuple(charge.times(float(factor[charge.day])) for charge in self.charges)
        for effect in effects:
            if effect.kept is not None:
                kept = effect.kept.weekly(len(self.weeks))
                height, cut = height * kept, cut * kept[week, path][:, None]
                charges = tuple(replace(charge, amount=charge.amount * kept[charge.day // WEEK]) for charge in charges)
        weeks = self.weeks if height is self.weeks.height else replace(self.weeks, height=height)
        return replace(
            self,
            weeks=weeks,
            worth=self.worth * factor[:, None],
            added=added,
            single=(week, path, cut),
            charges=charges,
        )

    def sums(self, borders: tuple[int, ...]) -> Floats:
        """Return float64[parts, paths]: the sums of the days between `borders`, which rise and lie within the weeks."""
        cut = _cut(borders)
        worth = np.add.reduceat(self.worth[: borders[-1]], cut.first, axis=0)
        if self.weeks.chosen is not None:
            rows = np.arange(0, worth.size, worth.shape[1])
            worth = worth.ravel().take(self.weeks.chosen[cut.week] + rows[:, None])
        pieces = self.weeks.height[cut.week]
        pieces *= worth
        total = np.stack([np.add.reduce(pieces[part], axis=0) for part in cut.parts])
        if len(self.single[0]):
            total += self._single(borders)
        if self.added is not None:
            total += np.add.reduceat(self.added[: borders[-1]], borders[:-1])[:, None]
        for charge in self.charges:
            if borders[0] <= charge.day < borders[-1]:
                total[np.searchsorted(borders, charge.day, side="right") - 1] += charge.amount
        return total

    def _single(self, borders: tuple[int, ...]) -> Floats:
        """Return float64[parts, paths]: what the weeks that were worked out by days add between `borders`."""
        week, path, cut = self.single
        parts = len(borders) - 1
        part = np.searchsorted(borders, week[:, None] * WEEK + np.arange(WEEK), side="right") - 1
        inside = (part >= 0) & (part < parts)
        place = (part * self.count + path[:, None])[inside]
        added = np.bincount(place, weights=cut[inside], minlength=parts * self.count)
        return np.asarray(added.reshape(parts, self.count), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class LaterDays:
    """The same where levers cut single days: `days` float64[days, paths] from day `first` on."""

    first: int
    days: Floats

    @property
    def end(self) -> int:
        return self.first + len(self.days)

    def sums(self, borders: tuple[int, ...]) -> Floats:
        """Return float64[parts, paths]: the sums of the days between `borders`, which rise."""
        first = self.first
        return np.stack([np.add.reduce(self.days[low - first : high - first]) for low, high in pairwise(borders)])


def make_later(weeks: Weeks, first: int, effects: Sequence[Effect] = ()) -> LaterCourse:
    """Return the days of `weeks` from its week `first` on; `effects` must keep sums."""
    residuals = weeks.pool.T[None] * weeks.shape[:, :, None]
    peak = residuals[first:].max(axis=(1, 2))
    bound = np.divide(weeks.cap, peak, out=np.full(len(peak), np.inf), where=peak > 0)
    apart, before = _turning(weeks.turns, first, weeks.height[first:].shape)
    reached = weeks.height[first:] if before is None else weeks.height[first:] * before
    week, path = np.divmod(np.flatnonzero(apart | (reached > bound[:, None])), weeks.height.shape[1])
    week += first
    cut = weeks.single(week, path)
    if before is not None:
        weeks.height[first:] = reached
    weeks.height[week, path] = 0.0
    worth = residuals.reshape(len(weeks) * WEEK, -1)
    plain = LaterCourse(weeks, worth, None, (week, path, cut), weeks.charges)
    return plain.pulled(effects) if effects else plain


def _turning(turns: Sequence[Turn], first: int, shape: tuple[int, int]) -> tuple[Bools | bool, Floats | None]:
    """Return bool[weeks, paths]: in which weeks from `first` on a path turns; and what multiplies those before."""
    if turned_weeks(turns) <= first:
        return False, None
    begin = (np.arange(shape[0])[:, None] + first) * WEEK
    turning, before = np.zeros(shape, dtype=np.bool_), np.ones(shape)
    for turn in turns:
        lasts = turn.day >= begin + WEEK
        turning |= (begin < turn.day) & ~lasts
        np.multiply(before, turn.before, out=before, where=lasts)
    return turning, before


def _pulled(effects: Sequence[Effect], days: int) -> tuple[Floats, Floats]:
    """Return what the effects together multiply each day of all paths with, and what they then add to it."""
    factor, added = np.ones(days), np.zeros(days)
    for effect in effects:
        if effect.factor is not None and effect.kept is None:
            factor[: len(effect.factor)] *= effect.factor
            added[: len(effect.factor)] *= effect.factor
        if effect.added is not None:
            added[: len(effect.added)] += effect.added
    return factor, added


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Days cut into pieces where a week or a part begins: each one's first day and week, and each part's pieces."""

    first: Ints
    week: Ints
    parts: tuple[slice, ...]


@lru_cache(maxsize=64)
def _cut(borders: tuple[int, ...]) -> _Cut:
    begin, end = borders[0], borders[-1]
    first = np.array(sorted({*borders[:-1], *range(begin + -begin % WEEK, end, WEEK)}), dtype=np.intp)
    places = pairwise(first.searchsorted(borders).tolist())
    return _Cut(first, first // WEEK, tuple(slice(*place) for place in places))
