"""The long run: how fast a level grew over the months that are known, and how far it strays from that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import erf, sqrt
from typing import cast

import numpy as np

from reconciler.forecast.panel import Bools, Days, Floats
from reconciler.forecast.trend import weeks_ahead
from reconciler.forecast.turns import Ints
from reconciler.forecast.windows import DAYS_OF_A_MONTH, WEEK
from reconciler.forecast.words import share
from reconciler.model.forecast import WalletNotice

BLOCK_WEEKS = 4
BLOCK = BLOCK_WEEKS * WEEK
MOST_BLOCKS = 14
FEWEST_BLOCKS = 3
PRIOR = 0.05
"""The standard deviation over wallets of how much a level grows in a block, in logs."""
STEEP = 0.2
"""The part of the square of a slope that the prior allows for at least: some wallets do grow fast."""
UNKNOWN = 0.06
"""The same deviation where a history is too short to tell."""
DOUBT = 0.6
"""By which part of itself growth may become another."""
WALK = 0.025
WALK_BLOCKS, NOISE_BLOCKS = 1, 4
"""So many blocks of the usual walk and noise are added to those of a wallet."""
BLOCK_NOISE = 0.1
WALK_ERROR = 2.0
DAMPING = 0.9975
TOLD, SURE = 0.03, 0.99
"""Growth of so much a month is told where it is so likely to be none by chance."""


@dataclass(frozen=True, slots=True, eq=False)
class LongRun:
    """What goes on after the trend has faded: `slope` is the expected weekly change of the log level, `spread` its
    standard deviation, `walk` that of one day's step around it from the second month on. `days` teach it, up to `ends`.
    """

    slope: Floats
    spread: Floats
    walk: Floats
    days: Ints
    ends: Days

    def part(self, chosen: slice) -> LongRun:
        return LongRun(self.slope[chosen], self.spread[chosen], self.walk[chosen], self.days[chosen], self.ends[chosen])

    def told_by_plan(self, planned: Bools) -> LongRun:
        """Return it without the growth of those series of which a plan tells how they grow."""
        return LongRun(np.where(planned, 0.0, self.slope), self.spread, self.walk, self.days, self.ends)

    def notices(self, row: int) -> Iterator[WalletNotice]:
        """Yield what there is to say of growth that is unlikely to be chance."""
        monthly = float(np.expm1(self.slope[row] * DAYS_OF_A_MONTH / WEEK))
        if abs(monthly) < TOLD:
            return
        slope = abs(float(self.slope[row]))
        error = sqrt(max(float(self.spread[row]) ** 2 - (DOUBT * slope) ** 2, 1e-18))
        likely = 0.5 + 0.5 * erf(slope / (error * sqrt(2.0)))
        if likely < SURE:
            return
        since = cast(date, self.ends[row].item()) - timedelta(days=int(self.days[row]) - 1)
        yield WalletNotice(
            code="growth",
            message=f"{'grows' if monthly > 0 else 'shrinks'} by about {share(abs(monthly), places=0)} a month since"
            f" {since}; the forecast goes on so, less and less",
            hint="write the growth that is planned into its YAML: the forecast then takes that instead",
            since=since,
            factor=round(1.0 + monthly, 3),
            probability=round(likely, 4),
        )


def no_long_run(walk: Floats, ends: Days) -> LongRun:
    nothing = np.zeros(len(walk))
    return LongRun(nothing, nothing, walk, np.zeros(len(walk), dtype=np.intp), ends)


def fit_long_run(logs: Floats, usable: Bools, *, volatility: Floats, ends: Days) -> LongRun:
    """Return the slope of the log levels of four weeks each, newest first, shrunk by its own uncertainty.

    A line through a walk of n steps of variance q is off by about q/n, one through noise of variance s by s/Σt².
    """
    count = usable.sum(axis=1)
    slope, squares = _slope(logs, usable, count)
    walk, noise = _walk(logs - slope[:, None] * -np.arange(logs.shape[1]), usable, volatility)
    error = WALK_ERROR * walk / np.maximum(count, 1) + noise / np.maximum(squares, 1.0)
    prior = np.maximum(PRIOR**2, STEEP * np.square(slope))
    learned = count >= FEWEST_BLOCKS
    kept = np.where(learned, prior / (prior + error), 0.0)
    spread = np.sqrt(np.where(learned, kept * error, UNKNOWN**2) + np.square(DOUBT * kept * slope))
    return LongRun(
        kept * slope / BLOCK_WEEKS,
        spread / BLOCK_WEEKS,
        np.sqrt(walk / BLOCK),
        np.where(learned, count, 0) * BLOCK,
        ends,
    )


def block_levels(tamed: Floats, shape: Floats, *, since: Ints) -> tuple[Floats, Bools]:
    """Return the log level of each four weeks of the last `since` days, newest first, and which of them are known.

    What is older than a gap counts as unknown.
    """
    blocks = min(MOST_BLOCKS, tamed.shape[1] // BLOCK)
    span = blocks * BLOCK
    known = np.isfinite(tamed)[:, :span] & (np.arange(span)[None, :] < since[:, None])
    spent = np.where(known, tamed[:, :span], 0.0).reshape(len(tamed), blocks, BLOCK).sum(axis=2)
    base = np.where(known, shape[:, :span], 0.0).reshape(len(tamed), blocks, BLOCK).sum(axis=2)
    usable = np.logical_and.accumulate((base > 0.5 * BLOCK) & (spent > 0), axis=1)
    return np.log(np.where(usable, spent, 1.0) / np.where(usable, base, 1.0)), usable


def _slope(logs: Floats, usable: Bools, count: Ints) -> tuple[Floats, Floats]:
    """Return the least-squares slope a block, and the sum of squared distances in time."""
    time = np.where(usable, -np.arange(logs.shape[1], dtype=np.float64), 0.0)
    offset = np.where(usable, time - (time.sum(axis=1) / np.maximum(count, 1))[:, None], 0.0)
    squares = np.square(offset).sum(axis=1)
    return (offset * logs).sum(axis=1) / np.maximum(squares, 1.0), squares


def _walk(level: Floats, usable: Bools, volatility: Floats) -> tuple[Floats, Floats]:
    """Return the variance of a block's step of the walk, and of the noise of a block, each shrunk to the usual.

    Noise makes a step and the next one opposite, a walk does not: their product tells the two apart.
    """
    steps = np.where(usable[:, 1:], level[:, :-1] - level[:, 1:], 0.0)
    count, total = usable[:, 1:].sum(axis=1), np.square(steps).sum(axis=1)
    own = np.maximum(total + 2.0 * (steps[:, 1:] * steps[:, :-1]).sum(axis=1), 0.0)
    usual_walk, usual_noise = BLOCK * np.square(WALK * volatility), np.square(BLOCK_NOISE * volatility)
    walk = (WALK_BLOCKS * usual_walk + own) / (WALK_BLOCKS + count)
    noise = np.maximum(total - 2.0 / 3.0 * walk * count, 0.0) / 2.0
    return walk, (NOISE_BLOCKS * usual_noise + noise) / (NOISE_BLOCKS + count)


@lru_cache(maxsize=8)
def weeks_after_trend(weeks: int) -> Floats:
    """Return float64[weeks]: how many weeks of the long run's slope have come about, beyond those of the trend."""
    daily = np.cumsum(DAMPING ** np.arange(1, weeks * WEEK + 1)) / WEEK
    return np.asarray(daily.reshape(weeks, WEEK).mean(axis=1) - weeks_ahead(weeks))
