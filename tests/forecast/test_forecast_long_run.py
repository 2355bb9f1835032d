"""The long run: growth that goes on for months after the trend has faded, and how far a level strays from it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, ask, plan, question, steady

from reconciler.forecast.calendar import day_before
from reconciler.forecast.draws import draw
from reconciler.forecast.fit import Fit, fit
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.long_run import UNKNOWN, weeks_after_trend
from reconciler.forecast.panel import Floats, make_panel
from reconciler.forecast.paths import simulate
from reconciler.forecast.shift_notice import history_notices

YEAR = 392


def growing(days: int = YEAR, *, monthly: float = 0.05) -> Floats:
    return np.asarray(steady(days) * (1.0 + monthly) ** (np.arange(-days, 0) / 30.4))


def learned(spent: Floats, mechanisms: frozenset[Mechanism] = frozenset(Mechanism)) -> Fit:
    return fit(make_panel([spent], np.array([day_before(AS_OF)])), mechanisms=mechanisms)


def month_far(found: Fit, month: int) -> Floats:
    """Return what 28 days that many four weeks ahead cost on each path, as a multiple of those of now."""
    paths = simulate(found, draw([5], shared_seed=1, paths=400, weeks=4 * (month + 1)), days=28 * (month + 1))[0]
    return np.asarray(paths[:, -28:].sum(axis=1) / (28 * 100.0))


def test_growth_goes_on_for_the_year() -> None:
    spent, other = growing(), frozenset(Mechanism) - {Mechanism.GROWTH}
    grown, faded = np.median(month_far(learned(spent), 11)), np.median(month_far(learned(spent, other), 11))
    assert 1.3 < grown < 1.05**11
    assert faded < 1.2


def test_the_range_gets_wider_with_the_months() -> None:
    found = learned(growing())
    low, high = (np.quantile([month_far(found, month) for month in (1, 3, 6, 11)], q, axis=1) for q in (0.1, 0.9))
    assert (np.diff(high / low) > 0).all()


def test_a_level_that_wanders_goes_on_so_and_a_calm_one_stays_calm() -> None:
    wanders = steady(YEAR) * np.exp(np.repeat(np.tile([0.0, 0.4, 0.8, 0.4, -0.4, -0.8, -0.4], 2), 28))
    calm, wild = learned(steady(YEAR)), learned(wanders)
    assert wild.long_run.walk[0] > 2 * calm.long_run.walk[0]
    spreads = [np.diff(np.quantile(np.log(month_far(found, 6)), [0.1, 0.9]))[0] for found in (calm, wild)]
    assert spreads[1] > 1.5 * spreads[0]


@pytest.mark.parametrize(
    "spent",
    [
        pytest.param(growing(70), id="too short"),
        pytest.param(np.where(np.arange(YEAR) % 3, 0.0, growing()), id="a wallet that rests two days of three"),
        pytest.param(np.zeros(YEAR), id="nothing"),
        pytest.param(steady(3), id="three days"),
    ],
)
def test_without_three_known_months_there_is_no_growth_and_much_doubt(spent: Floats) -> None:
    found = learned(spent)
    assert found.long_run.slope.tolist() == [0.0]
    assert found.long_run.spread[0] == pytest.approx(UNKNOWN / 4)
    assert not [notice for notice in history_notices(found, 0) if notice.code == "growth"]


def test_days_before_a_gap_of_months_teach_nothing() -> None:
    spent = growing()
    spent[:200] *= 50.0
    spent[200:260] = np.nan
    assert learned(spent).long_run.days[0] <= 140
    assert learned(spent).long_run.slope[0] > 0


@pytest.mark.parametrize(("monthly", "word"), [(0.06, "grows by about 6% a month"), (-0.06, "shrinks by about 6% a m")])
def test_growth_is_told_with_its_pace_and_since_when(monthly: float, word: str) -> None:
    (notice,) = (one for one in history_notices(learned(growing(monthly=monthly)), 0) if one.code == "growth")
    assert notice.message.startswith(word)
    assert notice.since == AS_OF - timedelta(days=YEAR)
    assert notice.factor == pytest.approx(1 + monthly, abs=0.008)
    assert 0.95 <= (notice.probability or 0.0) <= 1.0


@pytest.mark.parametrize("spent", [steady(YEAR), growing(monthly=0.01), growing(84, monthly=0.04)], ids=str)
def test_little_growth_and_growth_that_may_be_chance_is_not_told(spent: Floats) -> None:
    assert not [notice for notice in history_notices(learned(spent), 0) if notice.code == "growth"]


def test_the_first_weeks_are_those_of_the_trend() -> None:
    weeks = weeks_after_trend(52)
    assert weeks[0] < 0.03
    assert (np.diff(weeks) > 0).all()
    assert weeks[:4].max() < 0.6 < 24 < weeks[-1]


def test_of_growth_that_is_planned_the_plan_tells() -> None:
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=YEAR), growing()).build()
    step = {"reason": "more", "rate": "0%", "from": "2026-07"}
    seen, planned = (ask(usage, question(plan=chosen)) for chosen in (plan(), plan(growth=[step])))
    assert "growth" in {notice.code for notice in seen.wallets[0].notices}
    assert "growth" not in {notice.code for notice in planned.wallets[0].notices}
    assert seen.year is not None
    assert planned.year is not None
    assert seen.year.quantiles["0.5"] > planned.year.quantiles["0.5"]
