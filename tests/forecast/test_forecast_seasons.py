"""Seasons: the way of a level from this time of last year on, expected again where it was a wave."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, steady

from reconciler.forecast.calendar import day_before
from reconciler.forecast.draws import draw
from reconciler.forecast.fit import Fit, fit, planned_for
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.panel import Floats, make_panel
from reconciler.forecast.paths import simulate
from reconciler.forecast.shift_notice import history_notices

DAYS = 400
FOUR_WEEKS = 28
WITHOUT = frozenset(Mechanism) - {Mechanism.SEASON}


def wave(days: int = DAYS, *, height: float = 0.4, monthly: float = 0.0) -> Floats:
    """Return days whose level is usual now, highest in a quarter of a year, lowest in three."""
    day = np.arange(-days, 0)
    return np.asarray(steady(days) * np.exp(height * np.sin(2 * np.pi * day / 364) + np.log1p(monthly) * day / 30.4))


def learned(*spent: Floats, mechanisms: frozenset[Mechanism] = frozenset(Mechanism)) -> Fit:
    return fit(make_panel(list(spent), np.full(len(spent), day_before(AS_OF))), mechanisms=mechanisms)


def blocks_ahead(found: Fit, *, blocks: int = 14) -> Floats:
    """Return the middle of what each of the next four weeks costs, as a multiple of the usual."""
    days = FOUR_WEEKS * blocks
    paths = simulate(found, draw([5], shared_seed=1, paths=400, weeks=4 * blocks), days=days)[0]
    sums = paths.reshape(len(paths), blocks, FOUR_WEEKS).sum(axis=2)
    return np.asarray(np.median(sums, axis=0) / (FOUR_WEEKS * 100.0))


def test_the_way_of_last_year_is_expected_again() -> None:
    ahead, without = blocks_ahead(learned(wave())), blocks_ahead(learned(wave(), mechanisms=WITHOUT))
    assert 1.2 < ahead[2:4].mean() < np.exp(0.4)
    assert np.exp(-0.4) < ahead[9:11].mean() < 0.9
    assert without[2:4].mean() < 1.05
    assert without[9:11].mean() > 1.0


def test_growth_stays_beside_it_and_leaves_it_to_the_plan_where_the_plan_tells() -> None:
    found = learned(wave(monthly=0.03))
    assert found.season.growth[0] == pytest.approx(0.027, abs=0.01)
    planned = planned_for(found, daily=np.zeros(1), grows=np.array([True]))
    assert planned.season.growth.tolist() == [0.0]
    assert planned.season.change.tolist() == found.season.change.tolist()
    assert blocks_ahead(planned)[12] < 0.85 * blocks_ahead(found)[12]


def walk(step: float) -> Floats:
    random = np.random.default_rng(11)
    return np.asarray(steady(DAYS) * np.exp(np.cumsum(random.normal(0, step, DAYS))))


@pytest.mark.parametrize(
    "spent",
    [
        pytest.param(steady(DAYS), id="a steady wallet"),
        pytest.param(walk(0.01), id="a level that wanders"),
        pytest.param(steady(DAYS) * 1.05 ** (np.arange(DAYS) / 30.4), id="growth"),
        pytest.param(wave(385), id="less than fourteen times four weeks"),
        pytest.param(wave(60), id="two months"),
        pytest.param(np.where(np.arange(DAYS) % 3, 0.0, wave()), id="a wallet that rests two days of three"),
        pytest.param(np.zeros(DAYS), id="nothing"),
    ],
)
def test_without_a_wave_of_a_year_there_is_no_season(spent: Floats) -> None:
    found = learned(spent)
    assert found.season.weight.tolist() == [0.0]
    assert not [notice for notice in history_notices(found, 0) if notice.code == "season"]


def test_it_is_told_with_the_month_that_was_furthest_off() -> None:
    (notice,) = (one for one in history_notices(learned(wave()), 0) if one.code == "season")
    assert notice.message.startswith("cost ")
    assert "% of that is expected again" in notice.message
    assert notice.since is not None
    assert min(abs((AS_OF - notice.since) - timedelta(days=days)) for days in (91, 273)) < timedelta(days=35)
    assert abs(np.log(notice.factor or 1.0)) == pytest.approx(0.4, abs=0.12)
    assert 0.3 < (notice.probability or 0.0) <= 0.8


def test_a_small_season_is_not_told() -> None:
    assert not [one for one in history_notices(learned(wave(height=0.1)), 0) if one.code == "season"]


def test_a_row_of_several_is_that_of_the_wallet_alone() -> None:
    rows = [steady(DAYS), wave(), wave(monthly=0.03)]
    together = learned(*rows)
    for place, spent in enumerate(rows):
        alone, own = learned(spent).season, together.part(slice(place, place + 1)).season
        assert alone.weight == pytest.approx(own.weight)
        assert alone.change == pytest.approx(own.change)
