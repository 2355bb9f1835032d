"""The level: what an ordinary day costs now, if nothing changed, and after each shift that may have been."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconciler.forecast.panel import Bools, Floats, median, running_median, running_sums, zero_share
from reconciler.forecast.shape import decay
from reconciler.forecast.shift import Shift
from reconciler.forecast.turns import Ints
from reconciler.forecast.windows import WEEK

HALF_LIVES = (5.0, 14.0, 35.0)
INTERMITTENT_HALF_LIVES = (25.0, 45.0, 90.0)
MIX = (0.25, 0.5, 0.25)
"""How many of the paths start from each half-life: where they disagree, the forecast is honestly wider.

Decision 0037.
"""
INTERMITTENT_SHARE = 0.3
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
    """`values` float64[series, half-lives + ages] is money a day at shape 1, as of `lags` weeks ago on average.

    First as if nothing had changed, then by how many days the present level may have lasted. `before` float64[series,
    ages] is that of the days before. `tamed` is the history without outages and with runaway days cut.
    """

    values: Floats
    lags: Floats
    before: Floats
    tamed: Floats
    intermittent: Bools


def fit_level(values: Floats, shape: Floats, *, shift: Shift, tame_young: bool = True) -> Level:
    """Return the levels as ratios of weighted sums, Σ(w·y)/Σ(w·shape): the mean of y/shape would be biased low.

    With `tame_young` the days of a new level are held against each other, not against those before.
    """
    intermittent = zero_share(values) > INTERMITTENT_SHARE
    tamed, doubt = tame(values, shape, intermittent=intermittent)
    trust = np.where(np.isfinite(values), doubt, 0.0)
    ages = np.arange(values.shape[1])
    levels, lags = [], []
    for usual, slow in zip(HALF_LIVES, INTERMITTENT_HALF_LIVES, strict=True):
        fade = trust * np.where(intermittent[:, None], decay(len(ages), slow), decay(len(ages), usual))
        weight = (fade * shape).sum(axis=1)
        levels.append(_ratio((fade * np.nan_to_num(tamed)).sum(axis=1), weight))
        lags.append(_ratio((fade * shape * (ages + 0.5)).sum(axis=1), weight))
    calm, calm_doubt = tamed, doubt
    if tame_young and shift.days.any():
        calm, calm_doubt = tame(values, shape, intermittent=intermittent, young=shift.days)
    present, since, before = _by_age(calm, np.where(np.isfinite(values), calm_doubt, 0.0), shape, shift.ages)
    return Level(
        np.column_stack([*levels, present]),
        np.column_stack([*lags, since]) / WEEK,
        before,
        np.where(calm_doubt < 1.0, np.nan, calm),
        intermittent,
    )


def _by_age(tamed: Floats, trust: Floats, shape: Floats, since: Ints) -> tuple[Floats, Floats, Floats]:
    """Return float64[series, ages] thrice: the level of so many last days, how old these are, the level before."""
    ages = np.arange(tamed.shape[1])
    fade = trust * decay(len(ages), HALF_LIVES[1])
    sums = [running_sums(part) for part in (fade * np.nan_to_num(tamed), fade * shape, fade * shape * (ages + 0.5))]
    places = np.minimum(since, len(ages))
    spent, weight, age = (np.take_along_axis(part, places, axis=1) for part in sums)
    all_spent, all_weight = sums[0][:, -1:], sums[1][:, -1:]
    return _ratio(spent, weight), _ratio(age, weight), _ratio(all_spent - spent, all_weight - weight)


def tame(values: Floats, shape: Floats, *, intermittent: Bools, young: Ints | None = None) -> tuple[Floats, Floats]:
    """Return the history with runaway days cut, and how much each day is to be trusted.

    A runaway day is cut to median·exp(max(3.5·MAD, 1)), and a part of what was cut is given back, because such days
    come again; but no single day of a steady wallet may carry the level away. A day far below the weeks around it is
    an outage: it says little about the level. The `young` days are held against each other alone.
    """
    positive = np.isfinite(values) & (values > 0)
    logs = np.where(positive, np.log(np.where(positive, values, 1.0) / shape), np.nan)
    local = running_median(logs) if young is None else _local_median(logs, young)
    spread = WINSOR_MADS * median(np.abs(logs - local)[:, :RECENT_DAYS])[:, None]
    limit = np.exp(local + np.maximum(spread, WINSOR_MINIMUM)) * np.maximum(shape, SOLID_SHAPE)
    excess = np.where(np.isfinite(limit) & (values > limit), values - limit, 0.0)
    floor = np.exp(local - np.maximum(spread, OUTAGE_MINIMUM)) * shape
    outage = (values < floor) & ~intermittent[:, None] & (shape > SOLID_SHAPE)
    bound = np.where(intermittent[:, None] | ~np.isfinite(limit), np.inf, GIVEN_BACK_AT_MOST * limit)
    return values - excess + np.minimum(WINSOR_GIVEN_BACK * excess, bound), np.where(outage, OUTAGE_WEIGHT, 1.0)


def _local_median(logs: Floats, young: Ints) -> Floats:
    is_young = np.arange(logs.shape[1])[None, :] < young[:, None]
    return np.where(
        is_young, median(np.where(is_young, logs, np.nan))[:, None], running_median(np.where(is_young, np.nan, logs))
    )


def _ratio(total: Floats, base: Floats) -> Floats:
    return np.divide(total, base, out=np.zeros_like(total), where=base > 0)
