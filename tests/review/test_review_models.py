"""What a review says of models is what they cost: no fallback is priced as if it had been ordinary traffic."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from forecast.forecast_world import UsageBuilder
from review.review_question import reviewed
from review.review_worlds import PLANTED, WALLET, Planted, World, world

from reconciler.model.money import cents
from reconciler.model.review import CauseName, ReviewModel, TeamReview
from reconciler.model.team import AnnualPlan

FIRST, DAYS = date(2026, 4, 6), 86
DAILY = {"large": 70.0, "other": 20.0, "small": 10.0}
"""`small` is what others fall back to."""


def year(*, credit: float = 0.0, **plan: object) -> World:
    """Return days of three models, all `small` of them a fallback, from eight weeks before the year until July."""
    usage = UsageBuilder()
    for model, cost in DAILY.items():
        away = {"fallbacks": 10, "fallback_cost": cost} if model == "small" else {}
        more = {"provider": "openai", "model": model, "workload": "chat", "input_tokens": 10_000}
        usage.series(WALLET, FIRST, np.full(DAYS, cost), requests=10, **more, **away)
    if credit:
        usage.row(date(2026, 6, 10), WALLET, -credit, credits=-credit, requests=1, workload="chat")
    return World(None, AnnualPlan.model_validate({"baseline_monthly": "3000.00", **plan}), usage.build())


def only(found: TeamReview) -> dict[str, ReviewModel]:
    return {row.model: row for row in found.models}


def test_each_model_is_told_with_what_it_cost() -> None:
    found = reviewed(year(), "2026-06", against="2026-05").teams[0]

    assert {name: (row.plan, row.actual) for name, row in only(found).items()} == {
        "openai/large": (Decimal("2170.00"), Decimal("2100.00")),
        "openai/other": (Decimal("620.00"), Decimal("600.00")),
        "openai/small": (Decimal("310.00"), Decimal("300.00")),
    }


def test_a_credit_that_names_no_model_is_a_row_of_its_own() -> None:
    found = reviewed(year(credit=50.0), "2026-06", against="2026-05").teams[0]

    assert only(found)[""].actual == Decimal("-50.00")
    assert sum(row.actual for row in found.models) == found.actual == Decimal("2950.00")


def test_the_plan_has_fallbacks_on_the_models_that_they_were_on() -> None:
    rows = only(reviewed(year(), "2026-06").teams[0])

    total = sum(row.plan for row in rows.values())
    shares = {name: float(row.plan / total) for name, row in rows.items()}
    assert shares == pytest.approx({"openai/large": 0.7, "openai/other": 0.2, "openai/small": 0.1}, abs=1e-4)


def test_a_plan_s_own_share_of_fallbacks_moves_money_between_models() -> None:
    """Twice the share of fallbacks at the price of ordinary traffic."""
    rows = only(reviewed(year(fallback={"share": "20%", "price_ratio": 1}), "2026-06").teams[0])

    total = sum(row.plan for row in rows.values())
    assert float(rows["openai/small"].plan / total) == pytest.approx(0.2, abs=1e-4)
    assert float(rows["openai/large"].plan / total) == pytest.approx(0.8 * 7 / 9, abs=1e-4)


def test_planned_demand_and_fallbacks_that_never_were_name_no_model() -> None:
    pilot = {"reason": "pilot", "monthly": "400.00", "from": "2026-06"}
    rows = only(reviewed(world(5, None, days=75), "2026-06").teams[0])
    assert "" not in rows

    usage = UsageBuilder()
    usage.series(WALLET, FIRST, np.full(DAYS, 100.0), requests=10, input_tokens=10, workload="chat", model="m")
    with_pilot = {"baseline_monthly": "3000.00", "planned_demand": [pilot]}
    plan = AnnualPlan.model_validate({**with_pilot, "fallback": {"share": "10%", "price_ratio": 3}})
    found = reviewed(World(None, plan, usage.build()), "2026-06").teams[0]
    premium = (only(found)["m"].plan + 400) * Decimal("0.2")
    assert float(only(found)[""].plan) == pytest.approx(float(400 + premium), abs=0.02)


@pytest.mark.parametrize("workload", ["chat", "pilot"], ids=["nothing-new-came", "it-came"])
def test_planned_demand_is_a_row_beside_the_workloads_and_all_rows_add_up(workload: str) -> None:
    usage = UsageBuilder()
    usage.series(WALLET, FIRST, np.full(DAYS, 100.0), requests=10, input_tokens=10, workload="chat", model="m")
    usage.series(WALLET, date(2026, 6, 1), np.full(30, 13.0), requests=2, input_tokens=2, workload=workload, model="m")
    pilot = {"reason": "pilot", "monthly": "400.00", "from": "2026-06"}
    plan = AnnualPlan.model_validate({"baseline_monthly": "3000.00", "planned_demand": [pilot]})
    team = reviewed(World(None, plan, usage.build()), "2026-06").teams[0]
    (row,) = [row for row in team.workloads if row.workload == "planned demand"]
    cause: CauseName = "new_workload" if workload == "pilot" else "demand"
    assert (row.plan, row.actual, row.difference) == (Decimal(400), Decimal(0), Decimal(-400))
    assert [(effect.cause, effect.amount) for effect in row.effects] == [(cause, Decimal(-400))]
    for name in ("plan", "actual", "difference"):
        assert cents(sum((getattr(each, name) for each in team.workloads), Decimal(0))) == getattr(team, name)
    told = {effect.cause: effect.amount for effect in team.effects}
    of_rows = [effect for each in team.workloads for effect in each.effects if effect.cause == cause]
    assert told[cause] == sum((effect.amount for effect in of_rows), Decimal(0))


@pytest.mark.parametrize("planted", [None, *PLANTED])
def test_models_add_up_to_what_the_team_spent_and_was_to_spend(planted: Planted | None) -> None:
    told = world(11, planted, days=75, size=0.4)
    own: dict[str, int] = {}
    for day, model, cost in zip(told.usage.day.tolist(), told.usage.model, told.usage.cost.tolist(), strict=True):
        if day.month == 7:
            own[f"openai/{model}"] = own.get(f"openai/{model}", 0) + cost

    for against in (None, "2026-06"):
        found = reviewed(told, "2026-07", against=against).teams[0]
        assert (sum(row.plan for row in found.models), sum(row.actual for row in found.models)) == (
            found.plan,
            found.actual,
        )
        assert {row.model: float(row.actual) for row in found.models if row.actual} == {
            model: pytest.approx(cost / 1e9, abs=0.02) for model, cost in own.items()
        }
