"""Residuals: how days stray from level and shape, kept as whole weeks to draw from, and how restless weeks are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reconciler.forecast.panel import Floats, Panel
from reconciler.forecast.robust import centred_mean
from reconciler.forecast.windows import WEEK

POOL_WEEKS = 26
LOCAL_DAYS = 29
CAP = 25.0
FEWEST_DAYS = 4
USUAL_VOLATILITY = 0.3
VOLATILITY_WEEKS = 16
VOLATILITY_PRIOR_WEEKS = 1
VOLATILITY_RANGE = (0.25, 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class ResidualPool:
    """`weeks` is float64[series, weeks, 7] of ratios, the first `count` of each series valid.

    Each week begins on the weekday that follows the history, so that a drawn week falls on its own weekdays.
    """

    weeks: Floats
    count: npt.NDArray[np.intp]


def fit_pool(panel: Panel, shape: Floats) -> ResidualPool:
    """Return y/(shape·local level) in whole weeks, capped; raw days, so that a runaway day can recur.

    Weeks with fewer than four known days are left out. The mean, weighted by what the days cost, is 1.
    """
    span = min(POOL_WEEKS * WEEK, panel.values.shape[1])
    weeks = _whole_weeks(_ratios(panel, shape)[:, :span])
    weights = _whole_weeks(shape[:, :span])
    known = np.isfinite(weeks)
    filled = np.where(known, weeks, 1.0)
    total = np.where(known, weights, 0.0).sum(axis=(1, 2))
    mean = np.where(known, weights * filled, 0.0).sum(axis=(1, 2)) / np.maximum(total, 1e-12)
    whole = known.sum(axis=2) >= FEWEST_DAYS
    order = np.argsort(~whole, axis=1, kind="stable")
    ordered = np.take_along_axis(filled, order[:, :, None], axis=1)
    count = whole.sum(axis=1)
    usable = (mean > 1e-6) & (count > 0)
    ratios = np.where(usable[:, None, None], ordered / np.where(usable, mean, 1.0)[:, None, None], 1.0)
    return ResidualPool(ratios, np.maximum(count, 1))


def _ratios(panel: Panel, shape: Floats) -> Floats:
    known = panel.known
    cost = centred_mean(panel.values, known, width=LOCAL_DAYS)
    base = centred_mean(shape, known, width=LOCAL_DAYS)
    local = np.divide(cost, base, out=np.zeros_like(cost), where=np.nan_to_num(base) > 0) * shape
    ratio = np.divide(panel.values, local, out=np.full_like(cost, np.nan), where=known & (local > 0))
    return np.asarray(np.minimum(ratio, CAP))


def _whole_weeks(newest_first: Floats) -> Floats:
    """Return float64[series, weeks, 7], newest week first, the days of a week in the order of time."""
    return newest_first.reshape(len(newest_first), -1, WEEK)[:, :, ::-1]


def fit_volatility(tamed: Floats, shape: Floats) -> Floats:
    """Return the week-to-week log volatility relative to the usual one, shrunk to 1 and clipped to 0.25…2."""
    weeks = min(VOLATILITY_WEEKS, tamed.shape[1] // WEEK)
    span = weeks * WEEK
    known = np.isfinite(tamed)[:, :span]
    spent = np.where(known, tamed[:, :span], 0.0).reshape(-1, weeks, WEEK).sum(axis=2)
    base = np.where(known, shape[:, :span], 0.0).reshape(-1, weeks, WEEK).sum(axis=2)
    usable = (base > 0.3 * WEEK) & (spent > 0)
    logs = np.log(np.where(usable, spent, 1.0) / np.where(usable, base, 1.0))
    pair = usable[:, 1:] & usable[:, :-1]
    change = np.where(pair, logs[:, 1:] - logs[:, :-1], 0.0)
    prior = VOLATILITY_PRIOR_WEEKS * USUAL_VOLATILITY**2
    variance = np.minimum(np.square(change), 1.0).sum(axis=1) + prior
    volatility = np.sqrt(variance / (pair.sum(axis=1) + VOLATILITY_PRIOR_WEEKS)) / USUAL_VOLATILITY
    return np.asarray(np.clip(volatility, *VOLATILITY_RANGE))
