"""The shape of a week and of a month end: what a day costs relative to the level around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from reconciler.forecast.panel import Bools, Floats, Panel, centred_mean, future_days, future_phases, is_month_end
from reconciler.forecast.quarter_ends import QuarterEnds, find_quarter_ends, no_quarters
from reconciler.forecast.windows import WEEK

PROFILE_HALF_LIFE = 56.0
PROFILE_PRIOR_DAYS = 3.0
PROFILE_FLOOR = 0.02
SHORT_DAYS = 28
POOLED_PRIOR_DAYS = 6.0
MONTH_END_HALF_LIFE = 150.0
MONTH_END_PRIOR_DAYS = 1.0
MONTH_END_RATIO = 1.3
MONTH_END_CAP = 25.0
LOCAL_CLIP = 6.0
SOLID_SHAPE = 0.5
"""Days of a week that usually cost less tell nothing of quarters."""


@dataclass(frozen=True, slots=True, eq=False)
class CalendarShape:
    """`week` is float64[series, 7] by phase, mean 1; `month_end` float64[series] multiplies a month's last days.

    `quarters` are what multiplies those of every third month instead.
    """

    week: Floats
    month_end: Floats
    quarters: QuarterEnds

    def part(self, chosen: slice) -> CalendarShape:
        return CalendarShape(self.week[chosen], self.month_end[chosen], self.quarters.part(chosen))

    def over(self, panel: Panel) -> Floats:
        """Return float64[series, days]: the shape of each history day."""
        weeks = panel.values.shape[1] // WEEK
        ends = np.where(panel.month_ends(), self.month_end[:, None], 1.0)
        if self.quarters.is_found.any():
            self.quarters.put(ends, panel.days())
        return np.tile(self.week, (1, weeks)) * ends

    def ahead(self, panel: Panel, horizon: int) -> Floats:
        """Return float64[series, horizon]: the shape of each day after the history."""
        days = self.week.take(_phases_after(horizon), axis=1)
        if np.any(self.month_end != 1.0) or self.quarters.is_found.any():
            flags = np.stack([_month_ends_after(end, horizon) for end in panel.ends])
            ends = np.where(flags, self.month_end[:, None], 1.0)
            if self.quarters.is_found.any():
                self.quarters.put(ends, future_days(panel.ends, horizon))
            days *= ends
        return days


@lru_cache(maxsize=64)
def _phases_after(horizon: int) -> npt.NDArray[np.intp]:
    return future_phases(horizon)


@lru_cache(maxsize=64)
def _month_ends_after(end: np.datetime64, horizon: int) -> Bools:
    return np.asarray(is_month_end(future_days(np.array([end]), horizon))[0])


def decay(days: int, half_life: float) -> Floats:
    """Return the weight of each age: one half every `half_life` days."""
    return np.asarray(np.exp2(-np.arange(days) / half_life))


def fit_shape(panel: Panel, usual_week: Floats | None = None, *, quarters: bool = True) -> CalendarShape:
    """Return each series' weekday profile and month-end factor, shrunk to 1 where little is known.

    Histories shorter than four weeks are shrunk to `usual_week` float64[7] by phase instead, where it is given. With
    `quarters` the ends of quarters are told from those of other months.
    """
    known = panel.known
    flags = panel.month_ends()
    prior, prior_days = np.ones((panel.series, WEEK)), np.full((panel.series, 1), PROFILE_PRIOR_DAYS)
    if usual_week is not None:
        short = known.sum(axis=1) < SHORT_DAYS
        prior[short], prior_days[short] = usual_week, POOLED_PRIOR_DAYS
    week = _week(panel, known & ~flags, prior=prior, prior_days=prior_days)
    nothing = no_quarters(panel.series)
    over = CalendarShape(week, np.ones(panel.series), nothing).over(panel)
    flat, local = _flattened(panel, over, ordinary=known & ~flags)
    used = known & flags & (np.nan_to_num(local) > 0)
    ratio = np.divide(flat, local, out=np.zeros_like(flat), where=used)
    told = known & (over > SOLID_SHAPE)
    found = find_quarter_ends(np.where(told, flat, np.nan), ratio, used & told, panel.ends) if quarters else nothing
    if found.is_found.any():
        used &= ~found.inside(panel.days())
    return CalendarShape(week, _month_end(ratio, used), found)


def _week(panel: Panel, used: Bools, *, prior: Floats, prior_days: Floats) -> Floats:
    """Ratio of weighted sums of days to the week around them, so that growth and steps do not bend the profile."""
    known = panel.known
    local = centred_mean(np.where(known, panel.values, 0.0), known, width=WEEK)
    usable = used & (np.nan_to_num(local) > 0)
    ratio = np.divide(panel.values, local, out=np.zeros_like(local), where=usable)
    weight = np.where(usable, decay(panel.values.shape[1], PROFILE_HALF_LIFE)[None, :], 0.0)
    shape = (panel.series, -1, WEEK)
    total = (weight * np.minimum(ratio, LOCAL_CLIP)).reshape(shape).sum(axis=1)
    days = weight.reshape(shape).sum(axis=1)
    week = np.maximum((total + prior_days * prior) / (days + prior_days), PROFILE_FLOOR)
    return np.asarray(week / week.mean(axis=1, keepdims=True))


def _flattened(panel: Panel, shape: Floats, *, ordinary: Bools) -> tuple[Floats, Floats]:
    """Return the days without their week, 0 where unknown, and the mean of the `ordinary` ones around each."""
    flat = np.where(panel.known, panel.values, 0.0) / shape
    return flat, centred_mean(np.where(ordinary, flat, 0.0), ordinary, width=29)


def _month_end(ratio: Floats, used: Bools) -> Floats:
    """Return the month-end factor where two month ends were seen and it is above 1.3, else 1."""
    weight = np.where(used, decay(ratio.shape[1], MONTH_END_HALF_LIFE)[None, :], 0.0)
    days = weight.sum(axis=1)
    factor = (weight * ratio).sum(axis=1) + MONTH_END_PRIOR_DAYS
    factor = np.minimum(factor / (days + MONTH_END_PRIOR_DAYS), MONTH_END_CAP)
    seen = used.sum(axis=1) >= 2 * 2
    return np.asarray(np.where(seen & (factor > MONTH_END_RATIO), factor, 1.0))
