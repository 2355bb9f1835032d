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
    """What paths are multiplied with: `rows` float64[steps, days]; `pick` int[paths] is the row of each path."""

    rows: Floats
    pick: Ints

    def factors(self, days: slice) -> Floats:
        """Return float64[days, paths], as many paths as are picked."""
        return np.asarray(self.rows[:, days].T[:, self.pick])

    def weekly(self, weeks: int) -> Floats:
        """Return float64[weeks, paths]: the means of whole weeks."""
        return np.asarray(self._means()[:, :weeks].T[:, self.pick])

    def stepped(self) -> Kept:
        """Return the same with each day at the mean of its week."""
        return Kept(self._means().repeat(WEEK, axis=1), self.pick)

    def _means(self) -> Floats:
        """Return float64[steps, weeks]; the last day stands for those that the last week is short of."""
        rows = np.pad(self.rows, ((0, 0), (0, -self.rows.shape[1] % WEEK)), mode="edge")
        return np.asarray(rows.reshape(len(rows), -1, WEEK).mean(axis=2))

    def only(self, paths: int) -> Kept:
        """Return the same for the first `paths`."""
        return Kept(self.rows, self.pick[:paths])


@dataclass(frozen=True, slots=True, eq=False)
class Promises:
    """What is known of a team's promised savings. `batches` are the numbers of paths that are drawn together."""

    usage: TeamUsage
    seed: int
    batches: tuple[int, ...]

    def kept(self, at: Callable[[float], Floats], belief: Belief, *, key: str) -> Kept:
        """Return what paths are multiplied with where `at` returns the factor of a share that comes true."""
        return Kept(np.stack([at(share) for share in belief.steps]), _picks(self.seed, self.batches, key))


@lru_cache(maxsize=64)
def _picks(seed: int, batches: Sequence[int], key: str) -> Ints:
    """Return int[paths]: in each batch every step as often as any other, in an order that the seed and `key` decide."""
    random = np.random.Generator(np.random.PCG64([seed, seed_of(key)]))
    return np.concatenate([random.permutation(np.arange(count) % STEPS) for count in batches])
