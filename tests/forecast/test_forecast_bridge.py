"""The bridge from the baseline to the wallets: its steps are the whole, to the cent, whatever the plan."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from reconciler.forecast.annual.bridge import baseline_of, bridge, together
from reconciler.forecast.belief import EVEN, Record, believed
from reconciler.forecast.levers.part import Part
from reconciler.forecast.levers.registry import levers, planned_spend
from reconciler.forecast.when import Month
from reconciler.model.annual import YearBridge
from reconciler.model.money import cents
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import AnnualPlan, CacheHitRate, GrowthStep, PlannedDemand, RateLimit

YEAR = FiscalYear("FY2027", Period(2026, 6))
MONTHS = st.integers(-3, 20).map(YEAR.starts.plus)
MONEY = st.decimals(0, 10**9, places=2)
SHARE = st.decimals(0, 1, places=4)
GROWTH = st.builds(
    lambda rate, starts, reason: GrowthStep(reason=reason, rate=rate, starts=starts),
    st.decimals(-1, 9, places=4),
    MONTHS,
    st.sampled_from(["regions", "squads"]),
)
CACHE = st.builds(lambda start, target, by: CacheHitRate(start=start, target=target, by=by), SHARE, SHARE, MONTHS)
DEMAND = st.builds(lambda monthly, starts: PlannedDemand(reason="pilot", monthly=monthly, starts=starts), MONEY, MONTHS)
PLANS = st.builds(
    lambda baseline, growth, cache, demand: AnnualPlan(
        baseline_monthly=baseline, growth=tuple(growth), cache_hit_rate=cache, planned_demand=tuple(demand)
    ),
    MONEY,
    st.lists(GROWTH, max_size=4),
    st.none() | CACHE,
    st.lists(DEMAND, max_size=3),
)
PARTS = st.builds(
    lambda stage, factor, record: Part(stage, "any", "what", factor=lambda _: factor, record=record),
    st.sampled_from(["growth", "governance", "boundaries"]),
    st.decimals(0, 3, places=6),
    st.none() | st.builds(lambda done: Record(Decimal("0.5"), done, "so far"), st.decimals(-1, 1, places=3)),
)

LIMITS = st.lists(
    st.builds(
        lambda daily, starts, reason: RateLimit(reason=reason, daily=daily, starts=starts),
        st.decimals("0.01", 10**6, places=2),
        MONTHS,
        st.sampled_from(["nights", "batch"]),
    ),
    max_size=3,
).map(lambda limits: parts_of(AnnualPlan(rate_limits=tuple(limits))))


def parts_of(plan: AnnualPlan) -> list[Part]:
    return [part for lever in levers() for part in lever.parts(plan, None)]


def crossed(baseline: Decimal, parts: Sequence[Part], wallets: Decimal) -> YearBridge:
    return bridge(baseline, parts, YEAR, wallets=wallets * 12)


@given(PLANS, st.lists(PARTS, max_size=4), LIMITS, MONEY)
def test_the_steps_add_up_to_the_wallets_to_the_cent(
    plan: AnnualPlan, more: list[Part], limits: list[Part], wallets: Decimal
) -> None:
    found = crossed(plan.baseline_monthly or Decimal(0), [*parts_of(plan), *more, *limits], wallets)
    *steps, room = found.steps
    assert sum(step.planned for step in steps) == found.planned
    assert sum(step.weighed for step in steps) == found.weighed
    assert found.planned + room.planned == found.weighed + room.weighed == found.wallets == 12 * wallets
    assert all(step.planned == cents(step.planned) for step in found.steps)
    both = together([found, found])
    assert sum(step.planned for step in both.steps) == sum(step.weighed for step in both.steps) == both.wallets


@given(PLANS)
def test_the_steps_come_to_what_validation_and_the_planning_table_expect_of_the_same_plan(plan: AnnualPlan) -> None:
    found = crossed(plan.baseline_monthly or Decimal(0), parts_of(plan), Decimal(0))
    months = (planned_spend(plan, Month(period, YEAR.starts)) for period in YEAR.periods)
    assert found.planned == found.weighed
    assert abs(found.planned - sum(months, Decimal(0))) <= Decimal("0.0051")


@given(PLANS, st.lists(PARTS, max_size=4), LIMITS, st.randoms())
def test_no_order_of_a_plans_entries_changes_a_step(
    plan: AnnualPlan, more: list[Part], limits: list[Part], random: Random
) -> None:
    parts = [*parts_of(plan), *more, *limits]
    mixed = list(parts)
    random.shuffle(mixed)
    one, other = (crossed(plan.baseline_monthly or Decimal(0), each, Decimal(1)) for each in (parts, mixed))
    amounts = [
        sorted((step.stage, step.what, step.planned, step.weighed) for step in each.steps) for each in (one, other)
    ]
    assert amounts[0] == amounts[1]


def test_a_saving_counts_as_far_as_it_came_and_what_costs_more_in_full() -> None:
    half = Record(Decimal("0.10"), Decimal("0.05"), "half of it")
    belief = believed(half.ratio, 0.0, EVEN)
    saving = Part("governance", "cache", "saves", factor=lambda _: Decimal("0.8"), record=half, belief=belief)
    dearer = Part("governance", "mix", "costs", factor=lambda _: Decimal("1.2"), record=half, belief=belief)
    kept = crossed(Decimal(1000), [saving], Decimal(1000)).steps[1]
    assert (kept.planned, kept.weighed, kept.weight) == (Decimal(-2400), Decimal(-1200), 0.5)
    more = crossed(Decimal(1000), [dearer], Decimal(1000)).steps[1]
    assert (more.planned, more.weighed, more.weight) == (Decimal(2400), Decimal(2400), None)


def test_factors_of_one_pass_are_split_evenly_where_they_are_alike() -> None:
    alike = [Part("growth", "growth", what, factor=lambda _: Decimal("1.1")) for what in ("a", "b")]
    found = crossed(Decimal(1000), alike, Decimal(0))
    assert [step.planned for step in found.steps[1:3]] == [Decimal(1260), Decimal(1260)]


def test_a_limit_takes_off_what_a_month_of_all_the_rest_costs_beyond_its_days() -> None:
    limits = (
        RateLimit(reason="nights", daily=Decimal(24), starts=Period(2026, 12)),
        RateLimit(reason="batch", daily=Decimal(20), starts=Period(2027, 5)),
        RateLimit(reason="never reached", daily=Decimal(500), starts=Period(2026, 6)),
    )
    parts = parts_of(AnnualPlan(rate_limits=limits))
    found = crossed(Decimal(900), parts, Decimal(900))
    told = {step.reason: step.planned for step in found.steps if step.lever == "rate_limits"}
    nights = (31 + 31 + 28 + 31 + 30) * 24 - 5 * 900
    assert told["nights"] == nights, "the tightest one of a month takes it all off"
    assert told["batch"] == 31 * 20 - 900
    assert told["never reached"] == 0
    assert found.planned == found.weighed == 12 * 900 + nights + 31 * 20 - 900
    grown = Part("growth", "growth", "more", factor=lambda _: Decimal(2))
    saving = Part("governance", "cache", "saves", factor=lambda _: Decimal("0.8"), belief=believed(None, 0.0, EVEN))
    capped = crossed(Decimal(900), [*parts[1:2], grown, saving], Decimal(0))
    assert capped.planned == 11 * 1440 + 31 * 20
    assert capped.weighed == 11 * 1620 + 31 * 20, "a saving that may not come leaves the limit more to take off"


def test_a_limit_says_nothing_of_the_baseline_that_a_month_shows() -> None:
    (limit,) = parts_of(AnnualPlan(rate_limits=(RateLimit(reason="r", daily=Decimal(1), starts=YEAR.starts),)))
    assert baseline_of(Decimal(31), [limit], Month(Period(2026, 7), YEAR.starts)) == 31


@given(PLANS, st.integers(0, 11).map(YEAR.starts.plus))
def test_the_baseline_of_what_a_month_costs_is_what_the_plan_of_that_month_starts_from(
    plan: AnnualPlan, period: Period
) -> None:
    month = Month(period, YEAR.starts)
    costs, more = (
        planned_spend(plan.model_copy(update={"baseline_monthly": baseline}), month)
        for baseline in (plan.baseline_monthly, (plan.baseline_monthly or 0) + 1)
    )
    found = baseline_of(costs, parts_of(plan), month)
    if more > costs:
        assert abs(found - (plan.baseline_monthly or 0)) <= Decimal("0.01") + Decimal("0.01") / (more - costs)
    else:
        assert found == costs, "where nothing is left of any baseline, none can be told"
