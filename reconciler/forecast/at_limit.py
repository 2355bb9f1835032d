"""What was asked for on days at a rate limit: no unknown days, for demand was at least what the limit let by."""

from __future__ import annotations

from functools import lru_cache
from math import exp, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from reconciler.forecast.panel import Bools, Floats
from reconciler.forecast.windows import WEEK

AROUND = 14
"""Days before and after one among which those at the limit are counted."""
USUAL_NOISE, LEAST_NOISE = 0.1, 0.01
"""How far days of the same weekday differ, in logs: where nothing tells, and at least."""
FEWEST_PAIRS = 7
REMEMBERED = 8
"""Of so many days of the same weekday, the last ones before the limit held, the middle is what was asked for then."""

_NORMAL = NormalDist()


class Ceiling(NamedTuple):
    """On how many days of its history a wallet was out of money, and on how many at a rate limit."""

    dry: int = 0
    limited: int = 0


def demand_behind(history: Floats, limited: Bools) -> Floats:
    """Return `history` float64[days], oldest first, with what was asked for on its `limited` days.

    That is what days above the limit cost on average where as many of the days around are at it as are, by a lognormal
    law with the noise of the days below it; and no less than what the weekday cost before, if that is more.
    """
    if not limited.any():
        return history
    known = np.isfinite(history)
    below = known & ~limited & (history > 0)
    noise = _noise(history, below)
    window = np.ones(2 * AROUND + 1)
    around, at = (np.convolve(days.astype(np.float64), window)[AROUND:-AROUND] for days in (known, known & limited))
    asked = history.copy()
    for day in np.flatnonzero(known & limited).tolist():
        same = np.arange(day % WEEK, day, WEEK)
        before = history[same[below[same]]][-REMEMBERED:]
        usual = float(np.median(before)) if len(before) else 0.0
        asked[day] = max(history[day] * _above(int(at[day]), int(around[day]), noise), usual)
    return asked


def _noise(history: Floats, below: Bools) -> float:
    pairs = below[WEEK:] & below[:-WEEK]
    if np.count_nonzero(pairs) < FEWEST_PAIRS:
        return USUAL_NOISE
    steps = np.log(history[WEEK:][pairs] / history[:-WEEK][pairs])
    return max(1.4826 * float(np.median(np.abs(steps))) / sqrt(2.0), LEAST_NOISE)


@lru_cache(maxsize=1024)
def _above(at: int, days: int, noise: float) -> float:
    """Return what a day at a limit asks for on average, as a multiple of the limit, if `at` of `days` are at it."""
    over = _NORMAL.inv_cdf(at / (days + 1))
    return exp(over * noise + noise * noise / 2) * _NORMAL.cdf(noise + over) / _NORMAL.cdf(over)
