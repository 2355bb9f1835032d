"""What planning asks of a year: each workload then and now, what cache and routes are worth, how the limits held."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from forecast.forecast_world import UsageBuilder, budget, organization, question

from reconciler.forecast.annual.evidence import Evidence, evidence
from reconciler.forecast.annual.inputs import team_inputs, without
from reconciler.forecast.annual.limits import Habits, limits
from reconciler.forecast.annual.savings import cache_point, route
from reconciler.forecast.annual.table import mix_change
from reconciler.forecast.annual.todays_prices import Today
from reconciler.forecast.history import spending
from reconciler.forecast.observed import Model, Observed, observations
from reconciler.forecast.team_view import TeamView
from reconciler.model.annual import LimitInput, SeasonInput, TeamInputs, TeamYear
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import AnnualPlan, TeamBudget
from reconciler.model.usage import DailyUsage
from reconciler.model.wallet_ref import WalletRef
from reconciler.report.annual_inputs import input_sentences, workload_table

FIRST, AS_OF, JUNE = date(2025, 6, 1), date(2026, 6, 1), Period(2026, 6)
KEYS = {"support": [WalletRef.team("team_support")]}
PREMIUM, GROWING = 0.4, 0.1


def days(first: date = FIRST, last: date = AS_OF) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days)]


def known(usage: DailyUsage) -> Evidence:
    return evidence(usage, KEYS, as_of=AS_OF)["support"]


def inputs_of(team: TeamBudget, usage: DailyUsage, seen: Observed, year: FiscalYear) -> TeamInputs:
    found = known(usage)
    today, usual = Today(found.wallets), without(found, ())
    return team_inputs(team, found, seen, usual, today=today, year=year, period=JUNE, now=JUNE, money={})


def seasons(usage: DailyUsage) -> dict[str, SeasonInput]:
    team, year = TeamBudget(version=1, team="support"), FiscalYear("FY2027", JUNE)
    return {season.workload: season for season in inputs_of(team, usage, Observed(0), year).seasons}


def test_a_workload_is_told_in_its_first_three_months_and_its_last_three() -> None:
    usage = UsageBuilder()
    for day in days():
        late = day >= date(2026, 3, 1)
        usage.row(day, "team_support", 8.0, workload="chat", lane="premium", requests=20, cache_hits=5 if late else 2)
        usage.row(day, "team_support", 8.0 if late else 2.0, workload="chat", lane="off_peak", requests=20)
        usage.row(day, "team_support", -1.0, workload="chat", lane="premium", credits=-1.0)
        if not late:
            usage.row(day, "team_support", 1.0, workload="old", requests=1)
    found = seasons(usage.build())
    then, now = found["chat"].at_first, found["chat"].now
    assert then is not None
    assert now is not None
    assert (then.first, then.last, now.first, now.last) == tuple(
        Period.parse(month) for month in ("2025-06", "2025-08", "2026-03", "2026-05")
    )
    assert (then.monthly, now.monthly) == (Decimal("304.38"), Decimal("487.00"))
    assert (then.requests, now.requests) == (1218, 1218)
    assert (then.thousand, now.thousand) == (Decimal("250.00"), Decimal("400.00"))
    assert (then.cache_hit_rate, now.cache_hit_rate) == (0.05, 0.125)
    assert (then.premium_share, now.premium_share) == (0.8, 0.5)
    assert (then.off_peak_share, now.off_peak_share) == (0.2, 0.5)
    assert found["old"].at_first is not None
    assert found["old"].now is None


def test_fewer_than_six_months_have_no_beginning_to_compare_with() -> None:
    usage = UsageBuilder()
    for day in days(date(2026, 2, 1)):
        usage.row(day, "team_support", 0.0, workload="chat", requests=3)
        usage.row(day, "team_support", 1.0, workload="batch", requests=1)
    found = seasons(usage.build())
    assert [found[name].at_first for name in ("chat", "batch")] == [None, None]
    now = found["chat"].now
    assert now is not None
    assert (now.thousand, now.premium_share, now.off_peak_share) == (Decimal("0.00"), None, None)


def test_a_point_of_the_cache_is_worth_what_the_misses_cost() -> None:
    seen = Observed(days=28, cost=900.0, requests=1000, cache_hits=100)
    assert cache_point(seen) == Decimal("10.87")
    assert cache_point(Observed(days=28, cost=900.0)) is None
    assert cache_point(Observed(days=28, cost=9.0, requests=10, cache_hits=10)) is None


@pytest.mark.parametrize(
    ("cheap", "expected"),
    [
        (Model("cheap", cost=20.0, tokens=1000), ("dear", "cheap", 0.2, Decimal("8.70"))),
        (Model("cheap", cost=0.02, tokens=1), None),
        (Model("cheap", cost=90.0, tokens=1000), None),
        (Model("cheap", cost=0.0, tokens=1000), None),
    ],
    ids=["a-fifth-of-the-price", "hardly-used", "hardly-cheaper", "without-a-price"],
)
def test_a_route_is_named_where_a_cheaper_model_is_in_use(cheap: Model, expected: tuple[object, ...] | None) -> None:
    seen = Observed(days=28, cost=120.0, models=(Model("dear", cost=100.0, tokens=1000), cheap))
    found = route(seen)
    assert (found and (found.source, found.target, round(found.ratio, 6), found.tenth)) == expected
    assert route(Observed(days=28)) is None


def held(daily: float, habits: Habits, *, dry_from: int | None = None, target: float = 3000.0) -> LimitInput:
    """Return how the limits held of a wallet that spends so much a day, in each month until it falls silent."""
    usage = UsageBuilder()
    for day in days(last=AS_OF + timedelta(days=3)):
        if dry_from is None or day.day < dry_from:
            usage.row(day, "team_support", daily, requests=1, workload="chat")
    table = usage.build()
    asked = question("team_support", live=target, alerts_desired=(budget(amount=Decimal(3000)),))
    spent = spending(table, as_of=AS_OF + timedelta(days=3))
    view = TeamView(
        team="support",
        questions=[asked, question("nobody")],
        forecasts=(),
        ceilings=(),
        month_end=np.zeros(1),
        organization=organization(),
        period=JUNE,
        known=spent,
        observations=observations(table, known_until=spent.known_until),
    )
    (limit,) = limits(view, known(table), habits, period=JUNE)
    return limit


@pytest.mark.parametrize(
    ("daily", "habits", "dry_from", "expected"),
    [
        (90.0, Habits(PREMIUM, GROWING), None, (6, 0, None, "growth")),
        (90.0, Habits(PREMIUM, 0.0), None, (6, 0, None, "holds")),
        (70.0, Habits(PREMIUM, GROWING), None, (0, 0, None, "holds")),
        (160.0, Habits(PREMIUM, GROWING), None, (6, 6, 19, "right_size")),
        (160.0, Habits(0.1, GROWING), None, (6, 6, 19, "fund")),
        (160.0, Habits(None, None), None, (6, 6, 19, "fund")),
        (105.0, Habits(PREMIUM, GROWING), None, (6, 5, 29, "fund")),
        (60.0, Habits(PREMIUM, GROWING), 15, (6, 6, 14, "right_size")),
    ],
    ids=["growth", "steady", "quiet", "early-premium", "early-cheap", "nothing-known", "late", "silent-as-if-empty"],
)
def test_alerts_without_an_empty_wallet_look_like_growth_and_an_early_end_like_models(
    daily: float, habits: Habits, dry_from: int | None, expected: tuple[object, ...]
) -> None:
    limit = held(daily, habits, dry_from=dry_from)
    assert (limit.alerted, limit.exhausted, limit.earliest, limit.verdict) == expected
    assert (limit.months, limit.alert, limit.target) == (6, Decimal("2400.00"), Decimal("3000.00"))


def row(usage: DailyUsage, *held_limits: LimitInput, seen: Observed) -> TeamYear:
    from reconciler.forecast.annual.table import TeamCase

    team = TeamBudget(version=1, team="support", plan=AnnualPlan())
    case = TeamCase(team, known(usage), None, (), FiscalYear("FY2027", JUNE), "USD", JUNE, JUNE, {})
    made = case.row()
    inputs = inputs_of(team, usage, seen, FiscalYear("FY2027", JUNE))
    return made.model_copy(update={"inputs": inputs.model_copy(update={"limits": held_limits})})


def test_the_page_says_what_is_worth_what_and_how_the_limits_held() -> None:
    usage = UsageBuilder().series("team_support", FIRST, [4.0] * 365, workload="chat", requests=2).build()
    models = (Model("dear", cost=100.0, tokens=1000), Model("cheap", cost=20.0, tokens=1000))
    seen = Observed(days=28, cost=120.0, requests=100, cache_hits=20, models=models)
    early, late = held(160.0, Habits(PREMIUM, None)), held(90.0, Habits(None, GROWING))
    told = " ".join(input_sentences(row(usage, early, late, seen=seen)))
    assert "Cache: 20.0% now, no target; one point more saves about 2 a month." in told
    assert "Cheaper routes: a tenth of dear's tokens on cheap, at 20% of its price, saves about 9 a month." in told
    assert (
        "Limits of today, prod: 6 of the last 6 months reached the first alert (2,400), 6 the end of the wallet"
        " (3,000, as early as day 19); it is empty early, and much runs on the premium lane: look at models and lanes"
        " before more money."
    ) in told
    assert "none the end of the wallet (3,000); spend grows, alerts come and the wallet lasts" in told
    (line,) = workload_table(row(usage, seen=seen)).rows
    assert [(cell.now, cell.new) for cell in line.cells[:4]] == [("", "chat"), ("", "122"), ("", "61"), ("", "2,000")]


@pytest.mark.parametrize(
    ("premium", "why", "told"),
    [
        (80.0, "contract review", "keep the premium lane, 80% of the spend: contract review"),
        (80.0, None, "keep the premium lane, 80% of the spend; no reason is given"),
        (10.0, None, "keep the current mix, 10% of the spend in the premium lane"),
        (0.0, "nothing is cheaper", "keep the current mix: nothing is cheaper"),
        (0.0, None, "keep the current mix"),
    ],
)
def test_what_a_plan_keeps_is_said_with_its_reason_or_that_none_is_given(
    premium: float, why: str | None, told: str
) -> None:
    team = TeamBudget(version=1, team="support", plan=AnnualPlan(keep_mix=why))
    usage, seen = UsageBuilder().build(), Observed(days=28, cost=100.0, premium_cost=premium)
    inputs = inputs_of(team, usage, seen, FiscalYear("FY2027", JUNE))
    assert mix_change(team.plan, inputs) == told
    year = row(usage, seen=seen).model_copy(update={"inputs": inputs})
    lane = next((line for line in input_sentences(year) if line.startswith("Premium lane")), "")
    assert lane.endswith("no reason to keep it is given.") == told.endswith("no reason is given")
