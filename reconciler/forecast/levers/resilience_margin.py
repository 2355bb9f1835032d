"""The resilience margin: traffic on a fallback provider costs more.

What a plan says of it comes on top of its baseline, whatever the usage shows: it was planned before. The forecast adds
what of it is not in the usage yet, and so does the planning table for the margin of the organization alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.forecast.levers.effect import Effect, Setting
from reconciler.forecast.levers.lever import Lever
from reconciler.forecast.levers.part import Part
from reconciler.forecast.when import N, When
from reconciler.forecast.windows import DAYS_OF_A_MONTH
from reconciler.forecast.words import amount, share
from reconciler.model.percent import percent_text
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan

if TYPE_CHECKING:
    from reconciler.forecast.observed import Observed
    from reconciler.forecast.team_usage import TeamUsage
    from reconciler.forecast.team_view import TeamView
    from reconciler.model.organization import OrganizationBudget


class ResilienceMargin(Lever):
    name = "resilience_margin"
    key = word = counted = "fallback"

    def is_in(self, plan: AnnualPlan, organization: OrganizationBudget | None) -> bool:
        return plan.fallback is not None or bool(organization and organization.forecast.resilience_margin)

    def factor(self, plan: AnnualPlan, when: When[N]) -> N:
        return when.number(1 + _of_plan(plan))

    def effects(self, plan: AnnualPlan, setting: Setting) -> Iterator[Effect]:
        if self.is_in(plan, setting.organization):
            factor = _factor(plan, setting.organization, setting.observed)
            every_day = setting.organization.fiscal_year.starts
            yield Effect(self.name, factor=setting.days.during(every_day, inside=factor, outside=factor))

    def parts(self, plan: AnnualPlan, view: TeamView | None) -> Iterator[Part]:
        if view is not None and self.is_in(plan, view.organization):
            beyond = _factor(plan, view.organization, view.observed())
            factor = 1 + _of_plan(plan) if plan.fallback else beyond
            margin = f"{percent_text(_planned(plan, view.organization))} for traffic on a fallback"
            why = "; ".join(filter(None, (self.told(plan, str), _seen(view))))
            yield Part("boundaries", self.name, margin, why, factor=lambda _: factor)

    def told(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> str:
        fallback = plan.fallback
        return f"{percent_text(fallback.share)} at {fallback.price_ratio} times the price" if fallback else ""


def held(view: TeamUsage, month: Period) -> Decimal:
    """Return what fallbacks multiplied the cost of a month by; 1 where the usage does not tell."""
    return Decimal(repr(1.0 + (view.observed_between(month.first, month.end).fallback_premium or 0.0)))


def _of_plan(plan: AnnualPlan) -> Decimal:
    return plan.fallback.share * (plan.fallback.price_ratio - 1) if plan.fallback else Decimal(0)


def _planned(plan: AnnualPlan, organization: OrganizationBudget) -> Decimal:
    """Return what fallbacks are expected to cost, as a share of what the same traffic would cost without."""
    return _of_plan(plan) if plan.fallback is not None else organization.forecast.resilience_margin


def _seen(view: TeamView) -> str:
    """Return what fallbacks cost a month by now beyond what the same traffic costs without."""
    observed = view.observed()
    premium = observed.fallback_premium
    if premium is None:
        return "what is in already is not known: the usage does not tell fallbacks"
    paid = observed.cost * premium / (1.0 + premium) / observed.days * DAYS_OF_A_MONTH if observed.days else 0.0
    return f"{share(premium)}, {amount(paid, view.currency)} a month, is in already"


def _factor(plan: AnnualPlan, organization: OrganizationBudget, observed: Observed) -> Decimal:
    """Return what is to be added for fallbacks to a spend that holds what was `observed` of them.

    Where the usage does not tell them, all of it is.
    """
    seen = observed.fallback_premium or 0.0
    return Decimal(repr((1.0 + max(float(_planned(plan, organization)), seen)) / (1.0 + seen)))
