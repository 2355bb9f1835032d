"""Planned demand: new work with a cost of its own, from a month on, in the team's first wallet.

What of it the history contains is measured. What began in the present month is still to come as far as it has not; of
what began before, nothing more is expected than what came, and no more than that ends with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from reconciler.findings import Keys
from reconciler.forecast.levers.effect import Effect, Setting, Supposed, named
from reconciler.forecast.levers.lever import Lever, Remark, reversed_months
from reconciler.forecast.levers.part import Part
from reconciler.forecast.levers.whatif import Sight, WhatIf
from reconciler.forecast.when import N, When
from reconciler.forecast.windows import DAYS_OF_A_MONTH
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, PlannedDemand
from reconciler.model.yaml_types import parse_amount

if TYPE_CHECKING:
    from reconciler.forecast.team_view import TeamView


class NewDemand(Lever):
    name = key = "planned_demand"
    word = counted = "planned demand"

    def monthly(self, plan: AnnualPlan, when: When[N]) -> N:
        total = when.number(Decimal(0))
        for demand in plan.planned_demand:
            total = total + cost_of(demand, when)
        return total

    def effects(self, plan: AnnualPlan, setting: Setting) -> Iterator[Effect]:
        """Yield the planned money a day, less what of it the history already contains."""
        for demand in plan.planned_demand if setting.first else ():
            monthly = cost_of(demand, setting.days)
            if setting.reference is not None:
                held = cost_of(demand, setting.reference)
                arrived = _arrived(demand, setting)
                is_coming = demand.starts == Period.of(setting.days.start)
                monthly = monthly - arrived * held if is_coming or not held.any() else arrived * (monthly - held)
            yield Effect(named(self.name, plan.planned_demand, demand), added=monthly / setting.days.month_lengths)

    def parts(self, plan: AnnualPlan, view: TeamView | None) -> Iterator[Part]:
        for demand in plan.planned_demand:
            what = told_of(demand, lambda amount: f"{amount:,.2f}")
            yield Part("growth", self.name, what, demand.reason, added=partial(cost_of, demand))

    def contradictions(self, plan: AnnualPlan) -> Iterator[Remark]:
        for index, demand in enumerate(plan.planned_demand):
            first, last = ("from", demand.starts), ("until", demand.until or demand.starts)
            if remark := reversed_months(("plan", self.key, index), first, last, is_ramp=False):
                yield remark

    def months(self, plan: AnnualPlan) -> Iterator[tuple[Keys, Period]]:
        for index, demand in enumerate(plan.planned_demand):
            yield ("plan", self.key, index, "from"), demand.starts

    def turns(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> Iterator[tuple[Keys, date, str]]:
        for index, demand in enumerate(plan.planned_demand):
            what = f"{money(demand.monthly)} a month: {demand.reason}"
            yield ("plan", self.key, index, "from"), demand.starts.first, f"new demand of {what}"
            if demand.until is not None:
                yield ("plan", self.key, index, "until"), demand.until.plus(1).first, f"no longer demand of {what}"

    def amounts(self, plan: AnnualPlan) -> Iterator[tuple[Keys, Decimal]]:
        for index, demand in enumerate(plan.planned_demand):
            yield ("plan", self.key, index, "monthly"), demand.monthly

    def told(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> str:
        return ", ".join(f"{told_of(demand, money)} ({demand.reason})" for demand in plan.planned_demand)


def cost_of(demand: PlannedDemand, when: When[N]) -> N:
    """Return what one piece costs, in major units a month."""
    return when.during(demand.starts, demand.until, inside=demand.monthly, outside=Decimal(0))


def _arrived(demand: PlannedDemand, setting: Setting) -> float:
    """Return how much of a piece of demand came, 0 to 1, by what a day costs more since then; 1 where nothing tells."""
    daily = float(demand.monthly) / DAYS_OF_A_MONTH
    seen = setting.added(demand.starts.first) if daily > 0 else None
    return 1.0 if seen is None else min(max(seen / daily, 0.0), 1.0)


def told_of(demand: PlannedDemand, money: Callable[[Decimal], str]) -> str:
    until = f" until {demand.until}" if demand.until else ""
    lane = "" if demand.lane == "standard" else f", {demand.lane}"
    return f"{money(demand.monthly)} a month from {demand.starts}{until}{lane}"


@dataclass(frozen=True, slots=True)
class MoreWork:
    """New demand of `monthly` money from `month` on; None: the first month of which nothing is known."""

    monthly: Decimal
    month: Period | None = None
    order = (0, 0)

    @property
    def reason(self) -> str:
        return f"what if: new demand of {self.monthly:,.2f} a month{f' from {self.month}' if self.month else ''}"

    def planned(self, plan: AnnualPlan, sight: Sight) -> AnnualPlan:
        if not sight.is_first:
            return plan
        now = Period.of(sight.day)
        starts = self.month or (now if sight.day == now.first else now.plus(1))
        demand = _SupposedDemand.model_construct(
            reason=self.reason, monthly=self.monthly, starts=starts, until=None, lane="standard"
        )
        return plan.model_copy(update={"planned_demand": (*plan.planned_demand, demand)})


class _SupposedDemand(Supposed, PlannedDemand):
    """Demand that is supposed."""


NewDemand.whatif = WhatIf(
    option="demand",
    metavar="TEAM=600.00[@MONTH]",
    help="New demand a month, from MONTH; default the first month of which nothing is known.",
    example="support=600.00",
    read=lambda text, month: MoreWork(parse_amount(text), month),
    first_wallet_only=True,
)
