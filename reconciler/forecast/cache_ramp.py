"""The cache's share of the requests as it moved: flat, then straight to another share within some days, then flat.

When that began, and whether it has ended, is weighed for all pairs of days; what goes on goes on as long again as it
has, more or less, and stops. So a cache that fills up is forecast to answer more, and not to answer all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from reconciler.forecast.windows import LONG_WINDOW_DAYS, WEEK

Floats = npt.NDArray[np.float64]
STARTS = (3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 28, 33, 39, 46, 54, 63, 74)
"""Days since a move began that are weighed; it ended on a later one of them, the day after it began, or not yet."""
DAYS_APART = 6.0
"""A day of those that are weighed stands for a sixth of its age."""
LARGEST_RATE = 0.95
SMALLEST_CHANGE = 0.04
CERTAIN = 36.0
"""A move counts where it leaves so many times the noise of a day less unexplained."""
DOUBT = 2.0
"""Days of one week are alike: they tell as much as so many times fewer days."""
LEAST_NOISE = 0.01
FEWEST_DAYS = 2 * WEEK
SOON, TAIL = 2.5, 1.6
"""A move that has gone on for `days` goes on for (SOON + days)·(u^(−1/TAIL) − 1) more."""


@dataclass(frozen=True, slots=True, eq=False)
class CacheRamp:
    """`rate` is the share that the cache answers now, `before` that before the move, `since` how many days ago it
    began. Of each hypothesis: its probability `odds`, the share `rates` now, the days since it began `starts`, and
    `slopes`, by how much the share moves a day, 0 where it has ended.
    """

    rate: float
    before: float
    since: int
    odds: Floats
    rates: Floats
    starts: Floats
    slopes: Floats
    course: Floats
    """float64[days], newest day first: the share of each day that is known."""

    @property
    def worth(self) -> Floats:
        """What each known day would cost with the share of now, as a multiple."""
        return np.asarray((1.0 - self.rate) / (1.0 - self.course))

    @property
    def goes_on(self) -> float:
        """The probability that the share is still on its way."""
        return float(self.odds[self.slopes != 0].sum())

    def factors(self, random: np.random.Generator, *, paths: int, weeks: int) -> Floats:
        """Return float64[weeks, paths]: what the cache makes of the middle of each week, by the cost of now."""
        place = np.cumsum(self.odds)[:-1].searchsorted(random.random(paths))
        left = (SOON + self.starts[place]) * (random.random(paths) ** (-1.0 / TAIL) - 1.0)
        middles = np.arange(weeks)[:, None] * WEEK + WEEK / 2
        rates = self.rates[place] + self.slopes[place] * np.minimum(middles, left)
        return np.asarray((1.0 - np.clip(rates, 0.0, LARGEST_RATE)) / (1.0 - self.rate))


def fit_cache_ramp(asked: Floats, answered: Floats) -> CacheRamp | None:
    """Return how the cache's share moved; None where it did not, or answers next to all. Both newest day first."""
    known = asked > 0
    if np.count_nonzero(known) < FEWEST_DAYS:
        return None
    weight = asked / asked[known].mean()
    rates = np.divide(answered, asked, out=np.zeros(len(asked)), where=known)
    weeks = _weekly(rates, weight)
    if weeks.max() - weeks.min() < SMALLEST_CHANGE / 2:
        return None
    shapes, squares, starts, ends = _hypotheses()
    before, change, unexplained, flat = _lines(shapes, squares, weight, rates)
    best = int(unexplained.argmin())
    chance = max(float(np.average(rates * (1.0 - rates), weights=weight)), LEAST_NOISE) / asked[known].mean()
    noise = max(float(unexplained[best]) / (np.count_nonzero(known) - 4), chance)
    is_change = flat - unexplained[best] > CERTAIN * noise and abs(change[best]) > SMALLEST_CHANGE
    if not is_change or before[best] + change[best] > LARGEST_RATE:
        return None
    odds = _prior(starts, ends) * np.exp((unexplained[best] - unexplained) / (2.0 * DOUBT * noise))
    odds /= odds.sum()
    now = np.clip(before + change, 0.0, LARGEST_RATE)
    course = odds @ (before[:, None] + change[:, None] * shapes)
    return CacheRamp(
        rate=float(odds @ now),
        before=float(np.clip(before[best], 0.0, LARGEST_RATE)),
        since=int(starts[best]),
        odds=odds,
        rates=now,
        starts=starts,
        slopes=np.where(ends == 0, change / starts, 0.0),
        course=np.clip(course + _left_over(weight, rates - course), 0.0, LARGEST_RATE),
    )


@lru_cache(maxsize=1)
def _hypotheses() -> tuple[Floats, Floats, Floats, Floats]:
    """Return how much of the move has come by each day, float64[hypotheses, days], its square, first and last day."""
    pairs = [(start, end) for start in STARTS for end in sorted({0, start - 1, *STARTS}) if end < start]
    starts, ends = np.array(pairs, dtype=np.float64).T
    ages = np.arange(LONG_WINDOW_DAYS) + 0.5
    shapes = np.clip((starts[:, None] - ages) / (starts - ends)[:, None], 0.0, 1.0)
    return shapes, np.square(shapes), starts, ends


def _prior(starts: Floats, ends: Floats) -> Floats:
    """Return how likely a move is to have ended on each of the days, by the law that it goes on by, or not yet."""
    ended = TAIL / (SOON + starts - ends) * np.maximum(ends / DAYS_APART, 1.0)
    return np.asarray(np.where(ends == 0, 1.0, ended) * np.maximum(starts / DAYS_APART, 1.0))


def _lines(shapes: Floats, squares: Floats, weight: Floats, rates: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Return of each hypothesis the share before, its change, and what it leaves unexplained; and that of no change."""
    total, mean = weight.sum(), float(np.average(rates, weights=weight))
    middle = shapes @ weight / total
    off = rates - mean
    spread = squares @ weight - total * np.square(middle)
    change = (shapes @ (weight * off)) / np.maximum(spread, 1e-9)
    flat = float((weight * np.square(off)).sum())
    return mean - change * middle, change, np.maximum(flat - np.square(change) * spread, 0.0), flat


def _left_over(weight: Floats, rest: Floats) -> Floats:
    """Return what the weeks before the last one are apart from the course, each one's mean at its middle."""
    mean = _weekly(rest, weight)
    mean[0] = 0.0
    return np.asarray(np.interp(np.arange(len(rest)), np.arange(len(mean)) * WEEK + (WEEK - 1) / 2, mean))


def _weekly(values: Floats, weight: Floats) -> Floats:
    """Return the mean of each whole week; that of all where a week tells nothing."""
    days = len(values) // WEEK * WEEK
    total, base = (part[:days].reshape(-1, WEEK).sum(axis=1) for part in (values * weight, weight))
    usual = float(total.sum() / max(base.sum(), 1e-12))
    return np.asarray(np.divide(total, base, out=np.full(len(total), usual), where=base > 0))
