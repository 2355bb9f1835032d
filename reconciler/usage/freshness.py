"""How far the data reach: whether the last day is there in full or was cut off while it was going on."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

TRAILING_DAYS = 28
FEWEST_DAYS = 3
CLEARLY_FEWER = 0.8
_DAY = np.timedelta64(1, "D")


def last_complete_day(
    days: npt.NDArray[np.datetime64],
    latest: npt.NDArray[np.datetime64],
    events: npt.NDArray[np.int64],
    *,
    end: date,
) -> date | None:
    """Return the last day before `end` whose events are all there, None when there is no day.

    `days` (may repeat), with the moment of the `latest` event and the number of `events` of each entry. The last day
    is incomplete when nothing later is known, its events stop at an earlier time of day than on every one of the up to
    28 days before it, and they are fewer than 0.8 of the median for its weekday (of all those days when the weekday was
    seen less than twice). Dates without a time of day never look cut off. Below three days nothing can be said.
    """
    unique, inverse = np.unique(days, return_inverse=True)
    counts = np.zeros(len(unique), np.int64)
    np.add.at(counts, inverse, events)
    ends = np.full(len(unique), np.datetime64(0, "us"))
    np.maximum.at(ends, inverse, latest)
    before = unique < np.datetime64(end, "D")
    if not before.any():
        return None
    last = int(np.flatnonzero(before)[-1])
    cut_off = last == len(unique) - 1 and _stops_early(unique[: last + 1], ends[: last + 1], counts[: last + 1])
    day: date = (unique[last] - _DAY if cut_off else unique[last]).item()
    return day


def _stops_early(
    days: npt.NDArray[np.datetime64], ends: npt.NDArray[np.datetime64], counts: npt.NDArray[np.int64]
) -> bool:
    trailing = (days < days[-1]) & (days >= days[-1] - TRAILING_DAYS * _DAY)
    if np.count_nonzero(trailing) < FEWEST_DAYS:
        return False
    time_of_day = ends - days
    same_weekday = trailing & ((days[-1] - days).astype(int) % 7 == 0)
    usual = counts[same_weekday if np.count_nonzero(same_weekday) >= 2 else trailing]
    return bool(time_of_day[-1] < time_of_day[trailing].min() and counts[-1] < CLEARLY_FEWER * np.median(usual))
