"""Laws of the forecast, for any history and any money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from forecast.forecast_world import (
    AS_OF,
    JUNE,
    UsageBuilder,
    ask,
    budget,
    chance_of,
    history,
    organization,
    plan,
    question,
    steady,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.forecast.context import ForecastContext, forecast_context
from reconciler.forecast.quantiles import money
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.simulation import simulations
from reconciler.model.forecast import AlertOutlook, Exhaustion
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage

costs = st.lists(st.one_of(st.just(0.0), st.floats(0.01, 500)), min_size=1, max_size=90).filter(any)
few = settings(max_examples=25)


JULY = Period(2026, 7)
YEAR = (JUNE.first, date(2027, 1, 1))


def context(usage: DailyUsage, asked: WalletQuestion) -> ForecastContext:
    return forecast_context(usage, [asked], organization=organization(), period=JULY, as_of=AS_OF, teams={})


def usage_of(values: list[float], wallet: str = "team_support") -> DailyUsage:
    return (
        UsageBuilder()
        .series(wallet, AS_OF - timedelta(days=len(values)), values)
        .build(last_complete_day=AS_OF - timedelta(days=1))
    )


@few
@given(costs, st.floats(0, 20000))
def test_quantiles_are_ordered_and_dates_too(values: list[float], left: float) -> None:
    asked = question(left_live=round(left, 2), targets={"2026-06": 1, "2026-07": 1}, alerts_live=(budget(),))
    answer = ask(usage_of(values), asked).wallets[0]
    for quantiles in (answer.month_end.quantiles, answer.live.unserved, *(month.quantiles for month in answer.months)):
        ordered = list(quantiles.values())
        assert ordered == sorted(ordered)
    outlooks: list[Exhaustion | AlertOutlook] = [answer.live.exhaustion]
    outlooks.extend(alert.live for alert in answer.alerts if alert.live)
    for outlook in outlooks:
        dates = list(outlook.date.values())
        assert dates == sorted(dates, key=lambda day: (day is None, day))
        assert 0 <= chance_of(outlook) <= 1
    assert all(point.p10 <= point.p50 <= point.p90 for point in answer.daily)


@few
@given(costs, st.floats(0, 20000), st.floats(0, 20000))
def test_more_money_never_raises_the_exhaustion_probability(values: list[float], one: float, other: float) -> None:
    less, more = sorted((round(one, 2), round(other, 2)))
    answer = ask(usage_of(values), question(left_live=less, left_desired=more)).wallets[0]
    assert chance_of(answer.desired.exhaustion) <= chance_of(answer.live.exhaustion)
    assert answer.desired.unserved["0.9"] <= answer.live.unserved["0.9"]


@few
@given(costs, st.sampled_from([2, 8, 64, 1024]), st.floats(1, 20000))
def test_scaling_all_costs_scales_money_and_leaves_probabilities_alone(
    values: list[float], k: int, left: float
) -> None:
    left = round(left, 2)
    one = ask(usage_of(values), question(left_live=left)).wallets[0]
    scaled = ask(usage_of([value * k for value in values]), question(left_live=left * k, live=3000 * k)).wallets[0]
    assert scaled.live.exhaustion == one.live.exhaustion
    for key, value in one.month_end.quantiles.items():
        assert abs(scaled.month_end.quantiles[key] - value * k) <= Decimal("0.02") * k


@few
@given(costs)
def test_levers_that_change_nothing_change_nothing(values: list[float]) -> None:
    still: dict[str, Any] = {
        "growth": [
            {"reason": "none", "rate": "0%", "from": "2026-06"},
            {"reason": "past", "rate": "40%", "from": "2026-05"},
        ],
        "cache_hit_rate": {"from": "14%", "to": "14%", "by": "2026-12"},
        "provider_mix": [{"reason": "n", "from": "a/b", "to": "a/c", "share": "0%", "by": "2026-09"}],
        "planned_demand": [{"reason": "nothing", "monthly": "0.00", "from": "2026-06"}],
        "fallback": {"share": "0%", "price_ratio": "1.9"},
        "rate_limits": [{"reason": "high", "daily": "9999999.00", "from": "2026-06"}],
    }
    usage = usage_of(values) if any(values) else usage_of([1.0])
    without = ask(usage, question()).wallets[0]
    pulled = ask(usage, question(plan=plan(**still))).wallets[0]
    assert pulled.month_end == without.month_end
    assert {lever.contribution for lever in pulled.levers} == {Decimal(0)}


@few
@given(costs, st.integers(-50, 200), st.integers(0, 60), st.integers(0, 400))
def test_contributions_add_up_to_the_difference_of_the_means(
    values: list[float], growth: int, hits: int, demand: int
) -> None:
    levers = plan(
        growth=[{"reason": "g", "rate": f"{growth}%", "from": "2026-07"}],
        cache_hit_rate={"from": "0%", "to": f"{hits}%", "by": "2026-08", "since": "2026-07"},
        planned_demand=[{"reason": "d", "monthly": f"{demand}.00", "from": "2026-07"}],
    )
    usage = usage_of(values) if any(values) else usage_of([1.0])
    with_levers, without = (
        next(simulations([asked], context(usage, asked))) for asked in (question(plan=levers), question())
    )
    means = [money(float(wallet.course.rest(JULY.first, JULY.end).mean())) for wallet in (with_levers, without)]
    assert sum(lever.contribution for lever in with_levers.contributions) == means[0] - means[1]
    assert len(with_levers.contributions) == 3


@pytest.mark.parametrize("limit", [None, "60.00"], ids=["sums", "days"])
def test_all_paths_go_to_the_horizon_and_a_year_is_the_sum_of_its_months_path_by_path(limit: str | None) -> None:
    limits = plan(rate_limits=[{"reason": "cap", "daily": limit, "from": "2026-08"}]) if limit else plan()
    targets = {f"2026-{month:02d}": 1.0 for month in range(7, 13)}
    asked = question(targets=targets, plan=limits)
    where = replace(context(history(), asked), period=JUNE)
    course = next(simulations([asked], where)).course
    june, july, rest = (
        course.rest(first, end) for first, end in ((JUNE.first, JUNE.end), (JULY.first, JULY.end), YEAR)
    )
    assert len(june) == len(july) == len(rest) == course.count
    months = [course.rest(month.first, month.end) for month in map(Period.parse, targets)]
    assert rest == pytest.approx(june + sum(months), rel=1e-12)
    part = course.rest(date(2026, 8, 3), date(2026, 8, 20)) + course.rest(date(2026, 8, 20), date(2026, 9, 1))
    assert part == pytest.approx(
        months[1] - course.rest(date(2026, 8, 1), date(2026, 8, 2)) - course.rest(date(2026, 8, 2), date(2026, 8, 3)),
        rel=1e-9,
    )


def test_the_seed_fixes_the_result_and_other_wallets_and_their_order_do_not_matter() -> None:
    usage = UsageBuilder()
    for number in range(12):
        usage.series(f"team_{number}", AS_OF - timedelta(days=100), steady(100, seed=number))
    table = usage.build()
    asked = [question(f"team_{number}", team=f"t{number}") for number in range(12)]
    together = ask(table, *asked)
    backwards = ask(table, *reversed(asked))
    assert together.wallets == tuple(reversed(backwards.wallets))
    assert together.year == backwards.year
    assert ask(table, asked[5]).wallets[0] == together.wallets[5]


def test_another_day_or_organization_draws_other_paths() -> None:
    one = ask(history(), question()).wallets[0]
    other = ask(history(), question(), org=organization(organization="org_other")).wallets[0]
    assert one.month_end != other.month_end
