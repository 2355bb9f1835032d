"""Christmas: what a wallet did not spend over the holidays says nothing of what it costs when they are over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconciler.forecast.happenings.happening import Happening
from reconciler.forecast.panel import Bools, Days, Floats, Panel, zero_share

FIRST, LAST = np.timedelta64(19, "D"), np.timedelta64(35, "D")
"""20 December and 5 January, counted from 1 December."""
BEFORE_DAYS = 28
DIPPED = 0.75
INTERMITTENT_SHARE = 0.15
"""A wallet with more days without spend than that has quiet weeks all year."""
FEWEST_DAYS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Holidays(Happening):
    """Past holidays are left out of what is fitted; that is all."""

    def part(self, chosen: slice) -> Holidays:
        return self


def find_holidays(panel: Panel) -> tuple[Holidays, Panel]:
    """Return `panel` without the days from 20 December to 5 January of holidays that are over and were quiet."""
    days = panel.ends[:, None] - np.arange(panel.values.shape[1]).astype("timedelta64[D]")[None, :]
    values = panel.values
    for december in np.unique((panel.ends - LAST).astype("datetime64[Y]")).tolist():
        for year in (december.year, december.year - 1):
            values = _without(values, days, np.datetime64(f"{year}-12-01", "D"))
    return Holidays(), panel.with_values(values)


def _without(values: Floats, days: Days, december: np.datetime64) -> Floats:
    inside = (days >= december + FIRST) & (days <= december + LAST)
    before = (days < december + FIRST) & (days >= december + FIRST - np.timedelta64(BEFORE_DAYS, "D"))
    over = days[:, :1] >= december + LAST
    quiet = _typical(values, inside) < DIPPED * _typical(values, before)
    quiet &= zero_share(values) < INTERMITTENT_SHARE
    return np.asarray(np.where(inside & over & quiet[:, None], np.nan, values))


def _typical(values: Floats, chosen: Bools) -> Floats:
    """Return the mean of whole weeks' days of each series: weekends count as they come."""
    known = chosen & np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(values), np.nan), where=count >= FEWEST_DAYS))
