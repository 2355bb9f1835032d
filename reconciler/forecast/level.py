"""The level: what an ordinary day costs now, after the last change that is there to stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconciler.forecast.panel import Bools, Floats, median, running_median, zero_share
from reconciler.forecast.regime import Regime
from reconciler.forecast.shape import decay
from reconciler.forecast.windows import WEEK

HALF_LIVES = (5.0, 14.0, 35.0)
INTERMITTENT_HALF_LIVES = (25.0, 45.0, 90.0)
MIX = (0.25, 0.5, 0.25)
"""How many of the paths start from each half-life: where they disagree, the forecast is honestly wider.

Decision 0037.
"""
INTERMITTENT_SHARE = 0.3
OLD_REGIME = 0.01
"""How much a day of an earlier regime counts beside one of the present."""
WINSOR_MADS = 3.5
WINSOR_MINIMUM = 1.0
WINSOR_GIVEN_BACK = 0.3
GIVEN_BACK_AT_MOST = 0.3
OUTAGE_MINIMUM = 1.2
OUTAGE_WEIGHT = 0.15
RECENT_DAYS = 56
SOLID_SHAPE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """`values` float64[series, 2 x half-lives] is money a day at shape 1, as of `lags` weeks ago on average.

    The first half of the columns is measured in the present regime, the second as if nothing had changed. `tamed` is
    the history without outages and with runaway days cut.
    """

    values: Floats
    lags: Floats
    tamed: Floats
    intermittent: Bools


def fit_level(values: Floats, shape: Floats, *, regime: Regime) -> Level:
    """Return the levels as ratios of weighted sums, Σ(w·y)/Σ(w·shape): the mean of y/shape would be biased low."""
    intermittent = zero_share(values) > INTERMITTENT_SHARE
    tamed, doubt = tame(values, shape, intermittent=intermittent)
    ages = np.arange(values.shape[1])
    everything = np.where(np.isfinite(values), doubt, 0.0)
    present = np.where(ages[None, :] < regime.days[:, None], everything, OLD_REGIME * everything)
    spent = np.nan_to_num(tamed)
    levels, lags = [], []
    for trust in (present, everything):
        for usual, slow in zip(HALF_LIVES, INTERMITTENT_HALF_LIVES, strict=True):
            fade = np.where(intermittent[:, None], decay(len(ages), slow), decay(len(ages), usual))
            levels.append(_ratio((trust * fade * spent).sum(axis=1), (trust * fade * shape).sum(axis=1)))
            lags.append(_ratio((trust * fade * shape * (ages + 0.5)).sum(axis=1), (trust * fade * shape).sum(axis=1)))
    calm = np.where(doubt < 1.0, np.nan, tamed)
    return Level(np.stack(levels, axis=1), np.stack(lags, axis=1) / WEEK, calm, intermittent)


def tame(values: Floats, shape: Floats, *, intermittent: Bools) -> tuple[Floats, Floats]:
    """Return the history with runaway days cut, and how much each day is to be trusted.

    A runaway day is cut to median·exp(max(3.5·MAD, 1)), and a part of what was cut is given back, because such days
    come again; but no single day of a steady wallet may carry the level away. A day far below the weeks around it is
    an outage: it says little about the level.
    """
    positive = np.isfinite(values) & (values > 0)
    logs = np.where(positive, np.log(np.where(positive, values, 1.0) / shape), np.nan)
    local = running_median(logs)
    spread = WINSOR_MADS * median(np.abs(logs - local)[:, :RECENT_DAYS])[:, None]
    limit = np.exp(local + np.maximum(spread, WINSOR_MINIMUM)) * np.maximum(shape, SOLID_SHAPE)
    excess = np.where(np.isfinite(limit) & (values > limit), values - limit, 0.0)
    floor = np.exp(local - np.maximum(spread, OUTAGE_MINIMUM)) * shape
    outage = (values < floor) & ~intermittent[:, None] & (shape > SOLID_SHAPE)
    bound = np.where(intermittent[:, None] | ~np.isfinite(limit), np.inf, GIVEN_BACK_AT_MOST * limit)
    return values - excess + np.minimum(WINSOR_GIVEN_BACK * excess, bound), np.where(outage, OUTAGE_WEIGHT, 1.0)


def _ratio(total: Floats, base: Floats) -> Floats:
    return np.divide(total, base, out=np.zeros_like(total), where=base > 0)
