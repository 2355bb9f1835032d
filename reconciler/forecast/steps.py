"""Steps: since when, and by how much, a daily ratio such as a token's price is on another level than before.

A day is judged by the days around it alone, so that a step is found on the same day however long ago it was. What
drifts is no step: a straight line says more of the days around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reconciler.forecast.cache_ramp import Floats
from reconciler.forecast.windows import LONG_WINDOW_DAYS, WEEK, WINDOW_DAYS

SMALLEST_CHANGE = 0.04
"""In logs; what is smaller is left to the level."""
CERTAIN = 6.0
"""A change counts from so many standard errors on: the best of many days is taken."""
FEWEST_DAYS = 2
"""Known days of the newest level; of any other one there must be a week."""
LOOKED_AT = 2 * WINDOW_DAYS
"""Known days on either side that tell how sure a step is; those of half as many tell whether it came at once."""
FEWEST_BLOCKS = 14
MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Step:
    """For `days` the log of something is by `change` another one than before, when it was `before`."""

    days: int
    change: float
    before: float


def find_steps(logs: Floats, *, noise: float) -> list[Step]:
    """Return the steps of `logs` (newest day first, NaN unknown), the newest one first.

    A day has at least `noise`.
    """
    known = np.flatnonzero(np.isfinite(logs))
    if len(known) < FEWEST_DAYS + WEEK:
        return []
    values = logs[known]
    places = sorted(_places(values, 0, len(known), max(noise, _noise_of(values))))
    bounds = [0, *places, len(known)]
    steps = []
    for low, place, high in zip(bounds, places, bounds[2:], strict=False):
        now = float(np.median(values[max(low, place - LONG_WINDOW_DAYS) : place]))
        before = float(np.median(values[place : min(high, place + LONG_WINDOW_DAYS)]))
        steps.append(Step(int(known[place - 1]) + 1, now - before, before))
    return steps


def _noise_of(values: Floats) -> float:
    """Return the noise of a day as what follows each other differs by it: days, weeks and two weeks.

    Where noise lingers weeks differ by more than their days tell. A few steps do not change the middle one.
    """
    found = [0.0]
    for days in (1, WEEK, 2 * WEEK):
        count = len(values) // days
        if days == 1 or count >= FEWEST_BLOCKS:
            means = np.median(values[: count * days].reshape(count, days), axis=1)
            found.append(float(np.median(np.abs(np.diff(means)))) * float(np.sqrt(days / 2.0)))
    return MAD * max(found)


def levels_of(steps: list[Step], days: int) -> Floats:
    """Return float64[days], newest first: by how much, in logs, now is above each day by `steps`."""
    ages = np.arange(days)
    return np.asarray(sum((np.where(ages >= step.days, step.change, 0.0) for step in steps), np.zeros(days)))


def _places(values: Floats, low: int, high: int, noise: float) -> Iterator[int]:
    """Yield the place of each step in the days from `low` to `high`: there the level before begins."""
    part = values[low:high]
    least = WEEK if low else FEWEST_DAYS
    if len(part) < least + WEEK:
        return
    place = _best(part, noise, least)
    if place is not None:
        yield low + place
        yield from _places(values, low, low + place, noise)
        yield from _places(values, low + place, high, noise)


def _best(part: Floats, noise: float, least: int) -> int | None:
    """Return the place of the clearest step of `part`; None where there is none."""
    unknown = np.full(LOOKED_AT, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate((unknown, part, unknown)), LOOKED_AT)
    middles, places = _medians(windows), np.arange(least, len(part) - WEEK + 1)
    count = np.minimum(places, LOOKED_AT), np.minimum(len(part) - places, LOOKED_AT)
    doubt = np.sqrt(1.0 / count[0] + 1.0 / count[1])
    change = np.abs(middles[places] - middles[places + LOOKED_AT])
    may_be = change > np.maximum(SMALLEST_CHANGE, CERTAIN * noise * doubt)
    if not may_be.any():
        return None
    places = places[may_be]
    after, before = middles[places], middles[places + LOOKED_AT]
    rest = np.abs(np.hstack((windows[places] - after[:, None], windows[places + LOOKED_AT] - before[:, None])))
    clear = change[may_be] / (np.maximum(MAD * _medians(rest), noise) * doubt[may_be])
    while clear.max(initial=0.0) > CERTAIN:
        best = int(clear.argmax())
        place = _placed(part, int(places[best]), float(after[best]), float(before[best]), least)
        if _is_sharp(part, place):
            return place
        clear[np.abs(places - places[best]) <= WINDOW_DAYS] = 0.0
    return None


def _medians(rows: Floats) -> Floats:
    """Return the median of the finite values of each row; there must be one where anybody looks."""
    ordered = np.sort(rows, axis=1)
    count = np.isfinite(ordered).sum(axis=1)
    line = np.arange(len(rows))
    lower, upper = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, rows.shape[1] - 1)
    return np.asarray((ordered[line, lower] + ordered[line, upper]) / 2)


def _placed(part: Floats, place: int, after: float, before: float, least: int) -> int:
    """Return where around `place` the days change from one level to the other: that leaves the least unexplained."""
    low, high = max(place - WINDOW_DAYS, 0), min(place + WINDOW_DAYS, len(part))
    near = part[low:high]
    gained = np.append(0.0, np.cumsum(np.abs(near - after) - np.abs(near - before)))
    chosen = np.arange(low, high + 1)
    allowed = (chosen >= least) & (chosen <= len(part) - WEEK)
    return int(chosen[allowed][gained[allowed].argmin()])


def _is_sharp(part: Floats, place: int) -> bool:
    """Whether the days around `place` are at two levels, which say more of them than a straight line does."""
    after, before = part[max(place - WINDOW_DAYS, 0) : place], part[place : place + WINDOW_DAYS]
    new, old = float(np.median(after)), float(np.median(before))
    if abs(after[-1] - new) >= abs(after[-1] - old) or abs(before[0] - old) >= abs(before[0] - new):
        return False
    if abs(new - old) < SMALLEST_CHANGE:
        return False
    near = np.append(after, before)
    ages = np.arange(len(near)) - (len(near) - 1) / 2
    slope = float(ages @ near) / float(ages @ ages)
    line = np.abs(near - near.mean() - slope * ages).sum()
    step = np.abs(after - new).sum() + np.abs(before - old).sum()
    return bool(step < line)
