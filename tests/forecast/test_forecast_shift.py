"""Shifts: found soon, believed as far as they can be, told in a sentence, and not seen where there are none."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from forecast.forecast_world import UsageBuilder, ask, question
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forecast.draws import draw
from reconciler.forecast.fit import Fit, fit
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.panel import Floats, make_panel
from reconciler.forecast.passing import chance_to_pass
from reconciler.forecast.paths import simulate
from reconciler.forecast.shift_notice import shift_notices
from reconciler.model.forecast import WalletNotice

END = date(2026, 6, 17)
WEEK = np.array([1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5])


def wallet(days: int = 150, *, noise: float = 0.15, seed: int = 1) -> Floats:
    random = np.random.default_rng(seed)
    return np.asarray(100.0 * WEEK[np.arange(days) % 7] * np.exp(random.normal(0.0, noise, days)))


def since(costs: Floats, age: int, factor: float, *, lasts: int | None = None) -> Floats:
    changed = costs.copy()
    changed[-age : None if lasts is None or lasts == age else lasts - age] *= factor
    return changed


def fitted(costs: Floats, *, end: date = END, mechanisms: frozenset[Mechanism] = frozenset(Mechanism)) -> Fit:
    return fit(make_panel([costs], np.array([end], dtype="datetime64[D]")), mechanisms=mechanisms)


def month(costs: Floats, *, end: date = END, days: int = 30) -> Floats:
    """The 10%, 50% and 90% quantiles of the next days, as multiples of a day of the unchanged wallet."""
    draws = draw([7], shared_seed=1, paths=1000, weeks=-(-days // 7))
    means = simulate(fitted(costs, end=end), draws, days=days)[0].mean(axis=1)
    return np.asarray(np.quantile(means / 100.0, [0.1, 0.5, 0.9]))


def told(costs: Floats, *, end: date = END) -> list[WalletNotice]:
    return list(shift_notices(fitted(costs, end=end), 0))


@pytest.mark.parametrize("factor", [0.1, 3.0, 10.0, 100.0])
@pytest.mark.parametrize("age", [8, 14, 20])
def test_a_large_shift_is_followed_after_a_week(factor: float, age: int) -> None:
    low, middle, high = month(since(wallet(), age, factor))
    assert low < factor < high
    assert middle == pytest.approx(factor, rel=0.35)


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_what_is_three_days_old_may_pass_or_stay(factor: float) -> None:
    low, _, high = month(since(wallet(), 3, factor))
    assert low < 1.6 * min(factor, 1.0)
    assert high > 0.6 * max(factor, 1.0)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_told_where_nothing_changed(seed: int) -> None:
    assert told(wallet(seed=seed, noise=0.3)) == []


@pytest.mark.parametrize(("factor", "words"), [(5.0, "5."), (40.0, " times"), (0.2, "% of the usual")])
def test_a_shift_is_told_with_its_day_its_size_and_whether_it_stays(factor: float, words: str) -> None:
    (notice,) = told(since(wallet(), 10, factor))
    assert notice.code == "shift"
    assert words in notice.message
    assert notice.since is not None
    assert abs((notice.since - (END - timedelta(days=9))).days) <= 1
    assert notice.factor == pytest.approx(factor, rel=0.25)
    assert notice.probability is not None
    assert f"{notice.probability:.0%} that it stays" in notice.message


@pytest.mark.parametrize("history", [84, 150, 409])
@given(st.integers(8, 68), st.floats(-2.5, 2.5), st.floats(0.0, 0.1), st.integers(0, 2**32 - 1))
def test_one_step_is_told_of_its_own_day_and_size_or_not_at_all(
    history: int, age: int, size: float, noise: float, seed: int
) -> None:
    for notice in told(since(wallet(history, noise=noise, seed=seed), age, math.exp(size))):
        assert notice.since is not None
        assert abs((notice.since - END).days - 1 + age) <= 3
        assert notice.factor == pytest.approx(math.exp(size), rel=0.2)


@pytest.mark.parametrize("age", [*range(24, 66, 3), 80, 100, 140])
@pytest.mark.parametrize("factor", [0.5, 2.0, 3.0])
def test_the_level_of_a_steady_wallet_does_not_trail_behind_a_step(age: int, factor: float) -> None:
    steady = since(wallet(400, noise=0.03), age, factor)
    assert [(notice.since, round(notice.factor or 0.0, 1)) for notice in told(steady)] == (
        [(END - timedelta(days=age - 1), factor)] if age < 70 else []
    )


def test_a_step_of_eight_weeks_ago_leaves_little_doubt_of_the_level() -> None:
    costs = wallet(400, noise=0.03)
    as_ever, stepped = month(costs), month(since(costs, 57, 2.0))
    assert stepped[1] == pytest.approx(2.0, rel=0.02)
    assert stepped[2] - stepped[0] < 1.5 * 2.0 * (as_ever[2] - as_ever[0])


def test_the_older_a_shift_the_likelier_it_stays() -> None:
    stays = [told(since(wallet(), age, 8.0))[0].probability or 0.0 for age in (3, 6, 10, 18)]
    assert stays == sorted(stays)
    assert stays[0] < 0.6 < stays[-1]


def test_the_greater_a_shift_the_likelier_it_passes() -> None:
    small, great = (chance_to_pass(fitted(since(wallet(), 6, factor)), 0)[4] for factor in (2.0, 20.0))
    assert small < great


@pytest.mark.parametrize("factor", [0.03, 6.0])
def test_what_is_over_says_nothing_of_now(factor: float) -> None:
    costs = since(wallet(), 9, factor, lasts=5)
    _, middle, _ = month(costs)
    assert middle == pytest.approx(1.0, rel=0.15)
    assert told(costs) == []


def test_without_looking_for_shifts_a_launch_is_slow_to_be_seen() -> None:
    costs = since(wallet(), 8, 10.0)
    assert fitted(costs, mechanisms=frozenset()).shift.probability[0] == 0
    assert fitted(costs).shift.probability[0] > 0.99


def test_new_days_are_not_cut_to_the_level_before() -> None:
    costs = since(wallet(), 12, 50.0)
    tame = fitted(costs, mechanisms=frozenset(Mechanism) - {Mechanism.TAMING})
    assert fitted(costs).level.values[0, -12:].max() > 2 * tame.level.values[0, -12:].max()


@given(st.floats(1e-3, 1e6), st.integers(2, 30), st.floats(0.05, 20.0))
def test_shifts_do_not_depend_on_the_currency(unit: float, age: int, factor: float) -> None:
    costs = since(wallet(), age, factor)
    one, other = fitted(costs).shift, fitted(costs * unit).shift
    assert np.allclose(one.odds, other.odds, atol=1e-6)


@pytest.mark.parametrize(
    "costs", [np.zeros(40), np.full(40, np.nan), np.ones(1), np.r_[np.zeros(20), 5.0], wallet(13), wallet(30)[:3]]
)
def test_odd_histories_have_a_forecast_and_no_shift(costs: Floats) -> None:
    assert np.isfinite(month(costs)).all()
    assert told(costs) == []


def test_christmas_is_taken_for_a_holiday_and_the_new_year_for_the_usual() -> None:
    end = date(2025, 12, 28)
    costs = since(wallet(200), 7, 0.2)
    (notice,) = told(costs, end=end)
    assert notice.code == "holiday"
    assert "as over the holidays" in notice.message
    low, middle, _ = month(costs, end=end, days=35)
    assert middle == pytest.approx(1.0, rel=0.3)
    after = np.r_[costs, wallet(212)[200:]]
    assert told(after, end=date(2026, 1, 9)) == []
    assert month(after, end=date(2026, 1, 9))[1] == pytest.approx(1.0, rel=0.15)
    assert low < middle


def test_a_drop_before_christmas_that_lasts_is_none() -> None:
    assert {notice.code for notice in told(since(wallet(200), 40, 0.2), end=date(2026, 1, 20))} <= {"shift"}


def test_a_launch_reaches_the_answer_of_its_wallet() -> None:
    costs = since(wallet(170), 9, 12.0)
    usage = UsageBuilder().series("team_support", date(2025, 12, 30), costs).build()
    found = ask(usage, question())
    (wallet_told,) = found.wallets
    assert [notice.code for notice in wallet_told.notices] == ["shift"]
    (warning,) = [warning for warning in found.warnings if warning.code == "shift"]
    assert warning.message.endswith(wallet_told.notices[0].message)
