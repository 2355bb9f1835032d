"""Simulated days: the one set of paths, in weeks, that every answer is a statistic of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt

from reconciler.forecast.draws import Draws
from reconciler.forecast.fit import Fit
from reconciler.forecast.level import MIX
from reconciler.forecast.long_run import weeks_after_trend
from reconciler.forecast.panel import Floats
from reconciler.forecast.passing import passing
from reconciler.forecast.trend import weeks_ahead
from reconciler.forecast.turns import Charge, Ints, Turn, factors_of, single_factors, turned_weeks
from reconciler.forecast.windows import WEEK


@dataclass(frozen=True, slots=True, eq=False)
class Weeks:
    """A day costs residual · height · shape · its path's turns, never more than `cap`; then `charges` come on top.

    `height` is float64[weeks, paths]; `chosen` int[weeks, paths] picks a row of `pool` float64[observed weeks, 7] of
    residuals, None where there is only one; `shape` is float64[weeks, 7], what the calendar and the growth that is
    expected make of a day, 0 where nobody asks about it.
    """

    height: Floats
    chosen: Ints | None
    pool: Floats
    shape: Floats
    cap: float
    turns: tuple[Turn, ...] = ()
    charges: tuple[Charge, ...] = ()

    def __len__(self) -> int:
        return int(self.height.shape[0])

    def daily(self, first: int, last: int) -> Floats:
        """Return float64[days, paths]: the days of the weeks in [first, last)."""
        height = self.height[first:last]
        if self.chosen is None:
            days = self.pool[0][None, :, None] * height[:, None, :]
        else:
            drawn = np.take(self.pool, self.chosen[first:last], axis=0)
            days = np.ascontiguousarray(drawn.transpose(0, 2, 1))
            days *= height[:, None, :]
        days *= self.shape[first:last, :, None]
        turned = min(turned_weeks(self.turns), last) - first
        if turned > 0:
            days[:turned] *= factors_of(self.turns, first * WEEK, (first + turned) * WEEK).reshape(turned, WEEK, -1)
        np.minimum(days, self.cap, out=days)
        paths = np.asarray(days.reshape(-1, self.height.shape[1]))
        for charge in self.charges:
            if first * WEEK <= charge.day < last * WEEK:
                paths[charge.day - first * WEEK] += charge.amount
        return paths

    def times(self, factor: float) -> Weeks:
        """Return the weeks with every day `factor` times as dear."""
        if factor == 1.0:
            return self
        charges = tuple(charge.times(factor) for charge in self.charges)
        return replace(self, height=self.height * factor, cap=self.cap * factor, charges=charges)

    def single(self, week: Ints, path: Ints) -> Floats:
        """Return float64[entries, 7]: the days of single weeks of single paths, without charges."""
        residual = self.pool[0] if self.chosen is None else self.pool[self.chosen[week, path]]
        days = residual * self.height[week, path][:, None] * self.shape[week]
        if self.turns:
            days *= single_factors(self.turns, week, path)
        return np.asarray(np.minimum(days, self.cap))


LARGEST_DAY_FACTOR = 10.0
SOON_WEEKS = 3
"""For so many weeks the trend is as uncertain as the steps between weeks."""
NEAR_WEEKS = 4
"""From the fifth week on a level strays as far as it did over the months that are known."""


def simulate(fit: Fit, draws: Draws, *, days: int) -> Floats:
    """Return float64[series, paths, days]: what each day after the history costs on each path."""
    series = [weeks.daily(0, len(weeks))[:days].T for weeks in simulated_weeks(fit, draws, days=days)]
    return np.stack(series)


def simulated_weeks(fit: Fit, draws: Draws, *, days: int) -> list[Weeks]:
    """Return the weeks of each series, enough for `days`.

    Daily cost = level · shape · residual · exp(trend + shock + random walk). Residuals come in whole weeks; level,
    slope and shock are drawn once a path; the walk moves weekly. Shocks are median-preserving: there is no −σ²/2
    term. The results of exp may differ in the last bit between processors, which rounding to cents removes.
    """
    weeks = -(-days // WEEK)
    picks = _picks(fit, draws)
    heights = _walk(fit, draws, weeks)
    heights += _kept_shock(fit, draws, picks)[:, None, :]
    grown, slopes = _slopes(fit, draws, weeks)
    heights += slopes
    np.exp(heights, out=heights)
    levels = np.take_along_axis(fit.level.values, picks, axis=1)
    shape = _shape(fit, days, weeks) * grown[:, :, None]
    passings = [passing(fit, row, picks[row], draws) for row in range(len(picks))]
    for row, found in enumerate(passings):
        if found is not None:
            levels[row] = np.where(found.paths, found.level, levels[row])
    heights *= levels[:, None, :]
    for row, each in product(range(len(picks)), fit.happenings):
        if (moved := each.moved(row, draws, weeks=weeks)) is not None:
            heights[row] *= moved
    series = [
        Weeks(
            height=heights[row],
            chosen=(draws.block[row, :weeks] * count).astype(np.intp) if count > 1 else None,
            pool=fit.pool.weeks[row, :count],
            shape=shape[row],
            cap=LARGEST_DAY_FACTOR * float(fit.largest[row]),
            turns=(
                *(() if (found := passings[row]) is None else (found.turn,)),
                *(turn for each in fit.happenings for turn in each.turns(row, draws)),
            ),
            charges=tuple(charge for each in fit.happenings for charge in each.charges(row, draws, days=days)),
        ).times(fit.share(row))
        for row, count in enumerate(fit.pool.count.tolist())
    ]
    return [_credited(made, fit, row, draws, days=days) for row, made in enumerate(series)]


def _credited(weeks: Weeks, fit: Fit, row: int, draws: Draws, *, days: int) -> Weeks:
    """Return `weeks` with what comes back of them on days of its own."""

    def daily() -> Floats:
        return weeks.daily(0, len(weeks))[:days]

    credits = tuple(credit for each in fit.happenings for credit in each.credits(row, draws, daily))
    return replace(weeks, charges=(*weeks.charges, *credits)) if credits else weeks


def _picks(fit: Fit, draws: Draws) -> npt.NDArray[np.intp]:
    """Return int[series, paths]: which of the levels each path starts from."""
    rest = 1.0 - fit.shift.probability[:, None]
    edges = np.cumsum(np.column_stack([rest * np.array(MIX), fit.shift.odds]), axis=1)
    return np.stack([row.searchsorted(pick) for row, pick in zip(edges[:, :-1], draws.pick, strict=True)])


def _slopes(fit: Fit, draws: Draws, weeks: int) -> tuple[Floats, Floats]:
    """Return what trend, long run and season make of each week, float64[series, weeks], and the log change around it.

    Slopes are drawn once a path, that of the long run as far from its middle as that of the trend.
    """
    near, far = _ahead(weeks), weeks_after_trend(weeks)
    middle = fit.trend.slope[:, None] * near + fit.long_run.slope[:, None] * far
    soon = np.minimum(near, near[:SOON_WEEKS].max())
    spread = fit.trend.spread[:, None] * soon + fit.trend.later[:, None] * (near - soon)
    spread += fit.long_run.spread[:, None] * far
    return np.exp(fit.season.blended(middle)), spread[:, :, None] * draws.slope[:, None, :]


def _kept_shock(fit: Fit, draws: Draws, picks: npt.NDArray[np.intp]) -> Floats:
    """Return the log change that a path keeps, float64[series, paths]: its shock, and the trend since its level."""
    shock = np.take_along_axis(fit.shock_scale, picks, axis=1) * draws.shock
    if fit.level.lags.any():
        slope = fit.trend.slope[:, None] + fit.trend.spread[:, None] * draws.slope
        shock += np.take_along_axis(fit.level.lags, picks, axis=1) * slope
    return shock


@lru_cache(maxsize=8)
def _ahead(weeks: int) -> Floats:
    return weeks_ahead(weeks)


def _walk(fit: Fit, draws: Draws, weeks: int) -> Floats:
    """Return the log random walk at the middle of each week; the second half of each batch mirrors the first."""
    series, _, batches, half = draws.walk.shape
    steps = np.full(weeks, np.sqrt(WEEK))
    steps[0] = np.sqrt((WEEK + 1) / 2)
    scale = np.where(np.arange(weeks) < NEAR_WEEKS, fit.walk_scale[:, None], fit.long_run.walk[:, None]) * steps
    walk = np.empty((series, weeks, batches, 2, half))
    first, mirror = walk[:, :, :, 0], walk[:, :, :, 1]
    np.multiply(draws.walk[:, :weeks], scale[:, :, None, None], out=first)
    for before, week in pairwise(first.swapaxes(0, 1)):
        week += before
    np.negative(first, out=mirror)
    return walk.reshape(series, weeks, -1)


def _shape(fit: Fit, days: int, weeks: int) -> Floats:
    padded = np.zeros((fit.panel.series, weeks * WEEK))
    padded[:, :days] = fit.shape.ahead(fit.panel, days)
    return padded.reshape(-1, weeks, WEEK)
