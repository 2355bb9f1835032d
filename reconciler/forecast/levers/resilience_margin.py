"""The resilience margin: traffic on a fallback provider costs more, beyond what of it was observed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.forecast.levers.effect import Effect, Setting
from reconciler.forecast.levers.lever import Lever
from reconciler.model.percent import percent_text
from reconciler.model.team import AnnualPlan

if TYPE_CHECKING:
    from reconciler.model.organization import OrganizationBudget


class ResilienceMargin(Lever):
    name = "resilience_margin"
    key = word = "fallback"

    def is_in(self, plan: AnnualPlan, organization: OrganizationBudget | None) -> bool:
        return plan.fallback is not None or bool(organization and organization.forecast.resilience_margin)

    def effects(self, plan: AnnualPlan, setting: Setting) -> Iterator[Effect]:
        if not self.is_in(plan, setting.organization):
            return
        planned = setting.organization.forecast.resilience_margin
        if plan.fallback is not None:
            planned = plan.fallback.share * (plan.fallback.price_ratio - 1)
        seen = setting.observed.fallback_premium
        factor = Decimal(repr((1.0 + max(float(planned), seen)) / (1.0 + seen)))
        every_day = setting.organization.fiscal_year.starts
        yield Effect(self.name, factor=setting.days.during(every_day, inside=factor, outside=factor))

    def told(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> str:
        fallback = plan.fallback
        return f"{percent_text(fallback.share)} at {fallback.price_ratio} times the price" if fallback else ""
