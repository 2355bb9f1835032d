"""Days that stand far above their neighbours and are over: what ran away for a while and is no change of demand.

It judges up to ten days against the four weeks on each side, to take them out of a period's causes; whole months
against the shape of a year, which a person is asked about, are in `reconciler.forecast.annual.anomalies`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from reconciler.forecast.calendar import day_before
from reconciler.forecast.happenings.month_days import ages_of
from reconciler.review.noise import lasting
from reconciler.review.traffic import Bools, Floats, Ints

NEIGHBOURS = 28
LONGEST = 10
"""Days that a one-off lasts at most; what lasts longer is a change."""

AFTER = 5
"""Days that must be known after it: what is not over yet may be there to stay."""

FAR = 1.5
FAR_ERRORS = 4.0
"""So many standard errors from the usual: of a year's windows, about a thousand that differ, chance puts none there in
nineteen of twenty years."""

FEWEST_MONTHS, REGULAR = 3, 0.75
"""What comes on one day of so many months, and of such a share of them, is a charge of each month."""

OUTLIER, TO_SIGMA = 3.0, 1.4826
MOST_SILENT = 0.5


def one_off_days(cost: Floats, weekdays: Ints) -> Bools:
    """Return which days of a daily series are one-offs.

    Every window of days is looked at (a scan statistic): its mean against the median of four weeks before it and of
    four weeks after it, whichever is higher, each day's weekday taken into account. So neither growth nor a new level
    stands out. What stands out most is taken first, and is a one-off unless it is too long.
    """
    found = np.zeros(len(cost), dtype=bool)
    active = np.flatnonzero(cost > 0)
    if len(active) < 3 * 7 or (cost[active[0] :] <= 0).mean() > MOST_SILENT:
        return found
    logs = np.log(np.where(cost > 0, cost, np.nan))
    level = _local_median(logs)
    profile = _by_weekday(logs - level, weekdays)[weekdays]
    windows = _windows(logs - profile, *_daily_noise(logs - profile - level))
    taken = found.copy()
    for start, end in windows:
        if not taken[start:end].any():
            taken[start:end] = True
            found[start:end] = end - start <= LONGEST
    return found


def monthly(found: Bools, end: date) -> Bools:
    """Return which of the days `found`, the last of which is the day before `end`, come on the same day of each month.

    They did on three of four months from the first to the last of them, and on three at least.
    """
    regular = np.zeros(len(found), dtype=bool)
    for ages in ages_of(np.array([day_before(end)]), len(found))[0]:
        days = len(found) - 1 - ages[ages >= 0]
        months = np.flatnonzero(found[days])
        if len(months) >= FEWEST_MONTHS and len(months) >= REGULAR * (months[-1] - months[0] + 1):
            regular[days[months]] = True
    return regular


def _windows(logs: Floats, daily: float, part: float) -> list[tuple[int, int]]:
    """Return the windows that stand out, as [start, end), the clearest first."""
    known = ~np.isnan(logs)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, logs, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    before, after = _before_and_after(logs)
    found: list[tuple[float, int, int]] = []
    for length in range(1, 2 * LONGEST + 1):
        starts = np.arange(1, len(logs) - length - AFTER + 1)
        ends = starts + length
        usual = np.fmax(before[starts], after[ends])
        count = counts[ends] - counts[starts]
        mean = np.divide(sums[ends] - sums[starts], count, out=np.full(len(starts), np.nan), where=count > 0) - usual
        score = mean * np.sqrt(count) / (daily * _longer(part, length))
        edges = np.fmin(logs[starts], logs[ends - 1]) - usual
        far = (mean > np.log(FAR)) & (score > FAR_ERRORS) & (edges > 0)
        found += zip(score[far].tolist(), starts[far].tolist(), ends[far].tolist(), strict=True)
    return [(start, end) for _, start, end in sorted(found, reverse=True)]


def _daily_noise(off: Floats) -> tuple[float, float]:
    """Return the standard deviation of a day, and which part of it lasts to the next. Outliers count in part."""
    known = off[~np.isnan(off)]
    known = known - np.median(known)
    usual = max(TO_SIGMA * float(np.median(np.abs(known))), 1e-3)
    return usual, lasting(known.clip(-OUTLIER * usual, OUTLIER * usual))


def _longer(part: float, length: int) -> float:
    """Return how much larger the standard error of a mean of days is than that of as many that are independent."""
    together = sum((1 - lag / length) * part**lag for lag in range(1, length))
    return float(np.sqrt(1 + 2 * together))


def _before_and_after(values: Floats) -> tuple[Floats, Floats]:
    """Return for each place the median of the four weeks before it, and of those from it on."""
    padded = np.pad(values, NEIGHBOURS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, NEIGHBOURS)
    known = (~np.isnan(windows)).sum(axis=1) >= AFTER
    medians = np.full(len(windows), np.nan)
    medians[known] = np.nanmedian(windows[known], axis=1)
    return medians[: len(values) + 1], medians[NEIGHBOURS:]


def usual(requests: Floats, weekdays: Ints, away: Bools) -> Floats:
    """Return how many requests each day usually has: the median of its neighbours that are not `away`."""
    if not len(requests):
        return requests
    kept = np.where(away, np.nan, requests)
    level = _local_median(kept)
    ratio = kept / np.where(level > 0, level, np.nan)
    profile = np.exp(_by_weekday(np.log(np.where(ratio > 0, ratio, np.nan)), weekdays))
    return np.nan_to_num(level * profile[weekdays], nan=0.0)


def _local_median(values: Floats) -> Floats:
    padded = np.pad(values, NEIGHBOURS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1)
    known = ~np.isnan(windows).all(axis=1)
    found = np.full(len(values), np.nan)
    found[known] = np.nanmedian(windows[known], axis=1)
    return found


def _by_weekday(values: Floats, weekdays: Ints) -> Floats:
    """Return the median of each weekday, 0 where there is none."""
    own = [values[(weekdays == day) & ~np.isnan(values)] for day in range(7)]
    return np.asarray([float(np.median(each)) if len(each) else 0.0 for each in own])


def runs(flags: Bools) -> Iterator[tuple[int, int]]:
    """Yield each run of true values, as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
