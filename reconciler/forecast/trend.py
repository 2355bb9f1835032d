"""The trend: an empirical-Bayes weekly slope of the log level, shrunk towards none and damped ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reconciler.forecast.panel import Bools, Floats
from reconciler.forecast.turns import Ints
from reconciler.forecast.windows import WEEK

TREND_WEEKS = 16
FEWEST_WEEKS = 4
PRIOR = 0.025
"""The standard deviation of weekly slopes over wallets."""
NOISE = 0.7
SMALLEST_NOISE = 0.05
STEEP = 0.35
STEEP_WEEKS = 10
STEEP_DOUBT = 0.2
"""A slope that has held for ten weeks may be steeper than the prior says; how long it goes on is uncertain."""
OTHERWISE = 1.5
"""So many times the difference between the two readings of weeks counts as doubt about the slope."""
DAMPING = 0.985


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """`slope` float64[series] is the expected weekly change of the log level, `spread` its standard deviation.

    From the fourth week on that is `later`: what makes weeks differ may be noise, and no walk of the level (0117).
    """

    slope: Floats
    spread: Floats
    later: Floats

    def part(self, chosen: slice) -> Trend:
        return Trend(self.slope[chosen], self.spread[chosen], self.later[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyLogs:
    """Log level of each week, newest first, and which of the weeks are usable: float64 and bool [series, weeks]."""

    logs: Floats
    usable: Bools


def fit_trend(tamed: Floats, shape: Floats, *, since: Ints, intermittent: Bools, walk: Floats | None = None) -> Trend:
    """Return the slope of the last weeks' log totals, of the last `since` days, shrunk by its own uncertainty.

    Steps between weeks count as a walk of the level, and later on as that only as far as months show one: `walk`
    float64[series] is the standard deviation of its step of a day, None where nobody looked.
    """
    weekly = _weekly(tamed, shape, since)
    usable = weekly.usable & ~intermittent[:, None]
    count = usable.sum(axis=1)
    slope, residual, squares = _line(weekly.logs, usable, count)
    noise = (np.square(residual).sum(axis=1) + 2 * SMALLEST_NOISE**2) / np.maximum(count, 1)
    pair = usable[:, 1:] & usable[:, :-1]
    steps = np.where(pair, residual[:, 1:] - residual[:, :-1], 0.0)
    drift = np.square(steps).sum(axis=1) / np.maximum(pair.sum(axis=1), 1)
    kept, spread = _shrunk(slope, noise / np.maximum(squares, 1.0) + drift / np.maximum(count, 1), count)
    if walk is None:
        return Trend(kept * slope, spread, spread)
    calm = WEEK * np.square(walk)
    other, later = _shrunk(slope, noise / np.maximum(squares, 1.0) + calm / np.maximum(count, 1), count)
    later = np.hypot(later, OTHERWISE * (other - kept) * slope)
    return Trend(kept * slope, spread, np.minimum(later, spread))


def _shrunk(slope: Floats, error: Floats, count: Ints) -> tuple[Floats, Floats]:
    """Return which part of a slope is kept, by the square of its error, and the standard deviation that remains."""
    error = NOISE * error
    prior = np.maximum(PRIOR**2, np.where(count >= STEEP_WEEKS, STEEP * np.square(slope), 0.0))
    learned = count >= FEWEST_WEEKS
    kept = np.where(learned, prior / (prior + error), 0.0)
    spread = np.sqrt(np.where(learned, kept * error, PRIOR**2) + np.square(STEEP_DOUBT * kept * slope))
    return kept, spread


def _weekly(tamed: Floats, shape: Floats, since: Ints) -> WeeklyLogs:
    weeks = min(TREND_WEEKS, tamed.shape[1] // WEEK)
    span = weeks * WEEK
    known = np.isfinite(tamed)[:, :span] & (np.arange(span)[None, :] < since[:, None])
    spent = np.where(known, tamed[:, :span], 0.0).reshape(-1, weeks, WEEK).sum(axis=2)
    base = np.where(known, shape[:, :span], 0.0).reshape(-1, weeks, WEEK).sum(axis=2)
    usable = (base > 0.5 * WEEK) & (spent > 0)
    return WeeklyLogs(np.log(np.where(usable, spent, 1.0) / np.where(usable, base, 1.0)), usable)


def _line(logs: Floats, usable: Bools, count: npt.NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
    """Return the least-squares slope a week, the residuals, and the sum of squared distances in time."""
    time = np.where(usable, -np.arange(logs.shape[1], dtype=np.float64), 0.0)
    divisor = np.maximum(count, 1)
    offset = np.where(usable, time - (time.sum(axis=1) / divisor)[:, None], 0.0)
    mean = np.where(usable, logs, 0.0).sum(axis=1) / divisor
    squares = np.square(offset).sum(axis=1)
    slope = (offset * logs).sum(axis=1) / np.maximum(squares, 1.0)
    residual = np.where(usable, logs - mean[:, None] - slope[:, None] * offset, 0.0)
    return slope, residual, squares


def weeks_ahead(weeks: int) -> Floats:
    """Return float64[weeks]: how many weeks of the slope have come about by the middle of each week, damped."""
    daily = np.cumsum(DAMPING ** np.arange(1, weeks * WEEK + 1)) / WEEK
    return np.asarray(daily.reshape(weeks, WEEK).mean(axis=1))
