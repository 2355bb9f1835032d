"""Calibration on generated months: the interval holds about as often as it says, also after something has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pytest

from reconciler.forecast.backtest import ForecastOrigin, ScoreSheet, score_origins
from reconciler.forecast.draws import seed_of
from reconciler.forecast.scores import Score, summary

Floats = npt.NDArray[np.float64]
DAYS, HISTORY, REST = 330, 305, 25
FIRST = date(2026, 6, 6)


def unchanged(days: Floats, random: np.random.Generator) -> Floats:
    return np.ones(len(days))


def price_cut(days: Floats, random: np.random.Generator) -> Floats:
    return np.where(days >= -random.integers(10, 60), random.uniform(0.4, 0.8), 1.0)


def cache_launch(days: Floats, random: np.random.Generator) -> Floats:
    return np.asarray(1 - random.uniform(0.15, 0.4) * np.clip((days + random.integers(20, 60)) / 14, 0, 1))


def outage(days: Floats, random: np.random.Generator) -> Floats:
    start = -random.integers(3, 25)
    return np.where((days >= start) & (days < start + random.integers(1, 4)) & (days < 0), 0.02, 1.0)


def growth(days: Floats, random: np.random.Generator) -> Floats:
    return np.exp(random.uniform(0.002, 0.008) * days)


Mechanism = Callable[[Floats, np.random.Generator], Floats]
MECHANISMS: tuple[Mechanism, ...] = (unchanged, price_cut, cache_launch, outage, growth)


def origin(number: int, mechanism: Mechanism) -> ForecastOrigin:
    random = np.random.default_rng([11, number])
    days = np.arange(DAYS, dtype=np.float64) - HISTORY
    noise = np.zeros(DAYS)
    for step in range(1, DAYS):
        noise[step] = 0.6 * noise[step - 1] + random.normal(0, 0.12)
    week = random.uniform(0.5, 1.2, 7)
    level = np.exp(random.normal(4, 1) + np.cumsum(random.normal(0, 0.005, DAYS)) + noise)
    costs = level * week[np.arange(DAYS) % 7] * mechanism(days, random)
    scale = float(costs[HISTORY - 56 : HISTORY].mean()) * 30
    return ForecastOrigin(f"s{number}", FIRST, costs[:HISTORY], 5, costs[HISTORY:], scale)


def scores(*mechanisms: Mechanism, each: int) -> dict[str, Score]:
    origins = [origin(100 * kind + number, made) for kind, made in enumerate(mechanisms) for number in range(each)]
    record = ScoreSheet()
    score_origins(origins, record, seed=lambda one: seed_of("test", one.series, one.as_of))
    return {method: summary(months, record.chances[method]) for method, months in record.months.items()}


def test_intervals_and_probabilities_hold_over_all_mechanisms() -> None:
    found = scores(*MECHANISMS, each=40)
    own = found["forecast"]
    assert own.origins == 200
    assert own.cov80 is not None
    assert own.cov95 is not None
    assert own.calibration_error is not None
    assert own.brier is not None
    assert 0.74 <= own.cov80 <= 0.92
    assert own.cov95 >= 0.88
    assert own.calibration_error <= 0.08
    for naive in ("run_rate", "mean_28_days", "linear_30_days"):
        other = found[naive]
        assert own.wape < other.wape
        assert other.brier is not None
        assert own.brier < 0.75 * other.brier


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_no_mechanism_breaks_the_interval(mechanism: Mechanism) -> None:
    coverage = scores(mechanism, each=50)["forecast"].cov80
    assert coverage is not None
    assert coverage >= 0.6


def test_the_generated_origin_is_a_whole_month_away_from_its_end() -> None:
    assert FIRST + timedelta(days=REST) == date(2026, 7, 1)
