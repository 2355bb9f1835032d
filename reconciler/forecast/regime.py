"""Regimes: the day since which a wallet costs what it costs now, after a launch, a price cut or a cache launch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reconciler.forecast.panel import Bools, Floats, median, running_median, zero_share
from reconciler.forecast.windows import WEEK

SHORTEST = 4
LONGEST = 42
BEFORE = 35
DOUBTFUL = 2.7
CERTAIN = 5.2
"""t-values between which a change goes from ignored to certain; high, because the best of many days is taken."""
SMALLEST_CHANGE = 0.18
DRIFT = 0.5
"""How much of the weeks' own unrest is held against a change."""
MOVED = 0.3
AGREEMENT = 0.85
"""The share of days after the change that must have moved by a good part of it: an outage is not a new level."""
INTERMITTENT_SHARE = 0.15
SOLID_SHAPE = 0.3
SETTLED = 0.65


@dataclass(frozen=True, slots=True, eq=False)
class Regime:
    """`days` int[series] is how long the present level has lasted, the whole width where no change was found.

    `certainty` float64[series] is the share of paths that believe in the change; 1 where there is none to doubt.
    """

    days: npt.NDArray[np.intp]
    certainty: Floats
    width: int

    @property
    def settled(self) -> npt.NDArray[np.intp]:
        """The days of the present level where the change is likely, else the whole width."""
        return np.where(self.certainty > SETTLED, self.days, self.width)


def fit_regime(values: Floats, shape: Floats) -> Regime:
    """Return the present regime of each series.

    For each candidate day the mean log cost after it is compared with the 35 days before; the change with the
    largest t-value counts if it is beyond what the noise of days and the drift of weeks explain.
    """
    logs, used = _logs(values, shape)
    daily, weekly = _noise(logs, used)
    width = values.shape[1]
    best = np.zeros(len(values))
    since = np.full(len(values), width, dtype=np.intp)
    totals, counts = _running(np.where(used, logs, 0.0)), _running(used.astype(np.float64))
    eligible = zero_share(values) < INTERMITTENT_SHARE
    for days in range(SHORTEST, min(LONGEST, width - SHORTEST) + 1):
        far = min(days + BEFORE, width)
        after, before = counts[:, days], counts[:, far] - counts[:, days]
        earlier = (totals[:, far] - totals[:, days]) / np.maximum(before, 1)
        change = totals[:, days] / np.maximum(after, 1) - earlier
        error = np.sqrt(daily**2 * (1 / np.maximum(after, 1) + 1 / np.maximum(before, 1)) + DRIFT * weekly**2)
        distance = (logs[:, :days] - earlier[:, None]) * np.sign(change)[:, None]
        moved = used[:, :days] & (distance > MOVED * np.abs(change)[:, None])
        credible = (after >= 3) & (before >= WEEK) & eligible & (moved.sum(axis=1) >= AGREEMENT * after)
        value = np.where(credible & (np.abs(change) > SMALLEST_CHANGE), np.abs(change) / error, 0.0)
        since = np.where((value > DOUBTFUL) & (value > best), days, since)
        best = np.maximum(best, value)
    belief = np.clip((best - DOUBTFUL) / (CERTAIN - DOUBTFUL), 0.0, 1.0)
    return Regime(since, np.where(since < width, belief, 1.0), width)


def _logs(values: Floats, shape: Floats) -> tuple[Floats, Bools]:
    """Return log costs at shape 1, bounded below by a twentieth of the typical day, and which of them to look at."""
    known = np.isfinite(values) & (shape > SOLID_SHAPE)
    positive = np.where(known & (values > 0), values, np.nan)
    typical = median((positive / shape)[:, : 8 * WEEK])[:, None]
    floor = np.where(np.isfinite(typical), 0.05 * typical, 1.0)
    return np.log(np.maximum(np.where(known, values, 0.0) / shape, floor)), known


def _noise(logs: Floats, used: Bools) -> tuple[Floats, Floats]:
    """Return the robust deviation of a day from the weeks around it, and of a week's mean from the next week's."""
    seen = np.where(used, logs, np.nan)
    day = 1.4826 * median(np.abs(seen - running_median(seen))[:, : 12 * WEEK])
    blocks = np.where(used, logs, 0.0).reshape(len(logs), -1, WEEK)[:, :16].sum(axis=2)
    counts = used.reshape(len(logs), -1, WEEK)[:, :16].sum(axis=2)
    means = np.where(counts >= 3, blocks / np.maximum(counts, 1), np.nan)
    week = 1.4826 * median(np.abs(means[:, 1:] - means[:, :-1])) if means.shape[1] > 1 else np.full(len(logs), np.nan)
    return np.maximum(np.nan_to_num(day, nan=0.5), 0.03), np.maximum(np.nan_to_num(week, nan=0.2), 0.03)


def _running(values: Floats) -> Floats:
    totals = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=totals[:, 1:])
    return totals
