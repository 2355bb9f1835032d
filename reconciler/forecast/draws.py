"""Random numbers of a wallet: the same for the same organization, wallet and day, whatever else is forecast.

Each wallet has a PCG64 generator of its own, seeded with a hash of its name. A part of the common shock comes from
a generator of the organization, so that wallets move together in the sum of the year without looking at each other.
Shocks come in antithetic pairs: the second half of the paths mirrors the first, which steadies the medians.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import numpy as np

from reconciler.forecast.panel import Floats

SHARED = 0.25
"""The share of the shocks' variance that the wallets of an organization have in common."""
SHOCK_FREEDOM = 5.0
SHOCK_SCALE = 0.775
"""Brings Student's t with five degrees of freedom to a standard deviation of 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Standard random numbers. `shock`, `slope`, `pick` are [series, paths]; `walk`, `block` [series, paths, weeks].

    `shock` is Student t5 of variance 1, `walk` and `slope` normal, `block` and `pick` uniform in [0, 1).
    """

    shock: Floats
    walk: Floats
    slope: Floats
    block: Floats
    pick: Floats


def seed_of(*facts: str | date) -> int:
    """Return the seed that `facts` stand for."""
    return int.from_bytes(sha256("\n".join(str(fact) for fact in facts).encode()).digest()[:16], "big")


def draw(seeds: Sequence[int], *, shared_seed: int, paths: int, weeks: int) -> Draws:
    """Return the random numbers of the series with `seeds`; `paths` must be even."""
    half = paths // 2
    shared = np.random.Generator(np.random.PCG64(shared_seed))
    shared_shock = shared.standard_normal(half)
    shared_walk = shared.standard_normal((weeks, half)).T
    rows = [_row(seed, half=half, weeks=weeks) for seed in seeds]
    own, common = np.sqrt(1.0 - SHARED), np.sqrt(SHARED)
    tail = np.stack([row[1] for row in rows])
    shock = (own * np.stack([row[0] for row in rows]) + common * shared_shock) * tail
    walk = own * np.stack([row[2] for row in rows]) + common * shared_walk
    slope = np.stack([row[3] for row in rows])
    return Draws(
        shock=np.concatenate([shock, -shock], axis=1),
        walk=np.concatenate([walk, -walk], axis=1),
        slope=np.concatenate([slope, -slope], axis=1),
        block=np.stack([row[4] for row in rows]),
        pick=np.stack([row[5] for row in rows]),
    )


def _row(seed: int, *, half: int, weeks: int) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Draw week by week, so that a longer horizon keeps the beginning of every path."""
    own = np.random.Generator(np.random.PCG64(seed))
    normal = own.standard_normal(half)
    tail = SHOCK_SCALE * np.sqrt(SHOCK_FREEDOM / (2.0 * own.standard_gamma(SHOCK_FREEDOM / 2.0, half)))
    slope = own.standard_normal(half)
    pick = own.random(2 * half)
    blocks = np.random.Generator(np.random.PCG64([seed, 1])).random((weeks, 2 * half))
    walk = own.standard_normal((weeks, half))
    return normal, tail, walk.T, slope, blocks.T, pick
