"""Days of the month: where they are in a history and after it, and which of them cost far more than the days around."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from reconciler.forecast.panel import DAY, MONTH, Bools, Days, Floats, median, running_median
from reconciler.forecast.windows import WEEK

Ints = npt.NDArray[np.intp]
SLOTS: tuple[int, ...] = (*range(1, 29), -1, -2, -3)
"""The 1st to the 28th, and the last, last but one and last but two day of a month."""
LAST_THREE = slice(28, 31)
ENDS = 0.02
"""How likely what comes each month is to end in one."""
MADS = 5.0
RECENT_DAYS = 112
DEARER = 0.5
ACTIVE_SHARE = 0.2
"""Of four weeks: where fewer days cost anything, an ordinary day costs nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """`excess` float64[series, days] is what a day costs above an ordinary one of the four weeks around it.

    `is_peak` where that is more than one such day, and than five times the usual distance from it; `is_dearer` where it
    is more than half of one. NaN says nothing.
    """

    excess: Floats
    is_peak: Bools
    is_dearer: Bools


def peaks(values: Floats) -> Peaks:
    """Return the peaks of `values` float64[series, days], newest day first, whole weeks."""
    spent = np.where(values > 0, values, np.nan)
    ordinary = np.nan_to_num(np.where(_active_share(values) >= ACTIVE_SHARE, running_median(spent), 0.0))
    distance = np.nan_to_num(median(np.abs(spent - ordinary)[:, :RECENT_DAYS]))
    # Where days around cost nothing, those that do are all there is: their size is no measure of distance.
    least = np.where(ordinary > 0, np.maximum(MADS * distance[:, None], ordinary), 0.0)
    excess = values - ordinary
    return Peaks(excess, excess > least, excess > DEARER * ordinary)


def _active_share(values: Floats) -> Floats:
    """Return the share of days that cost anything among the known ones of the same four weeks as `running_median`."""
    weeks = values.shape[1] // WEEK
    active = (values > 0).reshape(len(values), weeks, WEEK).sum(axis=2)
    known = np.isfinite(values).reshape(len(values), weeks, WEEK).sum(axis=2)
    low = np.clip(np.arange(weeks) - 2, 0, max(weeks - 4, 0))
    high = np.minimum(low + 4, weeks)
    sums = [np.concatenate([np.zeros((len(values), 1)), np.cumsum(part, axis=1)], axis=1) for part in (active, known)]
    active, known = (part[:, high] - part[:, low] for part in sums)
    return np.repeat(active / np.maximum(known, 1), WEEK, axis=1)


def ages_of(ends: Days, width: int) -> Ints:
    """Return int[series, slots, months]: the age of each slot's days, the newest first, -1 where there is none."""
    unique, rows = np.unique(ends, return_inverse=True)
    return np.stack([_ages(end, width) for end in unique])[rows]


@lru_cache(maxsize=64)
def _ages(end: np.datetime64, width: int) -> Ints:
    month = end.astype("datetime64[M]")
    months = month - np.arange(width // 28 + 2) * MONTH
    ages = np.stack([(end - _day(months, slot)).astype(np.intp) for slot in SLOTS])
    ages[(ages < 0) | (ages >= width)] = -1
    order = np.argsort(ages < 0, axis=1, kind="stable")
    return np.take_along_axis(ages, order, axis=1)


def days_ahead(end: np.datetime64, slot: int, horizon: int) -> list[int]:
    """Return the days after `end` that are the slot's, counted from the first one on, fewer than `horizon`."""
    months = end.astype("datetime64[M]") + np.arange(horizon // 28 + 2) * MONTH
    steps = (_day(months, slot) - end).astype(np.intp) - 1
    return [int(step) for step in steps if 0 <= step < horizon]


def _day(months: Days, slot: int) -> Days:
    if slot > 0:
        return np.asarray(months.astype("datetime64[D]") + (slot - 1) * DAY)
    return np.asarray((months + MONTH).astype("datetime64[D]") + slot * DAY)


def day_words(slot: int) -> str:
    if slot < 0:
        return ("the last day", "the last day but one", "the last day but two")[-slot - 1]
    ending = "th" if 11 <= slot <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(slot % 10, "th")
    return f"the {slot}{ending}"
