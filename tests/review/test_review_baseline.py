"""A baseline that is off is named as such, with the one that holds; weeks of another season prove none."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from forecast.forecast_world import UsageBuilder
from review.review_question import reviewed
from review.review_worlds import WALLET, World, world

from reconciler.model.review import TeamReview
from reconciler.model.team import AnnualPlan
from reconciler.review.words import as_written

QUARTER = "2026-Q3"


def times(year: World, factor: str, **changes: object) -> World:
    """Return a year whose plan has another baseline, that many times its own."""
    assert year.plan.baseline_monthly is not None
    baseline = round(year.plan.baseline_monthly * Decimal(factor), 2)
    return replace(year, plan=year.plan.model_copy(update={"baseline_monthly": baseline, **changes}))


def team_of(year: World, period: str = QUARTER, against: str | None = None) -> TeamReview:
    (team,) = reviewed(year, period, against=against).teams
    assert sum((effect.amount for effect in team.effects), Decimal(0)) == team.difference
    assert sum((one.difference for one in team.models), Decimal(0)) == team.difference
    for each in team.workloads:
        assert sum((effect.amount for effect in each.effects), Decimal(0)) == each.difference
    assert team.kinds is not None
    assert team.kinds.growth + team.kinds.waste + team.kinds.rest == team.difference
    return team


def amounts(team: TeamReview) -> dict[str, Decimal]:
    return {effect.cause: effect.amount for effect in team.effects}


@pytest.mark.parametrize(("factor", "words"), [("0.6", "too low"), ("1.5", "too high")])
def test_a_baseline_that_is_off_is_named_and_what_is_said_of_it_cures_it(factor: str, words: str) -> None:
    year = world(4, None, days=130)
    team = team_of(times(year, factor))

    assert team.called == "baseline"
    assert f"its baseline is {words}" in team.sentence
    assert "plan.growth" not in team.response or "never came" in team.response
    assert abs(amounts(team)["demand"]) < abs(amounts(team)["baseline"]) / 5
    said = re.search(r"`baseline_monthly: ([\d.]+)`", team.response)
    assert said is not None
    cured = team_of(replace(year, plan=year.plan.model_copy(update={"baseline_monthly": Decimal(said[1])})))
    assert cured.called is None
    assert abs(amounts(cured)["baseline"]) < Decimal("0.1")


@pytest.mark.parametrize("size", [0.4, -0.3])
def test_weeks_before_the_year_that_were_another_season_prove_no_baseline_wrong(size: float) -> None:
    year = times(world(4, "demand", size=size, days=130), str(1 + size))
    team = team_of(year)

    assert team.called is None
    assert abs(amounts(team)["baseline"]) < abs(team.plan) * Decimal("0.06")


def test_what_requests_are_beyond_the_base_too_is_demand() -> None:
    year = world(4, "demand", size=0.5, days=130)
    right, low = team_of(year), team_of(times(year, "0.7"))

    assert right.called == "demand"
    assert abs(amounts(right)["baseline"]) < right.plan * Decimal("0.02")
    assert amounts(low)["baseline"] == pytest.approx(low.plan * Decimal(3) / 7, rel=Decimal("0.05"))
    assert amounts(low)["demand"] == pytest.approx(amounts(right)["demand"], rel=Decimal("0.05"))


def test_a_price_costs_the_same_whatever_the_baseline_says() -> None:
    year = world(4, "unit_price", size=0.5, days=130)
    right, low = team_of(year), team_of(times(year, "0.5"))

    assert right.called == "unit_price"
    assert amounts(low)["unit_price"] == pytest.approx(amounts(right)["unit_price"], rel=Decimal("0.05"))


def test_months_add_up_to_their_quarter_where_the_baseline_is_off() -> None:
    year = times(world(5, "cache", days=130), "0.8")
    months = [amounts(team_of(year, f"2026-{month:02}")) for month in (7, 8, 9)]

    for cause, amount in amounts(team_of(year)).items():
        assert abs(sum(month[cause] for month in months) - amount) <= Decimal("0.05")


def test_against_another_period_there_is_no_baseline() -> None:
    team = team_of(times(world(4, None, days=130), "0.5"), "2026-08", against="2026-07")

    (baseline,) = (effect for effect in team.effects if effect.cause == "baseline")
    assert baseline.amount == baseline.noise == 0
    assert not baseline.stands_out


@pytest.mark.parametrize(("baseline", "called"), [("2435.00", None), ("1217.50", "baseline"), ("0.00", "baseline")])
def test_planned_demand_that_is_in_the_weeks_before_is_none_of_the_baseline(baseline: str, called: str | None) -> None:
    builder = UsageBuilder()
    for number in range(61 + 92):
        builder.row(
            wallet=WALLET, workload="chat", day=date(2026, 4, 1) + timedelta(days=number), cost=100, requests=50
        )
    demand = {"reason": "pilot", "monthly": "608.75", "from": "2026-01"}
    plan = AnnualPlan.model_validate({"baseline_monthly": baseline, "planned_demand": [demand]})
    team = team_of(World(None, plan, builder.build()), "2026-07")

    assert team.called == called
    if called:
        assert "`baseline_monthly: 2435.00`" in team.response


def test_a_baseline_is_written_in_coins_that_there_are() -> None:
    assert "`baseline_monthly: 2465.44`" in as_written(Decimal("2465.4375"), "USD")
    assert "`baseline_monthly: 2465`" in as_written(Decimal("2465.4375"), "JPY")


def test_of_days_before_the_plan_the_baseline_is_held_against_those_days() -> None:
    year = world(4, None, days=70)
    team = team_of(times(year, "0.6"), "2026-05")

    assert team.called == "baseline"


def test_a_year_whose_growth_ends_all_demand_has_no_baseline_to_correct() -> None:
    end = [{"reason": "the team is closed", "rate": "-100%", "from": "2026-06"}]
    year = world(4, None, days=70)
    plan = AnnualPlan.model_validate({"baseline_monthly": "1000.00", "growth": end})
    team = team_of(replace(year, plan=plan), "2026-07")

    assert team.called == "demand"
    assert amounts(team)["baseline"] == 0
