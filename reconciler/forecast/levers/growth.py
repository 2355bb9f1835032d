"""Growth: demand grows in steps, each reached in its month; several compound.

Growth of the month that is under way counts as far as it has not arrived yet: how much has is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from math import log, prod
from typing import TYPE_CHECKING

from reconciler.findings import Keys
from reconciler.forecast.levers.effect import Effect, Setting, Supposed, named
from reconciler.forecast.levers.lever import Lever
from reconciler.forecast.levers.part import Part
from reconciler.forecast.levers.whatif import FromDay, Sight, WhatIf
from reconciler.forecast.when import N, When, over_days
from reconciler.forecast.words import close, planned_share, points, signed_share, unknown_row, verdict_of
from reconciler.model.assumption import Assumption
from reconciler.model.money import cents
from reconciler.model.percent import parse_rate, percent_text
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, GrowthStep

if TYPE_CHECKING:
    from reconciler.forecast.panel import Floats
    from reconciler.forecast.team_view import TeamView

TOLERANCE = 0.05


class Growth(Lever):
    name = key = word = counted = "growth"

    def factor(self, plan: AnnualPlan, when: When[N]) -> N:
        factor = when.number(Decimal(1))
        for step in plan.growth:
            factor = factor * reached(step, when)
        return factor

    def effects(self, plan: AnnualPlan, setting: Setting) -> Iterator[Effect]:
        coming = _still_to_come(setting, plan)
        for step in plan.growth:
            yield Effect(named(self.name, plan.growth, step), factor=_left(setting, step, coming))

    def parts(self, plan: AnnualPlan, view: TeamView | None) -> Iterator[Part]:
        for step in plan.growth:
            yield Part(
                stage="growth",
                name=self.name,
                what=f"{'+' if step.rate >= 0 else ''}{percent_text(step.rate)} from {step.starts}",
                reason=step.reason,
                factor=partial(reached, step),
            )

    def rows(self, view: TeamView) -> Iterator[Assumption]:
        if view.plan.growth:
            yield self._row(view)

    def _row(self, view: TeamView) -> Assumption:
        """Return the growth since the first step, against what the steps have for the same days."""
        from reconciler.forecast.demand import demand_since

        steps = "; ".join(
            f"{planned_share(step.rate, signed=True)} from {step.starts}, {step.reason}" for step in view.plan.growth
        )
        window = view.window(min((step.starts for step in view.plan.growth), key=lambda month: month.first))
        if not window.days:
            return unknown_row("growth", steps, window.too_short)
        seen = demand_since(view, window) if view.is_known_from(window.before_days[0]) else None
        if seen is None:
            return unknown_row("growth", steps, f"there is no usage of {window.before} to compare with")
        planned = float(self.factor(view.plan, view.when(window.start, window.days)).mean()) - 1.0
        observed = seen.now / seen.before - 1.0
        off = (1.0 + observed) / (1.0 + planned) - 1.0 if planned > -1.0 else 0.0
        verdict = verdict_of(observed, planned, TOLERANCE)
        way = "above" if observed > planned else "below"
        expected = planned_share(planned, signed=True)
        told = f"growth is {points(observed - planned)} {way} the {expected} planned for these days"
        near = close(points(observed - planned), above=observed > planned, within=points(TOLERANCE))
        return Assumption(
            name="growth",
            plan=steps,
            observed=f"{signed_share(observed)} in {window.name}, on {window.before}",
            verdict=verdict,
            sentence=near if verdict == "holds" else told,
            year_cost=cents(
                repr(seen.before * off * over_days(self.factor(view.plan, view.rest_of_year), view.rest_of_year.count))
            ),
        )

    def months(self, plan: AnnualPlan) -> Iterator[tuple[Keys, Period]]:
        for index, step in enumerate(plan.growth):
            yield ("plan", "growth", index, "from"), step.starts

    def turns(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> Iterator[tuple[Keys, date, str]]:
        for index, step in enumerate(plan.growth):
            change = "more" if step.rate >= 0 else "less"
            what = f"demand is {percent_text(abs(step.rate))} {change}: {step.reason}"
            yield ("plan", self.key, index, "from"), step.starts.first, what

    def told(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> str:
        return ", ".join(f"{percent_text(step.rate)} from {step.starts} ({step.reason})" for step in plan.growth)


def reached(step: GrowthStep, when: When[N]) -> N:
    """Return what demand is multiplied with by one step."""
    return when.during(step.starts, inside=1 + step.rate, outside=Decimal(1))


def grown(plan: AnnualPlan, step: GrowthStep) -> AnnualPlan:
    return plan.model_copy(update={"growth": (*plan.growth, step)})


def _left(setting: Setting, step: GrowthStep, coming: float) -> Floats | None:
    """Return what is left of a step: nothing where the history contains it.

    Of a step of the present month the history may contain a part: what is `coming` of it, on a log scale, is left.
    """
    if setting.last_known is None or setting.last_known < step.starts.first:
        return reached(step, setting.days)
    if not _is_arriving(setting, step):
        return None
    left = Decimal(repr(float(1 + step.rate) ** coming))
    return setting.days.during(step.starts, inside=left, outside=left)


def _is_arriving(setting: Setting, step: GrowthStep) -> bool:
    """Whether a step began in the month of the first simulated day, and some of that month is history."""
    last, start = setting.last_known, setting.days.start
    return last is not None and last >= step.starts.first and step.starts == Period.of(start)


def _still_to_come(setting: Setting, plan: AnnualPlan) -> float:
    """Return how much of the growth of the present month has not arrived, 0 to 1, by what the history shows."""
    planned = prod(float(1 + step.rate) for step in plan.growth if _is_arriving(setting, step))
    seen = setting.grown() if planned > 0.0 and planned != 1.0 else None
    if seen is None:
        return 0.0
    return 1.0 - log(min(max(seen, min(planned, 1.0)), max(planned, 1.0))) / log(planned)


@dataclass(frozen=True, slots=True)
class MoreDemand:
    """Demand is `rate` more than the plan has it: at once, or from `month` on."""

    rate: Decimal
    month: Period | None = None
    order = (0, 0)

    @property
    def reason(self) -> str:
        sign = "+" if self.rate >= 0 else ""
        return f"what if: demand {sign}{percent_text(self.rate)}{f' from {self.month}' if self.month else ''}"

    def planned(self, plan: AnnualPlan, sight: Sight) -> AnnualPlan:
        return grown(plan, supposed_step(self.reason, self.rate, self.month or FromDay.at(sight.day)))


class SupposedStep(Supposed, GrowthStep):
    """A step that is supposed."""


def supposed_step(reason: str, rate: Decimal, starts: Period) -> GrowthStep:
    return SupposedStep.model_construct(reason=reason, rate=rate, starts=starts)


Growth.whatif = WhatIf(
    option="growth",
    metavar="TEAM=+25%[@MONTH]",
    help="Demand beyond the plan, at once or from MONTH.",
    example="support=+25%",
    read=lambda text, month: MoreDemand(parse_rate(text), month),
)
