"""What happens without a shift: a level that adapts, and days around it that echo the day before."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from reconciler.forecast.panel import Bools, Floats, median
from reconciler.forecast.turns import Ints
from reconciler.forecast.windows import WEEK

PACES = tuple(1.0 - 2.0 ** (-1.0 / days) for days in (20.0, 8.0))
"""How fast the level may adapt: half-lives of so many days. What explains a series best is its own."""
FEWEST_WEEKS = 4
MEDIAN_ERROR = 1.25
"""The standard error of a median, as a multiple of a mean's."""
LAG_ERROR = 1.0
"""The lag is a mean over weekdays whose days are alike, so that it is about as uncertain as one of them."""
CLIPPED = 2.0
"""Deviations beyond which a day moves the adapting level no further."""
FOLLOWED = 28
"""Where most of so many days are beyond on one side, the level has jumped, and is where they are."""
FREEDOM = 3.0
MAD_OF_T3 = 0.765
LARGEST_ECHO = 0.6
SMALLEST_NOISE = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Steady:
    """What happens without a shift, by age: innovations, and the level that each day begins with. `noise` is the scale
    of innovations, `echo` how much of a deviation the next day repeats, `drift` how much the level moves in a day.
    """

    residual: Floats
    level: Floats
    deviation: Floats
    noise: Floats
    echo: Floats
    drift: Floats

    def rows(self, chosen: Ints) -> Steady:
        return Steady(*(getattr(self, each.name)[chosen] for each in fields(self)))

    def where(self, chosen: Bools, other: Steady) -> Steady:
        """Return the rows of `other` where they are `chosen`."""
        pairs = ((getattr(self, each.name), getattr(other, each.name)) for each in fields(self))
        return Steady(*(np.where(chosen if own.ndim == 1 else chosen[:, None], new, own) for own, new in pairs))


def fit_steady(logs: Floats, used: Bools) -> tuple[Steady, Floats]:
    """Return it with `logs` without what the calendar shape left in them."""
    best, best_logs = _at_pace(logs, used, PACES[0])
    for pace in PACES[1:]:
        found, evened = _at_pace(logs, used, pace)
        better = _likelihood(found, used) > _likelihood(best, used)
        best, best_logs = best.where(better, found), np.where(better[:, None], evened, best_logs)
    return best, best_logs


def _likelihood(found: Steady, used: Bools) -> Floats:
    told = log_density(found.residual, found.noise) - np.log(found.noise)[:, None]
    return np.asarray(np.where(used, told, 0.0).sum(axis=1))


def _at_pace(logs: Floats, used: Bools, pace: float) -> tuple[Steady, Floats]:
    nothing = np.zeros(len(logs))
    noise, echo, drift = _first_noise(logs, used), nothing, nothing
    for _ in range(2):
        found = _filtered(logs, used, pace, noise, echo, drift)
        phase, lag = _bias(found, used)
        logs = logs - np.tile(phase, (1, logs.shape[1] // WEEK))
        drift = drift + pace * lag
        noise, echo = _noise(found, used)
    return _filtered(logs, used, pace, noise, echo, drift), logs


def _bias(found: Steady, used: Bools) -> tuple[Floats, Floats]:
    """Return what the calendar shape left of each weekday, float64[series, 7], and by how much the level lags behind.

    Both are medians, shrunk to nothing where they are no larger than their own error.
    """
    weeks = np.where(used, found.deviation, np.nan).reshape(len(used), -1, WEEK)
    by_phase = weeks.transpose(0, 2, 1).reshape(-1, weeks.shape[1])
    count = np.isfinite(by_phase).sum(axis=1).reshape(-1, WEEK)
    middle = np.where(count >= FEWEST_WEEKS, np.nan_to_num(median(by_phase)).reshape(-1, WEEK), 0.0)
    error = MEDIAN_ERROR * found.noise[:, None] / np.sqrt(np.maximum(count, 1))
    lag = middle.mean(axis=1)
    phase = middle - lag[:, None]
    return _shrunk(phase, error), _shrunk(lag, LAG_ERROR * error.mean(axis=1))


def _shrunk(values: Floats, error: Floats) -> Floats:
    square = np.square(values)
    kept = 1.0 - np.divide(np.square(error), square, out=np.ones_like(square), where=square > 0)
    return np.asarray(values * np.maximum(kept, 0.0))


def _noise(found: Steady, used: Bools) -> tuple[Floats, Floats]:
    pair = used[:, 1:] & used[:, :-1]
    limit = 3 * found.noise[:, None]
    newer, older = (np.clip(part, -limit, limit) for part in (found.deviation[:, :-1], found.deviation[:, 1:]))
    squares = np.where(pair, older * older, 0.0).sum(axis=1)
    echo = np.where(pair, newer * older, 0.0).sum(axis=1) / np.maximum(squares, 1e-12)
    spread = median(np.where(used, np.abs(found.residual), np.nan))
    noise = np.maximum(np.nan_to_num(spread, nan=0.5) / MAD_OF_T3, SMALLEST_NOISE)
    return noise, np.clip(echo, 0.0, LARGEST_ECHO)


def _first_noise(logs: Floats, used: Bools) -> Floats:
    steps = np.where(used[:, 1:] & used[:, :-1], np.abs(logs[:, :-1] - logs[:, 1:]), np.nan)
    return np.maximum(np.nan_to_num(median(steps), nan=0.5), SMALLEST_NOISE)


def _filtered(logs: Floats, used: Bools, pace: float, noise: Floats, echo: Floats, drift: Floats) -> Steady:
    days = logs.shape[1]
    seen = np.where(used, logs, np.nan)
    start = median(seen[:, max(days - 4 * WEEK, 0) :])
    level = np.where(np.isfinite(start), start, np.nan_to_num(median(seen)))
    last = np.zeros(len(logs))
    residual, levels, deviations = np.zeros_like(logs), np.empty((len(logs), days + 1)), np.zeros_like(logs)
    beyond, count = np.zeros_like(logs), np.zeros(len(logs))
    levels[:, days] = level
    for age in range(days - 1, -1, -1):
        known = used[:, age]
        deviation = np.where(known, logs[:, age] - level, 0.0)
        residual[:, age] = np.where(known, deviation - echo * last, 0.0)
        deviations[:, age] = deviation
        level = level + drift + pace * np.clip(deviation, -CLIPPED * noise, CLIPPED * noise)
        last = np.where(known, deviation, last)
        beyond[:, age] = np.sign(deviation) * (np.abs(deviation) > CLIPPED * noise)
        count += beyond[:, age] - (beyond[:, age + FOLLOWED] if age + FOLLOWED < days else 0.0)
        for row in np.flatnonzero(np.abs(count) > FOLLOWED / 2):
            window = slice(age, age + FOLLOWED)
            there = beyond[row, window] == np.sign(count[row])
            level[row] = np.median(logs[row, window][there])
            deviations[row, window][there] = logs[row, window][there] - level[row]
            last[row], beyond[row, window], count[row] = deviations[row, age], 0.0, 0.0
        levels[:, age] = level
    return Steady(residual, levels, deviations, noise, echo, drift)


def log_density(residual: Floats, noise: Floats) -> Floats:
    """Return the log density of Student's t with three degrees of freedom, but for a constant."""
    scale = FREEDOM * np.square(noise)
    return np.asarray(-0.5 * (FREEDOM + 1) * np.log1p(np.square(residual) / scale[:, None]))
