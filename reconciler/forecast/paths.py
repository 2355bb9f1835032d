"""Simulated days: the one set of paths that every answer is a statistic of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reconciler.forecast.draws import Draws
from reconciler.forecast.fit import Fit
from reconciler.forecast.level import MIX
from reconciler.forecast.panel import WEEK, Floats
from reconciler.forecast.trend import weeks_ahead

LARGEST_DAY_FACTOR = 10.0
TINY = 1e-9


def simulate(fit: Fit, draws: Draws, *, days: int) -> Floats:
    """Return float64[series, paths, days]: what each day after the history costs on each path.

    Daily cost = level · shape · residual · exp(trend + shock + random walk). Residuals come in whole weeks; level,
    slope and shock are drawn once a path; the walk moves weekly. Shocks are median-preserving: there is no −σ²/2
    term. The results of exp may differ in the last bit between processors, which rounding to cents removes.
    """
    weeks = -(-days // WEEK)
    picks = _picks(fit, draws)
    level = np.take_along_axis(fit.level.values, picks, axis=1)
    logs = _walk(fit, draws, weeks)
    logs += (fit.shock_scale[:, None] * draws.shock)[:, :, None]
    logs += _trend(fit, draws, picks, weeks)
    scale = np.exp(logs) * level[:, :, None]
    paths = _weeks(fit, draws, weeks)
    paths *= scale[:, :, :, None]
    paths *= _shape(fit, days, weeks)[:, None, :, :]
    np.minimum(paths, LARGEST_DAY_FACTOR * fit.largest[:, None, None, None], out=paths)
    return paths.reshape(len(level), -1, weeks * WEEK)[:, :, :days]


def _picks(fit: Fit, draws: Draws) -> npt.NDArray[np.intp]:
    """Return int[series, paths]: which of the levels each path starts from, by regime first, then by half-life."""
    belief = fit.regime.certainty[:, None]
    changed = draws.pick < belief
    within = np.where(
        changed, draws.pick / np.maximum(belief, TINY), (draws.pick - belief) / np.maximum(1.0 - belief, TINY)
    )
    half_life = np.searchsorted(np.cumsum(MIX)[:-1], within)
    return np.where(changed, half_life, half_life + len(MIX))


def _trend(fit: Fit, draws: Draws, picks: npt.NDArray[np.intp], weeks: int) -> Floats:
    """Return the log change that each path's own slope has brought about by the middle of each week."""
    slope = fit.trend.slope[:, None] + fit.trend.spread[:, None] * draws.slope
    lag = np.take_along_axis(fit.level.lags, picks, axis=1)
    return np.asarray(slope[:, :, None] * (lag[:, :, None] + weeks_ahead(weeks)))


def _walk(fit: Fit, draws: Draws, weeks: int) -> Floats:
    """Return the log random walk at the middle of each week."""
    steps = np.full(weeks, np.sqrt(WEEK))
    steps[0] = np.sqrt((WEEK + 1) / 2)
    walk = np.cumsum(draws.walk[:, :, :weeks] * steps, axis=2)
    walk *= fit.walk_scale[:, None, None]
    return walk


def _weeks(fit: Fit, draws: Draws, weeks: int) -> Floats:
    """Return float64[series, paths, weeks, 7] of residuals, drawn as weeks that really were."""
    series, paths = draws.shock.shape
    drawn = np.empty((series, paths, weeks, WEEK))
    for row in range(series):
        chosen = (draws.block[row, :, :weeks] * fit.pool.count[row]).astype(np.intp)
        np.take(fit.pool.weeks[row], chosen, axis=0, out=drawn[row])
    return drawn


def _shape(fit: Fit, days: int, weeks: int) -> Floats:
    padded = np.zeros((fit.panel.series, weeks * WEEK))
    padded[:, :days] = fit.shape.ahead(fit.panel, days)
    return padded.reshape(-1, weeks, WEEK)
