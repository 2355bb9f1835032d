"""When the money of generated wallets runs out, and how many days an alert leaves: forecast against truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from gates import Gate
from generated_worlds import Floats, World
from mechanism_scores import ALL, BEFORE, simulated
from world_rows import Row

from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.outlook import days_until
from reconciler.forecast.quantiles import NEVER
from reconciler.forecast.scores import SOLID_BIN

ALERT = 0.8
"""The share of the money at which the alert fires."""
MONEY = (0.3, 1.5)
"""The money left, as a share of what the rest of the month usually costs."""
LEAST_DAYS = 5
DATED = (
    "launch x10 to x100, 2-5 days old",
    "launch x10 to x100, 7-14 days old",
    "drop to 1/5 to 1/20, 2-5 days old",
    "stopped, silent 14-29 days",
    "restart after silence, 1-7 days",
    "daily credits 5-60%",
    "control: usual",
    "control: month end",
)


@dataclass(frozen=True, slots=True)
class Dates:
    """`inside` is the share of worlds whose day of exhaustion, or its absence, is within P10 to P90.

    `expected` and `happened` are the mean probability and the share of exhaustion. `reaction` is the share of the
    `warned` worlds whose days between alert and exhaustion are within P10 to P90.
    """

    worlds: int
    inside: float
    expected: float
    happened: float
    warned: int
    reaction: float


def dates(row: Row, worlds: Sequence[World], *, seeds: int, mechanisms: frozenset[Mechanism] = ALL) -> Dates:
    random = np.random.default_rng([seeds, crc32(row.name.encode()), 1])
    shares = dict(zip(map(id, worlds), random.uniform(*MONEY, len(worlds)), strict=True))
    inside, expected, happened, reaction = [], [], [], []
    for world, paths, _ in simulated(row, [w for w in worlds if w.window(0)[1] >= LEAST_DAYS], mechanisms):
        days = world.window(0)[1]
        money = shares[id(world)] * world.daily * days
        gone, spare = _gone(paths[:, :days].T, money)
        truth, left = _gone(world.future[:days, None], money)
        inside.append(_within(gone, float(truth[0])))
        expected.append(float((gone < NEVER).mean()))
        happened.append(bool(truth[0] < NEVER))
        if happened[-1] and (gone < NEVER).any():
            reaction.append(_within(spare[gone < NEVER], float(left[0])))
    return Dates(
        worlds=len(inside),
        inside=float(np.mean(inside)),
        expected=float(np.mean(expected)),
        happened=float(np.mean(happened)),
        warned=len(reaction),
        reaction=float(np.mean(reaction)) if reaction else np.nan,
    )


def _gone(days: Floats, money: float) -> tuple[Floats, Floats]:
    """Return for each column the day on which the money is gone, and the days since the alert."""
    total = np.maximum.accumulate(np.cumsum(days, axis=0), axis=0)
    gone, alert = days_until(total > money), days_until(total > ALERT * money)
    return gone, np.where(gone < NEVER, gone - np.where(alert < NEVER, alert, 0.0), NEVER)


def _within(values: Floats, actual: float) -> bool:
    low, high = np.quantile(values, [0.1, 0.9], method="inverted_cdf")
    return bool(low <= actual <= high)


def date_lines(row: Row, worlds: Sequence[World], *, seeds: int) -> Iterator[tuple[str, list[Gate]]]:
    """Yield a line of the table of dates, with its gates, where the row is asked for dates."""
    if row.name not in DATED:
        return
    now, before = (dates(row, worlds, seeds=seeds, mechanisms=chosen) for chosen in (ALL, BEFORE))
    line = f"  {row.name:<48} {now.worlds:4d}"
    for one in (now, before):
        line += f"   {one.inside:5.2f}  {one.expected:5.2f} {one.happened:5.2f}  {one.reaction:5.2f} {one.warned:4d} |"
    yield line, list(_gates(row, now))


def _gates(row: Row, now: Dates) -> Iterator[Gate]:
    yield Gate(f"{row.name}: exhaustion date within 80%", now.inside, low=0.75, count=now.worlds)
    gap = abs(now.expected - now.happened)
    most = 0.10 if row.is_control else 0.20
    name = f"{row.name}: exhaustion, expected - happened"
    yield Gate(name, gap, high=most, count=now.worlds, is_goal=not row.is_control)
    if now.warned >= SOLID_BIN:
        yield Gate(f"{row.name}: reaction days within 80%", now.reaction, low=0.75, count=now.warned)
