"""Credits that recur belong to what a wallet costs; a correction that came once does not, and is told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, ask, chance_of, organization, plan, question, steady
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.forecast.backtest import backtest
from reconciler.forecast.calendar import day_before
from reconciler.forecast.context import forecast_context
from reconciler.forecast.draws import draw
from reconciler.forecast.fit import fit
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.history import Spend
from reconciler.forecast.panel import Floats, make_panel
from reconciler.forecast.paths import simulate
from reconciler.forecast.recommend import recommend
from reconciler.model.forecast import WalletForecast, WalletNotice
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage

DAYS, WEEKS, PATHS = 60, 9, 100
ENDS = np.array([day_before(AS_OF)])
days_of_money = st.lists(st.one_of(st.just(0.0), st.floats(0.01, 500)), min_size=1, max_size=90)
few = settings(max_examples=25)


def paths(spent: Floats, credits: Floats | None, *mechanisms: Mechanism) -> Floats:
    panel = make_panel([spent], ENDS, credits=None if credits is None else [credits])
    draws = draw([5], shared_seed=1, paths=PATHS, weeks=WEEKS)
    return simulate(fit(panel, mechanisms=mechanisms), draws, days=DAYS)


def told(spent: Floats, credits: Floats) -> list[WalletNotice]:
    learned = fit(make_panel([spent], ENDS, credits=[credits]), mechanisms=[Mechanism.CREDITS])
    return [notice for each in learned.happenings for notice in each.notices(0)]


def usage(spent: Floats, credits: Floats, *, until: date = AS_OF) -> DailyUsage:
    first = until - timedelta(days=len(spent))
    built = UsageBuilder().series("team_support", first, spent)
    for step, back in enumerate(credits.tolist()):
        if back:
            built.row(first + timedelta(days=step), "team_support", -back, credits=-back, workload="credit")
    return built.build()


def forecast(spent: Floats, credits: Floats, *, live: float = 3000) -> WalletForecast:
    return ask(usage(spent, credits), question(live=live)).wallets[0]


@few
@given(days_of_money)
def test_without_credits_all_stays_as_it_was(values: list[float]) -> None:
    spent = np.array(values)
    nothing = np.zeros(len(spent))
    assert np.array_equal(paths(spent, nothing, Mechanism.CREDITS), paths(spent, None))
    assert told(spent, nothing) == []


@few
@given(days_of_money.filter(lambda values: sum(value > 0 for value in values) >= 3), st.floats(0.01, 1.5))
def test_what_comes_back_each_day_comes_off_each_day_to_come(values: list[float], share: float) -> None:
    spent = np.array(values)
    expected = paths(spent, None) * max(1.0 - share, 0.0)
    assert np.allclose(paths(spent, spent * share, Mechanism.CREDITS), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("factor", [2.0**-10, 2.0**20], ids=["thousandth", "million"])
def test_credits_know_no_unit_of_money(factor: float) -> None:
    spent = steady(120)
    credits = spent * np.linspace(0.1, 0.4, 120)
    expected = paths(spent, credits, Mechanism.CREDITS) * factor
    assert np.allclose(paths(spent * factor, credits * factor, Mechanism.CREDITS), expected)


def test_a_third_that_comes_back_is_told_with_its_first_day() -> None:
    spent = steady(120)
    credits = np.where(np.arange(120) < 80, 0.0, 0.3 * spent)
    (notice,) = told(spent, credits)
    since = AS_OF - timedelta(days=40)
    assert notice.code == "recurring-credits"
    assert notice.since == since
    assert notice.factor == pytest.approx(0.7)
    assert notice.message.startswith(f"gets about 30% of what it spends back as credits, on most days since {since}")


def test_credits_that_paused_for_weeks_are_told_from_when_they_came_again() -> None:
    spent = steady(120)
    credits = 0.3 * spent
    credits[60:80] = 0.0
    assert told(spent, credits)[0].since == AS_OF - timedelta(days=40)


def test_credits_of_working_days_that_are_booked_a_day_late_count_in_full() -> None:
    spent = steady(119)
    spent[np.arange(119) % 7 >= 5] = 0.0
    late = np.concatenate([[0.0], 0.4 * spent[:-1]])
    assert told(spent, late)[0].factor == pytest.approx(0.6, abs=0.03)


@pytest.mark.parametrize(
    ("credits", "code"),
    [
        ({100: 900.0}, "credits-left-out"),
        ({91: 40.0, 98: 50.0, 105: 40.0, 112: 30.0}, "credits-left-out"),
        ({60: 900.0}, None),
    ],
    ids=["once", "weekly", "once and long ago"],
)
def test_other_credits_stay_out_and_those_of_a_month_are_told(credits: dict[int, float], code: str | None) -> None:
    spent, given_back = steady(120), np.zeros(120)
    given_back[list(credits)] = list(credits.values())
    assert np.array_equal(paths(spent, given_back, Mechanism.CREDITS), paths(spent, None))
    assert [notice.code for notice in told(spent, given_back)] == ([] if code is None else [code])


def test_what_is_left_out_is_told_in_days_and_money() -> None:
    credits = np.zeros(120)
    credits[[91, 112]] = [40.0, 30.5]
    (notice,) = told(steady(120), credits)
    assert notice.message.startswith("got 70.50 back as credits on 2 days of the last 31, the last on 2026-06-10")


def test_what_came_back_is_told_as_it_was_paid_whatever_the_plan_saves() -> None:
    credits = np.zeros(120)
    credits[[91, 112]] = [40.0, 30.5]
    saving = plan(cache_hit_rate={"from": "10%", "to": "40%", "by": "2026-06"})
    (asked,) = ask(usage(steady(120), credits), question(plan=saving)).wallets
    (notice,) = (notice for notice in asked.notices if notice.code == "credits-left-out")
    assert notice.message.startswith("got 70.50 back as credits on 2 days")


@pytest.mark.parametrize("spent", [np.full(40, np.nan), np.zeros(40), np.zeros(1)], ids=["unknown", "nothing", "a day"])
def test_credits_without_spend_are_no_share_of_it(spent: Floats) -> None:
    credits = np.full(len(spent), 5.0)
    assert not paths(spent, credits, Mechanism.CREDITS).any()
    assert [notice.code for notice in told(spent, credits)] == ["credits-left-out"]


def test_days_that_say_nothing_say_nothing_of_credits() -> None:
    spent = steady(60)
    credits = 0.3 * spent
    spent[40:50], credits[40:50] = np.nan, 900.0
    assert told(spent, credits)[0].factor == pytest.approx(0.7)


def test_a_wallet_that_gets_all_back_costs_nothing_and_never_runs_out() -> None:
    spent = steady(100)
    found = forecast(spent, spent, live=1)
    assert set(map(str, found.month_end.quantiles.values())) == {"0.00"}
    assert chance_of(found.desired.exhaustion) == 0.0
    context = forecast_context(
        usage(spent, spent), [question()], organization=organization(), period=Period(2026, 7), as_of=AS_OF, teams={}
    )
    assert recommend([question()], context).targets[0].target == 0


def test_a_month_of_credits_above_spend_ends_at_nothing_more_to_pay() -> None:
    spent = steady(30)
    found = forecast(spent, 1.5 * spent)
    assert found.month_end.quantiles["0.1"] == found.month_end.quantiles["0.9"] == found.known_spend < 0


def test_the_month_end_is_what_is_paid_in_the_end() -> None:
    spent = steady(199, noise=0.05)
    full, found = forecast(spent, 0.0 * spent), forecast(spent, 0.3 * spent)
    for key, quantile in full.month_end.quantiles.items():
        assert float(found.month_end.quantiles[key]) == pytest.approx(0.7 * float(quantile), abs=0.01)


def test_of_a_day_known_in_part_the_rest_gets_its_credits_too() -> None:
    spent = np.append(steady(100, noise=0.05), 30.0)
    known, credited = (
        ask(usage(spent, back * spent, until=AS_OF + timedelta(days=1)), question()).wallets[0] for back in (0.0, 0.3)
    )
    for key, quantile in known.month_end.quantiles.items():
        assert float(credited.month_end.quantiles[key]) == pytest.approx(0.7 * float(quantile), abs=0.01)


def test_a_limit_of_a_day_looks_at_the_price_before_credits() -> None:
    spent = steady(199, noise=0.05)
    limited = plan(rate_limits=[{"daily": "60.00", "from": "2026-06", "reason": "quota"}])
    full, found = (
        ask(usage(spent, back * spent), question(plan=limited)).wallets[0].month_end.quantiles["0.5"]
        for back in (0.0, 0.5)
    )
    assert float(found) == pytest.approx(0.5 * float(full), abs=0.01)


def test_a_backtest_gives_what_was_paid_to_the_naive_methods_too() -> None:
    spent = steady(300, noise=0.05)
    report = backtest(usage(spent, 0.3 * spent), as_of=AS_OF, organization="org_acme").overall
    assert all(score.wape < 0.05 for score in report.scores.values())
    assert report.scores["forecast"].cov80 is not None
    nothing = backtest(usage(spent, spent), as_of=AS_OF, organization="org_acme").overall.scores
    assert [(score.wape, score.bias) for score in nothing.values()] == [(0.0, None)] * 4


def test_credits_for_the_end_of_each_month_are_no_empty_wallet() -> None:
    spent, first = steady(150), AS_OF - timedelta(days=150)
    late = np.array([(first + timedelta(days=step)).day > 20 for step in range(150)])
    plain = forecast(spent, 0.0 * spent)
    assert forecast(spent, np.where(late, spent, 0.0)).history_days == plain.history_days == 150


def test_credits_of_days_are_what_was_charged_less_what_was_paid() -> None:
    spend = Spend(date(2026, 6, 1), np.array([7, -2]) * 10**9, np.array([9, 1]) * 10**9)
    assert spend.credits(date(2026, 6, 4), days=4).tolist() == [0.0, 2.0, 3.0, 0.0]
    assert spend.charged(date(2026, 6, 1), date(2026, 6, 3)).tolist() == [9.0, 1.0]
    assert spend.between(date(2026, 6, 1), date(2026, 6, 3)) == Decimal(5)


def on_day(spent: Floats, day: int, share: float) -> Floats:
    """Return credits of a share of the 30 days before, on one day of each month."""
    credits = np.zeros(len(spent))
    for step in range(30, len(spent)):
        if (AS_OF - timedelta(days=len(spent) - step)).day == day:
            credits[step] = share * spent[step - 30 : step].sum()
    return credits


def test_credits_of_one_day_of_each_month_come_back_on_it() -> None:
    spent = steady(190)
    credits = on_day(spent, 25, 0.4)
    before, after = paths(spent, None)[0], paths(spent, credits, Mechanism.CREDITS)[0]
    first = (date(2026, 6, 25) - AS_OF).days
    known = spent[-(30 - first) :].sum() + before[:, :first].sum(axis=1)
    back = before - after
    assert np.median(back[:, first] / known) == pytest.approx(0.4, rel=0.02)
    second = back[:, (date(2026, 7, 25) - AS_OF).days]
    assert np.median(second / before[:, first + 0 : first + 30].sum(axis=1)) == pytest.approx(0.4, rel=0.02)
    assert np.flatnonzero(np.abs(back).max(axis=0) > 1e-9).tolist() == [first, first + 30]


def test_monthly_credits_are_told_with_their_day() -> None:
    spent = steady(190)
    (notice,) = told(spent, on_day(spent, 25, 0.4))
    assert (notice.code, notice.since) == ("recurring-credits", date(2026, 1, 25))
    assert notice.message.startswith(
        "gets about 40% of the 30 days before back as credits on the 25th of each month, 5 times so far"
    )


@pytest.mark.parametrize("factor", [2.0**-10, 2.0**20], ids=["thousandth", "million"])
def test_monthly_credits_know_no_unit_of_money(factor: float) -> None:
    spent = steady(190)
    credits = on_day(spent, 3, 0.2)
    expected = paths(spent, credits, Mechanism.CREDITS) * factor
    assert np.allclose(paths(spent * factor, credits * factor, Mechanism.CREDITS), expected)


@pytest.mark.parametrize("share", [1.0, 3.0], ids=["all", "more than all"])
def test_no_more_comes_back_than_was_spent(share: float) -> None:
    spent = steady(190)
    first = (date(2026, 6, 25) - AS_OF).days
    credits = on_day(spent, 25, share)
    credits += on_day(spent, 26, share)
    days = paths(spent, credits, Mechanism.CREDITS)[0]
    month = spent[-(30 - first) :].sum() + days[:, : first + 2].sum(axis=1)
    assert (month > 0).all()


def test_monthly_credits_may_end_and_those_that_did_not_come_last_month_have() -> None:
    spent = steady(190)
    credits = on_day(spent, 5, 0.3)
    assert [notice.code for notice in told(spent, credits)] == ["recurring-credits"]
    credits[-(AS_OF - date(2026, 6, 5)).days] = 0.0
    assert told(spent, credits) == []
    assert np.array_equal(paths(spent, credits, Mechanism.CREDITS), paths(spent, None))


def test_credits_beside_the_monthly_one_are_told_as_left_out() -> None:
    spent = steady(190)
    credits = on_day(spent, 5, 0.3)
    credits[-4] = 12.0
    assert [notice.code for notice in told(spent, credits)] == ["recurring-credits", "credits-left-out"]


def test_credits_on_many_days_meet_on_some_of_the_month_by_chance() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        credits = np.where(random.random(190) < 0.2, 30.0, 0.0)
        assert [notice.code for notice in told(steady(190), credits)] in (["credits-left-out"], [])


def test_a_longer_horizon_keeps_the_credits_before() -> None:
    spent = steady(190)
    panel = make_panel([spent], ENDS, credits=[on_day(spent, 25, 0.3) + on_day(spent, 4, 0.1)])
    learned = fit(panel, mechanisms=[Mechanism.CREDITS])
    short, long = (
        simulate(learned, draw([5], shared_seed=1, paths=PATHS, weeks=weeks), days=7 * weeks)[0] for weeks in (9, 40)
    )
    assert np.allclose(short, long[:, : short.shape[1]])


def test_money_that_comes_back_later_does_not_pay_before() -> None:
    spent = steady(190, noise=0.05)
    found = forecast(spent, on_day(spent, 28, 0.5), live=900)
    assert found.desired.exhaustion.date["0.5"] is not None
    assert found.desired.exhaustion.date["0.5"] < date(2026, 6, 28)
    assert float(found.month_end.quantiles["0.5"]) < 1700
    needed = Decimal(str(found.desired.unserved["0.5"]))
    assert needed > 0
