"""Simulated days: the one set of paths that every answer is a statistic of."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from reconciler.forecast.draws import Draws
from reconciler.forecast.fit import Fit
from reconciler.forecast.level import MIX
from reconciler.forecast.panel import Floats
from reconciler.forecast.trend import weeks_ahead
from reconciler.forecast.weeks import Weeks
from reconciler.forecast.windows import WEEK

LARGEST_DAY_FACTOR = 10.0
SHARES = np.cumsum(MIX)


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
    heights += (fit.shock_scale[:, None] * draws.shock)[:, None, :]
    heights += _trend(fit, draws, picks, weeks)
    np.exp(heights, out=heights)
    heights *= fit.level.values[np.arange(len(picks))[:, None], picks][:, None, :]
    shape = _shape(fit, days, weeks)
    return [
        Weeks(
            height=heights[row],
            chosen=(draws.block[row, :weeks] * count).astype(np.intp) if count > 1 else None,
            pool=fit.pool.weeks[row, :count],
            shape=shape[row],
            cap=LARGEST_DAY_FACTOR * float(fit.largest[row]),
        )
        for row, count in enumerate(fit.pool.count.tolist())
    ]


def _picks(fit: Fit, draws: Draws) -> npt.NDArray[np.intp]:
    """Return int[series, paths]: which of the levels each path starts from, by regime first, then by half-life."""
    belief = fit.regime.certainty[:, None]
    edges = np.concatenate([belief * SHARES, belief + (1.0 - belief) * SHARES], axis=1)
    return np.stack([row.searchsorted(pick) for row, pick in zip(edges[:, :-1], draws.pick, strict=True)])


def _trend(fit: Fit, draws: Draws, picks: npt.NDArray[np.intp], weeks: int) -> Floats:
    """Return the log change that each path's own slope has brought about by the middle of each week."""
    slope = fit.trend.slope[:, None] + fit.trend.spread[:, None] * draws.slope
    if not fit.level.lags.any():
        return np.asarray(slope[:, None, :] * _ahead(weeks)[:, None])
    trend = fit.level.lags[np.arange(len(picks))[:, None], picks][:, None, :] + _ahead(weeks)[:, None]
    trend *= slope[:, None, :]
    return np.asarray(trend)


@lru_cache(maxsize=8)
def _ahead(weeks: int) -> Floats:
    return weeks_ahead(weeks)


def _walk(fit: Fit, draws: Draws, weeks: int) -> Floats:
    """Return the log random walk at the middle of each week; the second half of the paths mirrors the first."""
    series, half = draws.walk.shape[0], draws.walk.shape[2]
    steps = np.full(weeks, np.sqrt(WEEK))
    steps[0] = np.sqrt((WEEK + 1) / 2)
    walk = np.empty((series, weeks, 2 * half))
    first, mirror = walk[:, :, :half], walk[:, :, half:]
    np.multiply(draws.walk[:, :weeks], steps[:, None], out=first)
    for before, week in pairwise(first.swapaxes(0, 1)):
        week += before
    first *= fit.walk_scale[:, None, None]
    np.negative(first, out=mirror)
    return walk


def _shape(fit: Fit, days: int, weeks: int) -> Floats:
    padded = np.zeros((fit.panel.series, weeks * WEEK))
    padded[:, :days] = fit.shape.ahead(fit.panel, days)
    return padded.reshape(-1, weeks, WEEK)
