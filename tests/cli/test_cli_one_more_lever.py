"""A lever that this test brings along is in forecast, planning table, validation, review and what-if; none knows it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cli.conftest import Run
from cli.outlook_world import World, make_world
from forecast.forecast_world import AS_OF, UsageBuilder, ask, plan, question
from source.trees import write_tree
from worlds import JUNE

from reconciler.findings import Keys
from reconciler.forecast.levers.effect import Effect, Setting
from reconciler.forecast.levers.lever import Lever, Remark
from reconciler.forecast.levers.registry import registered
from reconciler.forecast.levers.whatif import Sight, WhatIf
from reconciler.forecast.when import N, When
from reconciler.model.assumption import Assumption
from reconciler.model.percent import parse_rate, percent_text
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan
from reconciler.plan.later import PlanComparison
from reconciler.source.load import load

if TYPE_CHECKING:
    from reconciler.forecast.team_view import TeamView


UNSIGNED = Decimal("1000.00")


class PricedPlan(AnnualPlan):
    """A plan in whose model there is a field more."""

    discount: Decimal = Decimal(0)


class Discount(Lever):
    """The provider takes less from July 2026 on. Without a field of its own it is a tenth."""

    name = key = word = counted = "discount"

    def is_in(self, plan: AnnualPlan, organization: object) -> bool:
        return True

    def factor(self, plan: AnnualPlan, when: When[N]) -> N:
        rate = plan.discount if isinstance(plan, PricedPlan) else Decimal("0.1")
        return when.during(Period(2026, 7), inside=1 - rate, outside=Decimal(1))

    def effects(self, plan: AnnualPlan, setting: Setting) -> Iterator[Effect]:
        yield Effect(self.name, factor=self.factor(plan, setting.days))

    def rows(self, view: TeamView) -> Iterator[Assumption]:
        facts: dict[str, Any] = {"name": "discount", "plan": "10% less from July", "observed": "not yet"}
        yield Assumption.model_construct(**facts, verdict="unknown", sentence="it begins in July")

    def months(self, plan: AnnualPlan) -> Iterator[tuple[Keys, Period]]:
        if plan.baseline_monthly == UNSIGNED:
            yield ("plan",), Period(2020, 1)

    def contradictions(self, plan: AnnualPlan) -> Iterator[Remark]:
        if plan.baseline_monthly == UNSIGNED:
            yield Remark("discount-unsigned", "nobody signed for the discount", "have it signed", ("plan",))

    def told(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> str:
        return percent_text(getattr(plan, "discount", Decimal(0)))


@dataclass(frozen=True, slots=True)
class OtherDiscount:
    rate: Decimal
    order = (0, 0)

    @property
    def reason(self) -> str:
        return f"what if: a discount of {percent_text(self.rate)}"

    def planned(self, plan: AnnualPlan, sight: Sight) -> AnnualPlan:
        return PricedPlan.model_construct(**dict(plan), discount=self.rate)


Discount.whatif = WhatIf(
    option="discount",
    metavar="TEAM=10%",
    help="A discount of the provider.",
    example="support=10%",
    read=lambda text, _: OtherDiscount(parse_rate(text)),
)


@pytest.fixture
def discount() -> Iterator[None]:
    with registered(Discount()):
        yield


@pytest.mark.usefixtures("discount")
def test_the_forecast_and_the_planning_table_have_it() -> None:
    table = UsageBuilder().series("team_support", AS_OF - timedelta(days=120), [100.0] * 120).build()
    forecast = ask(table, question(plan=plan()), period=Period(2026, 7))

    (contribution,) = forecast.wallets[0].levers
    assert contribution.name == "discount"
    assert float(contribution.contribution) == pytest.approx(-310, rel=0.05)
    assert "discount" in [row.name for row in forecast.assumptions[0].assumptions]


@pytest.mark.usefixtures("discount")
def test_validation_has_it(tmp_path: Path) -> None:
    text = "version: 1\nteam: web\nplan:\n  baseline_monthly: 1000.00\nwallets:\n"
    root = write_tree(tmp_path, {"teams/web.yaml": f"{text}  prod: {{team_id: web, monthly: 900.00}}\n"})
    found = {finding.code: finding.message for finding in load(root).findings}

    assert set(found) == {"wallets-below-plan", "discount-unsigned", "before-fiscal-year"}
    assert "the annual plan needs USD 1,000.00 in 2026-06 (baseline and discount)" in found["wallets-below-plan"]
    assert "short in 1 month of FY2027" in found["wallets-below-plan"]


@pytest.mark.usefixtures("discount")
def test_what_a_change_of_a_plan_means_has_it() -> None:
    before, after = (PricedPlan(baseline_monthly=Decimal(1000), discount=Decimal(rate)) for rate in ("0.1", "0.3"))
    months = [JUNE, JUNE.plus(1), JUNE.plus(2)]
    items = PlanComparison("web", (before, after), ("USD", "USD"), months, year=JUNE).items()

    told = [(item.name, item.before, item.after, str(item.period), item.monthly, item.total) for item in items]
    assert told == [("discount", "10%", "30%", "2026-07", Decimal("-200.00"), Decimal("-400.00"))]


@pytest.mark.usefixtures("discount")
def test_whatif_has_an_option_for_it(
    tmp_path_factory: pytest.TempPathFactory, kt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    world: World = make_world(tmp_path_factory.mktemp("world"))
    monkeypatch.delitem(sys.modules, "reconciler.cli.whatif", raising=False)
    assert "--discount TEAM=10%" in kt("whatif", "--help").out
    done = kt("whatif", *world.options(), "--format", "json", "--discount", "finance=28%")
    assert done.code == 0, done.err
    read = json.loads(done.out)

    assert read["supposed"] == ["finance: a discount of 28%"]
    now, then = (float(read[side][0]["months"][0]["quantiles"]["0.5"]) for side in ("now", "wallets"))
    assert then / now == pytest.approx(0.72 / 0.9, abs=0.001)
