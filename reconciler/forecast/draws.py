"""Random numbers of a wallet: the same for the same organization, wallet and day, whatever else is forecast.

Each wallet has a PCG64 generator of its own, seeded with a hash of its name. A part of the common shock comes from
a generator of the organization, so that wallets move together in the sum of the year without looking at each other.
Shocks come in antithetic pairs: the second half of the paths mirrors the first, which steadies the medians.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from hashlib import sha256

import numpy as np

from reconciler.forecast.panel import Floats

SHARED = 0.25
"""The share of the shocks' variance that the wallets of an organization have in common."""
USUAL_SHOCK, USUAL_WALK = 0.12, 0.06
"""The log shock that a path keeps, and the log step of a week, of a wallet with some months of history."""
SHOCK_FREEDOM = 5.0
SHOCK_SCALE = 0.775
"""Brings Student's t with five degrees of freedom to a standard deviation of 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Standard random numbers. `shock`, `slope`, `pick` are [series, paths]; `block` [series, weeks, paths].

    `shock` is Student t5 of variance 1, `walk` and `slope` normal, `block` and `pick` uniform in [0, 1). `walk` is
    [series, weeks, batches, half]: the second half of the paths of a batch mirrors it. `block` is empty where nobody
    asked for it. What only some wallets need comes from `more`.
    """

    shock: Floats
    walk: Floats
    slope: Floats
    block: Floats
    pick: Floats
    seeds: tuple[int, ...] = ()

    @property
    def paths(self) -> int:
        return int(self.shock.shape[1])

    def more(self, row: int, purpose: str) -> np.random.Generator:
        """Return random numbers of one series for one purpose: who draws them changes no others."""
        return np.random.Generator(np.random.PCG64([self.seeds[row], seed_of(purpose)]))


def seed_of(*facts: str | date) -> int:
    """Return the seed that `facts` stand for."""
    return int.from_bytes(sha256("\n".join(str(fact) for fact in facts).encode()).digest()[:16], "big")


def draw(seeds: Sequence[int], *, shared_seed: int, paths: int, weeks: int, blocks: bool = True) -> Draws:
    """Return the random numbers of the series with `seeds`; `paths` must be even.

    Walks and blocks are drawn week by week, so that a longer horizon keeps the beginning of every path.
    """
    half, series = paths // 2, len(seeds)
    shared_shock, shared_walk = _shared(shared_seed, half, weeks)
    shock, slope = np.empty((series, paths)), np.empty((series, paths))
    walk, pick = np.empty((series, weeks, half)), np.empty((series, paths))
    block = np.empty((series, weeks if blocks else 0, paths))
    for row, seed in enumerate(seeds):
        own = np.random.Generator(np.random.PCG64(seed))
        normal = own.standard_normal(half)
        tail = SHOCK_SCALE * np.sqrt(SHOCK_FREEDOM / (2.0 * own.standard_gamma(SHOCK_FREEDOM / 2.0, half)))
        _mirror((np.sqrt(1.0 - SHARED) * normal + shared_shock) * tail, out=shock[row])
        _mirror(own.standard_normal(half), out=slope[row])
        own.random(out=pick[row])
        own.standard_normal(out=walk[row])
        if blocks:
            np.random.Generator(np.random.PCG64([seed, 1])).random(out=block[row])
    walk *= np.sqrt(1.0 - SHARED)
    walk += shared_walk
    return Draws(shock=shock, walk=walk[:, :, None], slope=slope, block=block, pick=pick, seeds=tuple(seeds))


def together(batches: Sequence[Draws]) -> Draws:
    """Return batches of as many paths each as one, side by side; what else is drawn has the seeds of the first."""

    def of(name: str, axis: int) -> Floats:
        return np.concatenate([getattr(batch, name) for batch in batches], axis=axis)

    shock, slope, pick = (of(name, 1) for name in ("shock", "slope", "pick"))
    return replace(batches[0], shock=shock, slope=slope, pick=pick, walk=of("walk", 2), block=of("block", 2))


def shared_score(seed: int, *, paths: int, weeks: int) -> Floats:
    """Return float64[paths], of mean 0 and variance 1: how dear what all wallets share makes a path's `weeks`."""
    shock, walk = _shared(seed, paths // 2, weeks)
    score = np.empty(paths)
    _mirror(USUAL_SHOCK * shock + USUAL_WALK * np.cumsum(walk, axis=0).mean(axis=0), out=score)
    return np.asarray(score / score.std())


def _mirror(values: Floats, *, out: Floats) -> None:
    """Write `values`, and after them their negatives."""
    out[: len(values)] = values
    np.negative(values, out=out[len(values) :])


@lru_cache(maxsize=4)
def _shared(seed: int, half: int, weeks: int) -> tuple[Floats, Floats]:
    """Return the part of the shock and of the walk that all wallets of an organization have in common."""
    shared = np.random.Generator(np.random.PCG64(seed))
    common = np.sqrt(SHARED)
    return common * shared.standard_normal(half), common * shared.standard_normal((weeks, half))
