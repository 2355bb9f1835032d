"""A lever has one arithmetic: what a plan needs of a month is what the forecast simulates for it, to the cent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, organization, question
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forecast.calendar import DayRange
from reconciler.forecast.levers.cache_hit_rate import OtherRate
from reconciler.forecast.levers.effect import Setting
from reconciler.forecast.levers.registry import effects_of, planned_spend
from reconciler.forecast.observed import Observed
from reconciler.forecast.scenario import Scenario, supposed
from reconciler.forecast.when import Month, remaining
from reconciler.model.money import cents
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan

YEAR = Period(2026, 6)


def plan(**fields: Any) -> AnnualPlan:
    return AnnualPlan.model_validate({"baseline_monthly": "1000.00", **fields})


def growth(rate: str, month: str) -> dict[str, str]:
    return {"reason": "more", "rate": rate, "from": month}


@pytest.mark.parametrize(
    ("fields", "month", "spend"),
    [
        ({}, "2026-06", "1000.00"),
        ({"growth": [growth("10%", "2026-08")]}, "2026-07", "1000.00"),
        ({"growth": [growth("10%", "2026-08")]}, "2026-08", "1100.00"),
        ({"growth": [growth("10%", "2026-08"), growth("10%", "2026-09")]}, "2026-09", "1210.00"),
        ({"growth": [growth("-50%", "2026-06")]}, "2026-06", "500.00"),
        # five months: 15.5 of the 30 days of the first of them are done on average, of a fifth of the way
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-10"}}, "2026-06", "974.17"),
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-10"}}, "2026-10", "774.19"),
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-10"}}, "2026-11", "750.00"),
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-10", "since": "2026-09"}}, "2026-08", "1000.00"),
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-06"}}, "2026-06", "870.83"),
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-05"}}, "2026-06", "750.00"),
        ({"cache_hit_rate": {"from": "100%", "to": "50%", "by": "2026-07"}}, "2026-09", "1000.00"),
        ({"cache_hit_rate": {"from": "99.5%", "to": "99.5%", "by": "2026-07"}}, "2026-09", "1000.00"),
        ({"planned_demand": [{"reason": "new", "monthly": 50, "from": "2026-09"}]}, "2026-08", "1000.00"),
        ({"planned_demand": [{"reason": "new", "monthly": 50, "from": "2026-09"}]}, "2026-09", "1050.00"),
        (
            {"planned_demand": [{"reason": "new", "monthly": 50, "from": "2026-09", "until": "2026-09"}]},
            "2026-10",
            "1000.00",
        ),
    ],
)
def test_planned_spend_counts_growth_cache_and_demand(fields: dict[str, Any], month: str, spend: str) -> None:
    assert cents(planned_spend(plan(**fields), Month(Period.parse(month), YEAR))) == Decimal(spend)


months = st.integers(-3, 14).map(YEAR.plus)
shares = st.integers(0, 1000).map(lambda tenths: f"{tenths / 10}%")
rates = st.integers(-1000, 3000).map(lambda tenths: f"{tenths / 10}%")
steps = st.builds(lambda rate, month: {"reason": "g", "rate": rate, "from": str(month)}, rates, months)
demands = st.builds(
    lambda money, month, length: {
        "reason": "d",
        "monthly": f"{money}.00",
        "from": str(month),
        "until": str(month.plus(length)),
    },
    st.integers(1, 50_000),
    months,
    st.integers(0, 5),
)
rows = st.builds(
    lambda start, target, since, length: {
        "from": start,
        "to": target,
        "since": str(since),
        "by": str(since.plus(length)),
    },
    shares,
    shares,
    months,
    st.integers(1, 9),
)


@given(
    fields=st.fixed_dictionaries(
        {"growth": st.lists(steps, max_size=3), "planned_demand": st.lists(demands, max_size=3)},
        optional={"cache_hit_rate": rows},
    ),
    month=months,
)
def test_a_month_of_the_plan_is_to_the_cent_what_its_simulated_days_add_up_to(
    fields: dict[str, Any], month: Period
) -> None:
    levers = plan(**fields)
    days = DayRange(month.first, month.days, YEAR)
    setting = Setting(days, None, organization(), Observed(28), Observed(90), 1.0, first=True)
    paths = np.full((month.days, 1), 1000.0 / month.days)
    for effect in effects_of(levers, setting):
        paths = effect.apply(paths)

    needed = planned_spend(levers, Month(month, YEAR))
    assert float(paths.sum()) == pytest.approx(float(needed), rel=1e-9, abs=0.004)
    assert float(np.mean(planned_spend(levers, days))) == pytest.approx(float(needed), rel=1e-9, abs=0.004)


@given(st.integers(0, 100), st.integers(0, 99))
def test_what_is_left_of_a_whole_is_the_same_of_decimals_and_of_days(after: int, before: int) -> None:
    exact = remaining(Decimal(after) / 100, Decimal(before) / 100)
    assert remaining(np.array([after / 100]), np.array(before / 100))[0] == pytest.approx(float(exact))


def test_where_nothing_was_left_nothing_tells_and_nothing_changes() -> None:
    assert remaining(Decimal("0.5"), Decimal(1)) == 1
    assert remaining(np.array([0.5, 1.0]), np.array(1.0)).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("hits", [0, 500, 995, 1000])
def test_to_suppose_the_hit_rate_that_is_observed_changes_nothing(hits: int) -> None:
    table = UsageBuilder()
    for back in range(60, 0, -1):
        table.row(AS_OF - timedelta(days=back), "team_support", 100.0, requests=1000, cache_hits=hits)
    same = Scenario("support", OtherRate(Decimal(hits) / 1000))
    (asked,) = supposed(table.build(), [question()], [same], organization=organization(), as_of=AS_OF, teams={})

    (step,) = asked.plan.growth
    assert float(step.rate) == pytest.approx(0, abs=1e-9)
