"""Silence: what is more than a wallet's usual rest is a stop or a pause, and never changes what its days cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, ask, budget, organization, plan, question, steady
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forecast.context import forecast_context
from reconciler.forecast.draws import draw
from reconciler.forecast.fit import Fit, fit
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.happenings.registry import find
from reconciler.forecast.happenings.silence import Silence, find_silence
from reconciler.forecast.panel import Floats, Panel, make_panel
from reconciler.forecast.paths import simulate
from reconciler.forecast.recommend import recommend
from reconciler.model.period import Period

END = np.datetime64("2026-06-18", "D")
PATHS, DAYS = 500, 28


def panel_of(*histories: Floats) -> Panel:
    return make_panel(histories, np.full(len(histories), END))


def silent(days: int, *, before: Floats | None = None) -> Floats:
    return np.concatenate([steady(180) if before is None else before, np.zeros(days)])


def ends_of(*histories: Floats, days: int = DAYS) -> Floats:
    """Return float64[series, paths]: the sums of the next days."""
    learned = fit(panel_of(*histories))
    draws = draw([9] * len(histories), shared_seed=1, paths=PATHS, weeks=-(-days // 7))
    return np.asarray(simulate(learned, draws, days=days).sum(axis=2))


def found_in(*histories: Floats) -> Silence:
    return find_silence(panel_of(*histories))[0]


def test_a_longer_silence_never_lets_the_forecast_rise() -> None:
    ends = ends_of(*(silent(days) for days in range(1, 100)))
    middle, high = np.quantile(ends, 0.5, axis=1), np.quantile(ends, 0.9, axis=1)
    slack = 0.08 * 100 * DAYS
    assert (np.diff(middle) < slack).all()
    assert (np.diff(high) < slack).all()
    assert not middle[13:].any()
    assert not high[29:].any()


def test_a_stop_grows_likelier_and_a_pause_less_so() -> None:
    found = found_in(*(silent(days) for days in range(3, 90)))
    assert (np.diff(found.stopped) > 0).all()
    assert (np.diff(found.paused) < 0).all()
    assert found.stopped[-1] > 0.95


def test_paths_that_come_back_cost_what_they_did() -> None:
    paths = simulate(fit(panel_of(silent(5))), draw([3], shared_seed=1, paths=1000, weeks=9), days=63)[0]
    back = paths[:, 56:].mean(axis=1)
    back = back[paths[:, 56] > 0]
    assert 0.25 < len(back) / 1000 < 0.6
    assert 80 < np.median(back) < 120


def test_silence_is_not_intermittence() -> None:
    for days in (20, 60, 150):
        assert not fit(panel_of(silent(days))).level.intermittent[0]


@pytest.mark.parametrize("rest", [2, 3])
def test_a_weekend_is_no_silence(rest: int) -> None:
    weekdays = np.where(np.arange(182) % 7 < 7 - rest, steady(182), 0.0)
    found, fitted = find_silence(panel_of(weekdays))
    assert found.days[0] == rest
    assert found.stopped[0] + found.paused[0] < 0.05
    assert np.array_equal(fitted.values, panel_of(weekdays).values, equal_nan=True)
    assert not list(found.notices(0))
    later = found_in(np.concatenate([weekdays, np.zeros(4)]))
    assert later.stopped[0] > 0.3


@pytest.mark.parametrize("days", range(7, 60, 7))
def test_a_young_wallet_may_have_weekends_too(days: int) -> None:
    found = found_in(np.where(np.arange(days) % 7 < 5, steady(days), 0.0))
    assert found.days[0] == 2
    assert found.stopped[0] + found.paused[0] < 0.05


def intermittent(kind: str) -> Floats:
    """A wallet that spends on some days only, silent for as long by now as it was before."""
    random, days = np.random.default_rng(5), steady(240)
    if kind == "monthly":
        return np.where(np.arange(240) % 30 == 4, days, 0.0)
    if kind == "campaigns":
        return np.where(np.arange(240) % 30 < 8, days, 0.0)
    sparse = np.where(random.random(240) < 0.2, days, 0.0)
    sparse[-4:] = 0.0
    return sparse


@pytest.mark.parametrize("kind", ["monthly", "campaigns", "sparse"])
def test_wallets_that_rest_often_keep_their_days(kind: str) -> None:
    found, fitted = find_silence(panel_of(intermittent(kind)))
    assert found.days[0] >= 4
    assert found.stopped[0] + found.paused[0] < 0.2
    assert np.array_equal(fitted.values, panel_of(intermittent(kind)).values, equal_nan=True)


@pytest.mark.parametrize("kind", ["monthly", "campaigns", "sparse"])
def test_they_stop_as_well_in_the_end(kind: str) -> None:
    stopped = [found_in(silent(days, before=intermittent(kind))).stopped[0] for days in (0, 30, 60, 120, 240)]
    assert stopped == sorted(stopped)
    assert stopped[-1] > 0.6


def test_an_improbable_gap_is_unknown_and_a_short_one_is_not() -> None:
    gap = steady(180)
    gap[100:120] = 0.0
    short = steady(180)
    short[100:102] = 0.0
    _, fitted = find_silence(panel_of(gap, short))
    assert np.isnan(fitted.values[0, :180]).sum() == 20
    assert np.isfinite(fitted.values[1, :180]).all()


def test_an_earlier_silence_as_long_makes_a_pause_likelier() -> None:
    paused = steady(180)
    paused[60:80] = 0.0
    once, never = (found_in(silent(16, before=before)) for before in (paused, steady(180)))
    assert once.stopped[0] < 0.3 < never.stopped[0]
    assert once.before[0] == 1


def test_after_a_restart_the_level_is_that_of_the_days_on_which_it_spent() -> None:
    paused = steady(180)
    paused[140:177] = 0.0
    assert fit(panel_of(paused)).level.values[0] == pytest.approx(100, rel=0.15)


def test_unknown_days_are_no_silence() -> None:
    unknown = steady(180)
    unknown[-20:] = np.nan
    found, _ = find_silence(panel_of(unknown))
    assert found.days[0] == found.stopped[0] == found.paused[0] == 0
    assert ends_of(unknown).min() > 0


@pytest.mark.parametrize(
    "history",
    [
        np.zeros(60),
        np.zeros(1),
        np.zeros(0),
        np.full(30, np.nan),
        np.array([5.0]),
        np.array([5.0, 0.0, 0.0]),
        np.r_[5.0, np.zeros(6)],
        np.r_[5.0, np.zeros(120)],
        np.r_[np.nan, 5.0, np.nan, np.zeros(3)],
        np.r_[5.0, 5.0, np.zeros(20), 5.0],
        np.r_[1e-9, np.zeros(30), 1e12],
    ],
    ids=["zeros", "a zero", "none", "unknown", "one day", "3 days", "a week", "one event", "holes", "two", "extremes"],
)
def test_histories_that_say_little_are_forecast(history: Floats) -> None:
    ends = ends_of(history, steady(60))
    assert np.isfinite(ends).all()
    assert (ends >= 0).all()
    assert np.median(ends[1]) > 0


def test_one_event_of_long_ago_is_not_every_days_cost() -> None:
    ends = ends_of(np.r_[5000.0, np.zeros(60)])
    assert np.quantile(ends, 0.5) == 0
    assert np.quantile(ends, 0.9) < 5000


@given(days=st.integers(0, 40), scale=st.floats(1e-3, 1e6), others=st.integers(0, 3))
def test_money_and_neighbours_change_nothing(days: int, scale: float, others: int) -> None:
    history = silent(days)
    alone, with_others = (
        found_in(history),
        found_in(*[steady(50, seed=seed) for seed in range(others)], history * scale),
    )
    one = with_others.part(slice(others, others + 1))
    for name in ("days", "stopped", "paused", "before"):
        assert np.array_equal(getattr(alone, name), getattr(one, name))


def test_wallets_that_spend_every_day_are_left_as_they_are() -> None:
    panel = panel_of(steady(90), steady(60))
    found, fitted = find_silence(panel)
    assert fitted is panel
    assert not list(found.turns(0, draw([1], shared_seed=1, paths=4, weeks=1)))
    assert isinstance(fit(panel), Fit)


def stopped_since(days: int) -> UsageBuilder:
    costs = steady(200)
    costs[200 - days :] = 0.0
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=200), costs)
    return usage.series("team_other", AS_OF - timedelta(days=200), steady(200))


def test_the_wallets_answer_follows_and_says_since_when() -> None:
    forecast = ask(stopped_since(20).build(), question())
    wallet = forecast.wallets[0]
    notice = next(one for one in wallet.notices if one.code == "silent")
    assert notice.since == AS_OF - timedelta(days=20)
    assert notice.factor == 0
    assert notice.probability is not None
    assert notice.probability > 0.7
    assert "20 days, longer than ever before" in notice.message
    assert wallet.month_end.quantiles["0.5"] == wallet.spend_to_date
    assert wallet.confidence == "normal"
    told = next(warning for warning in forecast.warnings if warning.code == "silent")
    assert told.message.startswith("support/prod has spent nothing since ")
    assert told.hint


def test_there_is_nothing_to_warn_of_where_nothing_more_is_spent() -> None:
    usage, asked = stopped_since(40).build(), question(alerts_desired=(budget(),))
    june = Period(2026, 6)
    context = forecast_context(usage, [asked], organization=organization(), period=june, as_of=AS_OF, teams={})
    found = recommend([asked], context)
    assert found.targets[0].target == 0
    assert {notice.code for notice in found.notices} == {"silent"}
    assert all("nothing to warn of" in alert.reason and not alert.possible for alert in found.alerts)


def test_growth_that_arrived_before_a_silence_does_not_come_once_more() -> None:
    costs = steady(200, noise=0.01)
    costs[-17:] *= 1.5
    costs[-10:] = 0.0
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=200), costs)
    usage.series("team_other", AS_OF - timedelta(days=200), steady(200))
    growth = [{"reason": "launch", "rate": "50%", "starts": "2026-06"}]
    wallet = ask(usage.build(), question(plan=plan(growth=growth))).wallets[0]
    assert abs(wallet.levers[0].contribution) < 1


def test_a_wallet_whose_last_spend_is_out_of_sight_is_told_too() -> None:
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=480), steady(40))
    usage.series("team_other", AS_OF - timedelta(days=480), steady(480))
    wallet = ask(usage.build(), question()).wallets[0]
    assert not any(wallet.month_end.quantiles.values())
    assert "400 days, or longer: >99.9%" in wallet.notices[0].message


def test_a_wallet_that_is_but_charged_each_month_is_not_silent() -> None:
    days = END - np.arange(240)[::-1]
    fourth = days - days.astype("datetime64[M]").astype("datetime64[D]") == np.timedelta64(3, "D")
    happenings, _ = find(panel_of(np.where(fourth, 5000.0, 0.0)), frozenset(Mechanism))
    assert {notice.code for each in happenings for notice in each.notices(0)} == {"calendar-charge"}


def test_next_to_nothing_is_as_good_as_nothing() -> None:
    history = silent(20)
    history[-20:] = 0.02
    found = found_in(history)
    assert found.days[0] == 20
    assert not np.quantile(ends_of(history), 0.5)
    assert "has spent next to nothing since" in next(iter(found.notices(0))).message
    history[-20:] = 2.0
    assert found_in(history).days[0] == 0


def test_a_monthly_charge_goes_on_while_the_rest_has_stopped() -> None:
    costs = silent(20, before=steady(200))
    costs[[-200, -169, -138, -110, -79, -49, -18]] += 5000.0  # on the first of each month
    happenings, _ = find(panel_of(costs), frozenset(Mechanism))
    told = {notice.code: notice.message for each in happenings for notice in each.notices(0)}
    assert set(told) == {"silent", "calendar-charge"}
    assert "has spent nothing but its monthly charge since 2026-05-30, 20 days" in told["silent"]


def test_a_silent_wallet_is_not_told_of_a_shift_before_it_as_if_that_went_on() -> None:
    costs = steady(200)
    costs[-25:] *= 5.0
    costs[-12:] = 0.0
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=200), costs)
    usage.series("team_other", AS_OF - timedelta(days=200), steady(200))
    assert [notice.code for notice in ask(usage.build(), question()).wallets[0].notices] == ["silent"]


def test_a_pause_that_is_likelier_than_a_stop_is_told_too_from_its_second_day_on() -> None:
    paused = steady(200)
    paused[60:80] = paused[120:140] = 0.0
    found = found_in(silent(16, before=paused))
    assert found.stopped[0] < 0.3
    assert "as 2 times before" in next(iter(found.notices(0))).message
    assert not list(found_in(silent(1)).notices(0))
    assert list(found_in(silent(2)).notices(0))


def test_it_says_how_often_it_was_silent_as_long() -> None:
    paused = np.zeros(250)
    paused[:60] = paused[90:140] = steady(250)[:60].mean()
    found = found_in(paused[:190])
    assert [found.before[0], found.days[0]] == [0, 50]
    shorter = found_in(paused[:160])
    assert shorter.before[0] == 1
    assert "as it was once before" in next(iter(replace(shorter, stopped=np.array([0.9])).notices(0))).message
    assert date(2026, 5, 30) == next(iter(found_in(silent(20)).notices(0))).since
