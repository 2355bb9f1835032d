"""Organizations whose wallets dip on the same days: each wallet's forecast, where the event is seen and where not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from gates import Gate
from generated_worlds import FIRST, LAST, World, between, timeline
from mechanism_scores import ALL, PATHS, fitted

from reconciler.forecast.draws import draw, seed_of
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.paths import simulate
from reconciler.forecast.scores import MonthScore, score_paths, summary
from reconciler.forecast.shared_days import HISTORY, events_of
from reconciler.forecast.shared_event import SharedEvent

ORGANIZATIONS = 40
WALLETS = 10
MONTHS = (0, 1)
LEAST_COVERED, LEAST_TOLD, MOST_FALSE = 0.65, 0.5, 0.05
Lasts = Callable[[np.random.Generator, int], int]


@dataclass(slots=True)
class Scored:
    """Scores by month, of wallets that moved, with events and without them; and in how many an event was told."""

    seen: dict[int, list[MonthScore]] = field(default_factory=lambda: {month: [] for month in MONTHS})
    unseen: dict[int, list[MonthScore]] = field(default_factory=lambda: {month: [] for month in MONTHS})
    told: int = 0


def some_days(random: np.random.Generator, age: int) -> int:
    """Return for how many days it lasts, more than `age`: most days off and outages last for some days."""
    lasts = 0
    while lasts <= age:
        lasts = 1 + int(random.lognormal(0.9, 0.7))
    return lasts


def for_good(_random: np.random.Generator, _age: int) -> int:
    return 10_000


ROWS: dict[str, Lasts | None] = {
    "many dip, still on, 1-4 days": some_days,
    "many dip for good, 1-4 days": for_good,
    "nothing that is shared": None,
}


def organization(row: str, number: int, *, seeds: int) -> tuple[list[World], int]:
    """Return wallets as of one day, and how many of them, the first ones, cost a part of the usual by now."""
    random = np.random.default_rng([seeds, 5, number])
    as_of = FIRST + timedelta(days=int(random.integers(0, (LAST - FIRST).days)))
    age, lasts = between(random, (1, 4)), ROWS[row]
    days, moved = (lasts(random, age), between(random, (6, WALLETS))) if lasts else (0, 0)
    wallets = []
    for place in range(WALLETS):
        line = timeline(random, as_of=as_of, history=(120, 400), noise=(0.1, 0.4))
        if place < moved:
            line.gross[line.since(age) & ~line.since(age - days)] *= random.uniform(0.0, 0.5)
        wallets.append(line.world())
    return wallets, moved or WALLETS


def judge_together(*, seeds: int, count: int = ORGANIZATIONS) -> Iterator[Gate]:
    """Print how single wallets do where many move at once, and yield the gates."""
    print(
        f"{count} organizations of {WALLETS} wallets a row, cov80 cov95 WAPE CRPS of one | each wallet by itself | told"
    )
    for row, lasts in ROWS.items():
        scored = Scored()
        for number in range(count):
            wallets, moved = organization(row, number, seeds=seeds)
            events = tuple(events_of(np.array([one.history[-HISTORY:] for one in wallets]), end=wallets[0].as_of))
            scored.told += any(event.goes_on for event in events)
            _score(wallets[:moved], f"{row} {number}", events, scored)
        for month in MONTHS:
            own, old = summary(scored.seen[month]), summary(scored.unseen[month])
            print(
                f"  {f'{row}, month {month}':<48} {own.origins:4d}  {own.cov80 or 0:5.2f} {own.cov95 or 0:5.2f}"
                f" {own.wape:5.2f} {own.crps:6.3f} | {old.cov80 or 0:5.2f} {old.cov95 or 0:5.2f} {old.wape:5.2f}"
                f" {old.crps:6.3f} | {scored.told / count:4.0%}"
            )
            if lasts is some_days:
                cov80 = own.cov80 or 0.0
                yield Gate(f"{row}, month {month}: cov80", cov80, low=LEAST_COVERED, count=own.origins, is_goal=True)
        least, most = (LEAST_TOLD, None) if lasts else (None, MOST_FALSE)
        yield Gate(f"{row}: told", scored.told / count, low=least, high=most, count=count, is_goal=True)


def _score(wallets: Sequence[World], name: str, events: tuple[SharedEvent, ...], scored: Scored) -> None:
    days = wallets[0].window(max(MONTHS))[1]
    seeds = [seed_of("worlds", name, str(place)) for place in range(len(wallets))]
    draws = draw(seeds, shared_seed=seed_of("worlds", name), paths=PATHS, weeks=-(-days // 7))
    for mechanisms, found in ((ALL, scored.seen), (ALL - {Mechanism.TOGETHER}, scored.unseen)):
        simulated = simulate(fitted(wallets, mechanisms, events=events), draws, days=days)
        for world, paths in zip(wallets, simulated, strict=True):
            for month in MONTHS:
                low, high = world.window(month)
                actual, scale = float(world.future[low:high].sum()), world.daily * (high - low)
                found[month].append(score_paths(paths[:, low:high].sum(axis=1), actual, series=name, scale=scale))
