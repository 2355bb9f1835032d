"""How the forecast does on generated worlds, through the functions that the product forecasts with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from zlib import crc32

import numpy as np
from column_worlds import Asked, read_columns
from generated_worlds import Floats, World
from world_rows import Row

from reconciler.forecast.draws import draw, seed_of
from reconciler.forecast.fit import Fit, fit
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.naive import NAIVE_METHODS, NaiveMethod, naive_rest
from reconciler.forecast.panel import make_panel
from reconciler.forecast.paths import simulate
from reconciler.forecast.scores import MonthScore, Score, score_paths, score_point, summary
from reconciler.forecast.shared_event import SharedEvent
from reconciler.forecast.shift_notice import history_notices

PATHS = 500
CHUNK = 64
MOST_BYTES = 150_000_000
ALL = frozenset(Mechanism)
BEFORE: frozenset[Mechanism] = frozenset()


@dataclass(frozen=True, slots=True)
class Measured:
    """One method on the worlds of a row, for one of its months; `ages` by the days since it happened.

    `no_middle` and `no_p90` are the shares of worlds whose P50 and P90 are 0, `told` those of what is told, by code.
    """

    row: Row
    month: int
    score: Score
    ages: Mapping[int, Score]
    no_middle: float
    no_p90: float
    told: Mapping[str, float]

    @property
    def name(self) -> str:
        return self.row.name if len(self.row.months) == 1 else f"{self.row.name}, month {self.month}"


def worlds_of(row: Row, *, seeds: int, count: int) -> list[World]:
    """Return the worlds of a row, as their exports tell of them where these have columns."""
    made = made_worlds(row, seeds=seeds, count=count)
    asked = [world for world in made if isinstance(world, Asked)]
    return read_columns(asked, np.random.default_rng([seeds, crc32(row.name.encode()), 0, 1])) if asked else made


def made_worlds(row: Row, *, seeds: int, count: int) -> list[World]:
    """Return the worlds of a row: each from a generator of its own, so that a longer run begins with the same ones."""
    name = crc32(row.name.encode())
    return [row.make(np.random.default_rng([seeds, name, number])) for number in range(count)]


def fitted(worlds: Sequence[World], mechanisms: frozenset[Mechanism], *, events: tuple[SharedEvent, ...] = ()) -> Fit:
    ends = np.array([world.as_of - timedelta(days=1) for world in worlds], dtype="datetime64[D]")
    credits = [world.credits for world in worlds]
    panel = make_panel(
        [world.history for world in worlds], ends, credits=credits, indices=[w.index for w in worlds], events=events
    )
    return fit(panel, mechanisms=mechanisms)


class Looked(NamedTuple):
    """A world, its paths float64[paths, days] to the end of the row's last month, and the codes of what is told."""

    world: World
    paths: Floats
    told: frozenset[str]


def simulated(row: Row, worlds: Sequence[World], mechanisms: frozenset[Mechanism]) -> Iterator[Looked]:
    longest = max((world.window(max(row.months))[1] for world in worlds), default=1)
    chunk = max(min(CHUNK, MOST_BYTES // (8 * PATHS * longest)), 1)
    for start in range(0, len(worlds), chunk):
        part = worlds[start : start + chunk]
        days = max(world.window(max(row.months))[1] for world in part)
        seeds = [seed_of("worlds", row.name, world.as_of, str(start + step)) for step, world in enumerate(part)]
        draws = draw(seeds, shared_seed=0, paths=PATHS, weeks=-(-days // 7))
        learned = fitted(part, mechanisms)
        for number, paths in enumerate(simulate(learned, draws, days=days)):
            told = frozenset(notice.code for notice in history_notices(learned, number))
            yield Looked(part[number], paths, told)


def measure(row: Row, worlds: Sequence[World], mechanisms: frozenset[Mechanism] = ALL) -> list[Measured]:
    """Return how the forecast does on the worlds of a row, one entry for each month that is judged."""
    judged: dict[int, list[Judged]] = {month: [] for month in row.months}
    for world, paths, told in simulated(row, worlds, mechanisms):
        for month in row.months:
            low, high = world.window(month)
            ends, scale = paths[:, low:high].sum(axis=1), world.daily * (high - low)
            score = score_paths(ends, float(world.future[low:high].sum()), series=row.name, scale=scale)
            judged[month].append(Judged(world.age, score, float(np.quantile(ends, 0.9)), told))
    return [_measured(row, month, found) for month, found in judged.items()]


@dataclass(frozen=True, slots=True)
class Judged:
    """One world's score; `p90` in money."""

    age: int
    score: MonthScore
    p90: float
    told: frozenset[str]


def _measured(row: Row, month: int, found: Sequence[Judged]) -> Measured:
    ages = sorted({one.age for one in found})
    codes = Counter(code for one in found for code in one.told)
    return Measured(
        row,
        month,
        summary([one.score for one in found]),
        {age: summary([one.score for one in found if one.age == age]) for age in ages},
        no_middle=sum(one.score.point <= 0 for one in found) / len(found),
        no_p90=sum(one.p90 <= 0 for one in found) / len(found),
        told={code: count / len(found) for code, count in sorted(codes.items())},
    )


def naive_errors(row: Row, worlds: Sequence[World], month: int) -> dict[NaiveMethod, float]:
    """Return the WAPE of each naive method, which is given net spend."""
    found: dict[NaiveMethod, float] = {}
    for method in NAIVE_METHODS:
        points = []
        for world in worlds:
            low, high = world.window(month)
            spent = world.history - world.credits
            guess = naive_rest(method, spent, elapsed=min(world.as_of.day - 1, len(spent)), days=high)[low:high]
            actual, scale = float(world.future[low:high].sum()), world.daily * (high - low)
            points.append(score_point(float(guess.sum()), actual, series=row.name, scale=scale))
        found[method] = summary(points, interval=False).wape
    return found
