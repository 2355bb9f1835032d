"""Turns and charges of paths: days and sums over weeks say the same, with levers and without."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from reconciler.forecast.calendar import day_before
from reconciler.forecast.draws import draw
from reconciler.forecast.fit import fit
from reconciler.forecast.later import make_later
from reconciler.forecast.levers.effect import Effect
from reconciler.forecast.panel import Floats, make_panel
from reconciler.forecast.paths import Weeks, simulated_weeks
from reconciler.forecast.turns import Charge, Turn
from reconciler.forecast.windows import WEEK

PATHS, DAYS = 60, 140
BORDERS = (14, 20, 21, 50, 81, 140)


def plain(*, height: float = 1.0) -> Weeks:
    random = np.random.default_rng(3)
    panel = make_panel([random.gamma(4.0, 25.0, 120)], np.array([day_before(date(2026, 6, 18))]))
    weeks = simulated_weeks(fit(panel), draw([5], shared_seed=1, paths=PATHS, weeks=20), days=DAYS)[0]
    return replace(weeks, height=weeks.height * height)


def turned(weeks: Weeks) -> Weeks:
    random = np.random.default_rng(4)
    silent = Turn(random.integers(0, 100, PATHS), np.zeros(PATHS))
    dear = Turn(random.integers(0, 60, PATHS), random.choice(np.array([0.2, 1.0, 8.0]), PATHS))
    charges = tuple(Charge(day, random.gamma(2.0, 50.0, PATHS)) for day in (3, 15, 49, 139))
    return replace(weeks, turns=(silent, dear), charges=charges)


def by_hand(weeks: Weeks) -> Floats:
    days = replace(weeks, turns=(), charges=(), cap=np.inf).daily(0, len(weeks))
    for turn in weeks.turns:
        days = days * np.where(np.arange(len(days))[:, None] < turn.day, turn.before, 1.0)
    days = np.minimum(days, weeks.cap)
    for charge in weeks.charges:
        days[charge.day] += charge.amount
    return days


@pytest.mark.parametrize("first", [0, 2])
def test_days_turn_where_their_path_does_and_charges_come_on_top(first: int) -> None:
    weeks = turned(plain())
    assert np.allclose(weeks.daily(first, len(weeks)), by_hand(weeks)[first * WEEK :])


@pytest.mark.parametrize("height", [1.0, 30.0], ids=["usual", "at the cap"])
@pytest.mark.parametrize("pulled", [False, True], ids=["plain", "levers"])
def test_sums_over_weeks_are_those_of_days(height: float, pulled: bool) -> None:
    weeks = turned(plain(height=height))
    effects = (Effect("cache", factor=np.linspace(1.0, 0.5, DAYS), added=np.full(DAYS, 3.0)),) if pulled else ()
    expected = by_hand(weeks)
    for effect in effects:
        expected = effect.apply(expected)
    sums = make_later(turned(plain(height=height)), 2, effects).sums(BORDERS)
    assert np.allclose(sums, np.add.reduceat(expected, BORDERS[:-1]))


def test_what_is_twice_as_dear_is_so_with_turns_and_charges() -> None:
    weeks = turned(plain())
    assert np.allclose(weeks.times(2.0).daily(0, len(weeks)), 2 * weeks.daily(0, len(weeks)))


def test_random_numbers_for_a_purpose_are_a_series_own() -> None:
    together = draw([5, 6], shared_seed=1, paths=PATHS, weeks=2)
    alone = draw([6], shared_seed=1, paths=PATHS, weeks=20)
    assert np.array_equal(together.more(1, "silence").random(9), alone.more(0, "silence").random(9))
    assert not np.array_equal(together.more(1, "silence").random(9), together.more(1, "charges").random(9))
