"""Levers: what the plan still has to bring about moves the paths by the documented factors, and nothing twice."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, ask, organization, plan, question, steady, team

from reconciler.forecast.calendar import DayRange
from reconciler.forecast.levers.cache_hit_rate import hit_rate
from reconciler.forecast.levers.effect import Setting
from reconciler.forecast.levers.mix_progress import moved
from reconciler.forecast.levers.registry import effects_of, levers, levers_of, planned_spend
from reconciler.forecast.observed import Observations, Observed, observations
from reconciler.forecast.when import Month
from reconciler.model.forecast import WalletForecast
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage

JUNE, JULY = Period(2026, 6), Period(2026, 7)
FULL = "openai/gpt-4o"
MINI = "openai/gpt-4o-mini"


def usage(*, days: int = 100, **more: Any) -> DailyUsage:
    """80 a day on a dear model and 20 on a cheap one that is twenty times as cheap per token."""
    table = UsageBuilder()
    for back in range(days):
        day = AS_OF - timedelta(days=days - back)
        table.row(day, "team_support", 80, provider="openai", model="gpt-4o", requests=100, input_tokens=80_000, **more)
        table.row(day, "team_support", 20, provider="openai", model="gpt-4o-mini", requests=50, input_tokens=400_000)
    return table.build()


def test_a_lever_that_is_not_in_a_plan_says_nothing_of_it() -> None:
    """Validation asks only those that are in it."""
    bare = plan(baseline_monthly="3000.00")
    assert levers_of(bare) == ()
    for month in (Month(JUNE.plus(ahead), JUNE) for ahead in range(12)):
        assert planned_spend(bare, month) == Decimal("3000.00")
    for lever in levers():
        assert [*lever.contradictions(bare), *lever.months(bare), *lever.amounts(bare)] == []


def july(plan_of: Any, *, table: DailyUsage | None = None, **more: Any) -> WalletForecast:
    return ask(table or usage(), question(plan=plan_of, **more), period=JULY).wallets[0]


def contributions(answer: WalletForecast) -> dict[str, float]:
    """Return what each lever contributes, a promised saving if all of it comes."""
    return {
        lever.name: float(lever.contribution if lever.planned is None else lever.planned) for lever in answer.levers
    }


def test_a_growth_step_to_come_raises_the_days_after_it_and_a_past_one_nothing() -> None:
    steps = [{"reason": "past", "rate": "50%", "from": "2026-05"}, {"reason": "next", "rate": "18%", "from": "2026-07"}]
    moved = contributions(july(plan(growth=steps)))
    assert moved["growth: past"] == 0
    assert moved["growth: next"] == pytest.approx(0.18 * 3100, rel=0.05)


def test_a_cache_improvement_multiplies_miss_cost_by_the_ratio_of_misses() -> None:
    rate = {"from": "0%", "to": "20%", "since": "2026-07", "by": "2026-07"}
    assert contributions(july(plan(cache_hit_rate=rate)))["cache_hit_rate"] == pytest.approx(-0.10 * 3100, rel=0.08)


def test_a_ramp_is_linear_over_whole_months_and_then_held() -> None:
    days = [date(2026, 5, 31), date(2026, 6, 30), date(2026, 12, 31), date(2027, 3, 1)]
    done = [on(day).ramp(JUNE, Period(2026, 12))[0] for day in days]
    assert done == pytest.approx([0, 1 / 7, 1, 1])
    rate = plan(cache_hit_rate={"from": "14%", "to": "28%", "by": "2026-12"}).cache_hit_rate
    assert rate is not None
    assert hit_rate(rate, on(date(2026, 6, 30))) == pytest.approx(0.16)
    (move,) = plan(
        provider_mix=[{"reason": "r", "from": FULL, "to": MINI, "share": "30%", "by": "2026-09"}]
    ).provider_mix
    assert moved(move, on(date(2026, 6, 30))) == pytest.approx(0.075)


def test_a_provider_move_reprices_the_moved_share_by_observed_unit_prices() -> None:
    move = {"reason": "drafting", "from": FULL, "to": MINI, "share": "100%", "since": "2026-07", "by": "2026-07"}
    moved = contributions(july(plan(provider_mix=[move])))["provider_mix"]
    # on average half of the dear model's 80 a day has moved, at a twentieth of the price
    assert moved == pytest.approx(-0.5 * 80 * 0.95 * 31, rel=0.08)


def test_a_move_to_a_model_without_a_price_is_left_out_and_said() -> None:
    move = {"reason": "r", "from": FULL, "to": "other/new", "share": "50%", "by": "2026-09"}
    forecast = ask(usage(), question(plan=plan(provider_mix=[move])))
    assert contributions(forecast.wallets[0]) == {"provider_mix": 0}
    assert [(price.model, price.per_million_tokens) for price in forecast.prices] == [
        (FULL, Decimal("1000.00")),
        ("other/new", None),
    ]
    assert "other/new" in next(warning.message for warning in forecast.warnings if warning.code == "mix-unpriced")


def test_models_without_a_provider_in_the_usage_or_the_plan_are_found() -> None:
    seen = observations(usage(), known_until=AS_OF).of(["team_support"])
    assert seen.model("gpt-4o") == seen.model(FULL)
    bare = UsageBuilder().row(AS_OF - timedelta(days=1), "w", 5, model="m", input_tokens=10).build()
    found = observations(bare, known_until=AS_OF).of(["w"]).model("m")
    assert found is not None
    assert found.price == 0.5


def test_planned_demand_comes_to_the_first_wallet_from_its_month_on() -> None:
    demand = plan(planned_demand=[{"reason": "voice", "monthly": "620.00", "from": "2026-07", "lane": "off_peak"}])
    teams = {"support": team(prod=("team_support", 3000), dev=("team_dev", 100))}
    forecast = ask(usage(), question(plan=demand), question("team_dev", plan=demand), period=JULY, teams=teams)
    assert contributions(forecast.wallets[0]) == {"planned_demand": 620.0}
    assert contributions(forecast.wallets[1]) == {}


PILOT = {"reason": "pilot", "monthly": "900.00", "from": "2026-04", "until": "2026-06"}


def since(first: date, *, more: float, days: int = 140) -> DailyUsage:
    """100 a day, with a quiet noise, and `more` from a day on."""
    start = AS_OF - timedelta(days=days)
    costs = [float(cost) for cost in steady(days, noise=0.03)]
    return (
        UsageBuilder()
        .series("team_support", start, [c + more * (start + timedelta(n) >= first) for n, c in enumerate(costs)])
        .build()
    )


@pytest.mark.parametrize(("more", "came"), [(30.0, 1.0), (15.0, 0.5), (0.0, 0.0), (80.0, 1.0), (-20.0, 0.0)])
def test_demand_ends_as_far_as_it_came_and_nothing_more_of_it_is_expected(more: float, came: float) -> None:
    demand = plan(planned_demand=[PILOT])
    found = since(date(2026, 4, 1), more=more)
    now = contributions(ask(found, question(plan=demand)).wallets[0])["planned_demand"]
    later = contributions(july(demand, table=found))["planned_demand"]
    assert now == 0, "what has come until now goes on to the end of June"
    assert later == pytest.approx(-900 * came, abs=60)


@pytest.mark.parametrize(("more", "came"), [(30.0, 1.0), (0.0, 0.0)])
def test_demand_of_this_month_is_still_to_come_as_far_as_it_has_not(more: float, came: float) -> None:
    demand = plan(planned_demand=[{**PILOT, "from": "2026-06"}])
    found = since(date(2026, 6, 1), more=more)
    left = (date(2026, 7, 1) - AS_OF).days
    now = contributions(ask(found, question(plan=demand)).wallets[0])["planned_demand"]
    assert now == pytest.approx(30 * left * (1 - came), abs=60)
    later = contributions(july(demand, table=found))["planned_demand"]
    assert later == pytest.approx(-900 * came, abs=60)


def test_a_wallet_that_is_nothing_but_its_pilot_ends_with_it() -> None:
    demand = plan(planned_demand=[{**PILOT, "from": "2026-05"}])
    table = UsageBuilder().series("team_support", date(2026, 5, 4), steady(45, level=30.0, noise=0.03)).build()
    answer = july(demand, table=table)
    assert float(answer.month_end.quantiles["0.5"]) < 120


def test_of_less_than_a_week_before_it_nothing_tells_what_came() -> None:
    demand = plan(planned_demand=[PILOT])
    table = since(date(2026, 4, 1), more=0.0, days=(AS_OF - date(2026, 3, 29)).days)
    assert contributions(july(demand, table=table))["planned_demand"] == pytest.approx(-900, rel=0.05)


def test_a_resilience_margin_adds_only_what_the_history_does_not_contain() -> None:
    margin = organization(forecast={"interval": "80%", "horizon_months": 2, "resilience_margin": "3%"})
    bare = ask(usage(), question(), org=margin, period=JULY).wallets[0]
    assert contributions(bare)["resilience_margin"] == pytest.approx(0.03 * 3100, rel=0.1)
    falling_back = usage(fallbacks=10, fallback_cost=16.0)
    already = ask(falling_back, question(), org=margin, period=JULY).wallets[0]
    assert contributions(already)["resilience_margin"] == 0
    planned = plan(fallback={"share": "10%", "price_ratio": "2"})
    assert contributions(july(planned))["resilience_margin"] == pytest.approx(0.1 * 3100, rel=0.1)


def test_a_rate_limit_caps_the_days_of_each_wallet_by_its_share() -> None:
    limited = july(plan(rate_limits=[{"reason": "cap", "daily": "50.00", "from": "2026-07"}]))
    assert limited.month_end.quantiles["0.975"] == Decimal("1550.00")
    assert contributions(limited)["rate_limits"] < -1000


def test_days_at_a_rate_limit_are_known_as_days_of_as_much_demand_at_least() -> None:
    levers = plan(rate_limits=[{"reason": "cap", "daily": "100.00", "from": "2026-06"}])
    forecast = ask(usage(), question(plan=levers))
    assert forecast.wallets[0].history_days == 100
    assert "censored-days" in [warning.code for warning in forecast.warnings]


def test_without_history_the_levers_work_from_the_plans_start() -> None:
    levers = plan(
        baseline_monthly="3000.00",
        growth=[{"reason": "g", "rate": "20%", "from": "2026-06"}],
        cache_hit_rate={"from": "10%", "to": "20%", "by": "2026-06"},
        provider_mix=[{"reason": "r", "from": FULL, "to": MINI, "share": "30%", "by": "2026-09"}],
    )
    moved = contributions(ask(None, question(plan=levers), period=JULY).wallets[0])
    assert moved["growth"] > 400
    assert moved["cache_hit_rate"] < -250
    assert moved["provider_mix"] == 0


def test_observations_of_nothing_are_nothing() -> None:
    nothing = Observed(28)
    assert nothing.cache_hit_rate is None
    assert nothing.fallback_premium == 0
    assert nothing.model("x") is None
    assert nothing.share_of("x") == 0
    assert isinstance(observations(None, known_until=AS_OF), Observations)
    assert observations(None, known_until=AS_OF).of(["x"]).cost == 0


def test_levers_are_pulled_in_the_documented_order() -> None:
    levers = plan(
        growth=[{"reason": "g", "rate": "1%", "from": "2026-07"}],
        cache_hit_rate={"from": "0%", "to": "1%", "by": "2026-12"},
        provider_mix=[{"reason": "r", "from": FULL, "to": MINI, "share": "1%", "by": "2026-09"}],
        planned_demand=[{"reason": "d", "monthly": "1.00", "from": "2026-07"}],
        fallback={"share": "1%", "price_ratio": "2"},
        rate_limits=[{"reason": "cap", "daily": "50.00", "from": "2026-07"}],
    )
    setting = Setting(DayRange(AS_OF, 3, JUNE), None, organization(), Observed(28), Observed(90), 1.0, first=True)
    assert [effect.name for effect in effects_of(levers, setting)] == [
        "growth",
        "cache_hit_rate",
        "provider_mix",
        "planned_demand",
        "resilience_margin",
        "rate_limits",
    ]
    assert np.allclose(effects_of(levers, setting)[-1].apply(np.full((3, 2), 99.0)), 99.0)


@pytest.mark.parametrize(
    ("arrived", "low", "high"),
    [(1.0, 1.7, 1.9), (1.8, 0.97, 1.03), (1.3, 1.3, 1.5)],
    ids=["nothing of it", "all of it", "a part of it"],
)
def test_growth_of_the_present_month_counts_as_far_as_it_has_not_arrived(
    arrived: float, low: float, high: float
) -> None:
    levels = [100.0 * (arrived if day >= JUNE.first else 1.0) for day in days_before(AS_OF, 120)]
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=120), levels).build()
    grown = plan(growth=[{"reason": "regions", "rate": "80%", "from": "2026-06"}])
    without, pulled = (rest_of_june(ask(usage, question(plan=levers)).wallets[0]) for levers in (plan(), grown))
    assert low <= pulled / without <= high


def test_growth_of_the_present_month_counts_in_full_on_its_first_days() -> None:
    usage = UsageBuilder().series("team_support", date(2026, 2, 3), [100.0] * 119).build()
    grown = plan(growth=[{"reason": "regions", "rate": "80%", "from": "2026-06"}])
    as_of = date(2026, 6, 2)
    without, pulled = (
        rest_of_june(ask(usage, question(plan=levers), as_of=as_of).wallets[0]) for levers in (plan(), grown)
    )
    assert pulled / without == pytest.approx(1.8, rel=0.02)


def on(day: date) -> DayRange:
    return DayRange(day, 1, JUNE)


def days_before(end: date, days: int) -> list[date]:
    return [end - timedelta(days=back) for back in range(days, 0, -1)]


def rest_of_june(found: WalletForecast) -> float:
    return float(found.month_end.quantiles["0.5"] - found.known_spend)
