"""Promised savings on simulated paths: each path has a share of its own that comes true of each team's lever."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from reconciler.forecast.belief import STEPS, Belief
from reconciler.forecast.draws import seed_of
from reconciler.forecast.panel import Floats
from reconciler.forecast.turns import Ints
from reconciler.forecast.windows import WEEK

if TYPE_CHECKING:
    from reconciler.forecast.team_usage import TeamUsage


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What paths are multiplied with: `rows` float64[steps, days]; `pick` int[paths] is the row of each path.

    A saving moves in whole weeks, as walk and trend do: the sum of a month is the same over its days and over weeks.
    """

    rows: Floats
    pick: Ints

    def factors(self, days: slice) -> Floats:
        """Return float64[days, paths], as many paths as are picked."""
        return np.asarray(self.rows[:, days].T[:, self.pick])

    def weekly(self, weeks: int) -> Floats:
        """Return float64[weeks, paths]."""
        return np.asarray(self.rows[:, : weeks * WEEK : WEEK].T[:, self.pick])


@dataclass(frozen=True, slots=True, eq=False)
class Promises:
    """What is known of a team's promised savings. `batches` are the numbers of paths that are drawn together."""

    usage: TeamUsage
    seed: int
    batches: tuple[int, ...]

    def kept(self, at: Callable[[float], Floats], belief: Belief, *, key: str) -> Kept:
        """Return what paths are multiplied with where `at` returns the factor of a share that comes true."""
        return Kept(by_weeks(np.stack([at(share) for share in belief.steps])), _picks(self.seed, self.batches, key))


def by_weeks(rows: Floats) -> Floats:
    """Return float64[steps, days] in whole weeks, each day at the mean of its week.

    The last day of `rows` stands for those that the last week is short of.
    """
    whole = np.pad(rows, ((0, 0), (0, -rows.shape[1] % WEEK)), mode="edge")
    return np.asarray(whole.reshape(len(rows), -1, WEEK).mean(axis=2).repeat(WEEK, axis=1))


@lru_cache(maxsize=64)
def _picks(seed: int, batches: Sequence[int], key: str) -> Ints:
    """Return int[paths]: in each batch every step as often as any other, in an order that the seed and `key` decide."""
    random = np.random.Generator(np.random.PCG64([seed, seed_of(key)]))
    return np.concatenate([random.permutation(np.arange(count) % STEPS) for count in batches])
