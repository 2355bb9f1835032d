"""The same wallets after a longer and longer silence: the forecast of the next 30 days must only ever fall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from gates import Gate
from generated_worlds import Floats, World
from mechanism_scores import ALL, simulated, worlds_of
from world_rows import Row, usual

LADDER = (0, 1, 2, 3, 4, 5, 7, 10, 14, 18, 21, 25, 30, 40, 60)
WALLETS = 60
DAYS = 30
SLACK = 0.01
"""By so much of the usual month it may rise from one step to the next: paths are random."""
ROW = Row("the same wallets, silent for longer and longer", usual, (1,))


def silent(world: World, days: int) -> World:
    history = world.history.copy()
    history[len(history) - days :] = 0.0
    return replace(world, history=history, age=days)


def ladder(*, seeds: int, count: int = WALLETS) -> tuple[Floats, Floats]:
    """Return float64[steps, wallets]: P50 and P90 of the next 30 days, as shares of what is usual."""
    worlds = [world for world in worlds_of(ROW, seeds=seeds, count=2 * count) if len(world.history) > 90][:count]
    middles, highs = [], []
    for days in LADDER:
        part = [silent(world, days) for world in worlds]
        found = [np.quantile(paths[:, :DAYS].sum(axis=1), [0.5, 0.9]) for _, paths, _ in simulated(ROW, part, ALL)]
        shares = np.array(found) / (DAYS * np.array([world.daily for world in part]))[:, None]
        middles.append(shares[:, 0])
        highs.append(shares[:, 1])
    return np.array(middles), np.array(highs)


def judge_silence(*, seeds: int) -> Iterator[Gate]:
    """Print the mean forecast by days of silence, and yield its gates."""
    middles, highs = ladder(seeds=seeds)
    print(f"{ROW.name}: mean forecast of the next {DAYS} days, as a share of the usual")
    print("  days silent " + " ".join(f"{days:5d}" for days in LADDER))
    for name, shares in (("P50", middles), ("P90", highs)):
        print(f"  {name:<11} " + " ".join(f"{share:5.2f}" for share in shares.mean(axis=1)))
    rise = float(np.diff(middles.mean(axis=1)[1:]).max())
    yield Gate(f"{ROW.name}: largest rise of P50", rise, high=SLACK, count=middles.shape[1])
    never = float((np.diff(middles[1:], axis=0) <= 5 * SLACK).all(axis=0).mean())
    yield Gate(f"{ROW.name}: share whose P50 never rises", never, low=0.95, count=middles.shape[1])
