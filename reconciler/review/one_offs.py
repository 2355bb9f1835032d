"""Days that stand far above their neighbours and are over: what ran away for a while and is no change of demand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reconciler.review.traffic import Bools, Floats, Ints

NEIGHBOURS = 28
LONGEST = 10
"""Days that a one-off lasts at most; what lasts longer is a change."""

AFTER = 5
"""Days that must be known after it: what is not over yet may be there to stay."""

FAR, NEAR = 1.8, 1.25
FAR_SPREADS, NEAR_SPREADS = 4.0, 1.5
MOST_SILENT = 0.3


def one_off_days(cost: Floats, weekdays: Ints) -> Bools:
    """Return which days of a series of daily cost are one-offs.

    A day is looked at against the median of four weeks on each side, its weekday taken into account: one beyond `FAR`
    times that and four robust spreads, with those beside it that are clearly above it as well.
    """
    none = np.zeros(len(cost), dtype=bool)
    active = np.flatnonzero(cost > 0)
    if len(active) < 3 * 7:
        return none
    alive = cost[active[0] :]
    if (alive <= 0).mean() > MOST_SILENT:
        return none
    logs = np.log(np.where(cost > 0, cost, np.nan))
    off = logs - _local_median(logs)
    off = off - _by_weekday(off, weekdays)[weekdays]
    spread = 1.4826 * float(np.nanmedian(np.abs(off)))
    above = np.nan_to_num(off, nan=-1.0)
    far, near = max(np.log(FAR), FAR_SPREADS * spread), max(np.log(NEAR), NEAR_SPREADS * spread)
    for start, end in _runs(above > near):
        is_over = len(cost) - end >= AFTER and start > 0
        if end - start <= LONGEST and is_over and (above[start:end] > far).any():
            none[start:end] = True
    return none


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


def _runs(flags: Bools) -> Iterator[tuple[int, int]]:
    """Yield each run of true values, as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
