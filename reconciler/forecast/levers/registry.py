"""The levers that there are, in the order in which they work, and what they come to together (decision 0075).

The history already contains what was reached before its last day, so each lever works relative to the plan's own
position on that day: one that moves no further changes nothing (decision 0038). Without history they work from the
plan's start. What each contributes is what the mean month end gains by it, so that the contributions add up exactly.

Validation, the forecast, the planning table, `whatif` on the command line and in comments, and what a change of a
plan says all ask these. A lever that is registered is seen by all of them. Four places remain outside, because the
files that people write and read are closed: its field and model in `model/team.py` and the words of its fields in
`plan/yaml_words.py`; the name of its row in `model/forecast.py:Assumption`, which the schema of plan.json lists; and
the README.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import reduce
from operator import mul
from typing import TYPE_CHECKING

from reconciler.forecast.belief import EVEN, believed
from reconciler.forecast.levers.cache_hit_rate import Cache
from reconciler.forecast.levers.effect import Effect, Setting
from reconciler.forecast.levers.growth import Growth
from reconciler.forecast.levers.lever import Lever
from reconciler.forecast.levers.planned_demand import NewDemand
from reconciler.forecast.levers.provider_mix import ProviderMix
from reconciler.forecast.levers.rate_limits import RateLimits
from reconciler.forecast.levers.resilience_margin import ResilienceMargin
from reconciler.forecast.levers.whatif import WhatIf
from reconciler.forecast.when import Month, N, When
from reconciler.model.team import AnnualPlan

if TYPE_CHECKING:
    from reconciler.forecast.calendar import DayRange
    from reconciler.forecast.panel import Floats
    from reconciler.forecast.team_usage import TeamUsage
    from reconciler.forecast.todays_terms import Past
    from reconciler.model.organization import OrganizationBudget

_LEVERS: list[Lever] = [Growth(), Cache(), ProviderMix(), NewDemand(), ResilienceMargin(), RateLimits()]


def levers() -> tuple[Lever, ...]:
    return tuple(_LEVERS)


def levers_of(plan: AnnualPlan) -> tuple[Lever, ...]:
    """Return the levers that are in the plan itself; without any, the planned spend of every month is its baseline."""
    return tuple(lever for lever in _LEVERS if lever.is_in(plan, None))


def what_ifs() -> tuple[WhatIf, ...]:
    return tuple(lever.whatif for lever in _LEVERS if lever.whatif is not None)


@contextmanager
def registered(lever: Lever) -> Iterator[None]:
    """Have `lever` work too, after all others, for as long as the block runs."""
    _LEVERS.append(lever)
    try:
        yield
    finally:
        _LEVERS.remove(lever)


def any_in(plan: AnnualPlan, organization: OrganizationBudget) -> bool:
    """Whether any lever moves what is simulated."""
    return any(lever.is_in(plan, organization) for lever in _LEVERS)


def promises_savings(plan: AnnualPlan) -> bool:
    return any(lever.promises and lever.is_in(plan, None) for lever in _LEVERS)


def effects_of(plan: AnnualPlan, setting: Setting) -> tuple[Effect, ...]:
    """Return what the levers of `plan` do to simulated days, in the order in which they are applied."""
    return tuple(effect for lever in _LEVERS for effect in lever.effects(plan, setting))


def dearer_before(plan: AnnualPlan, past: Past) -> Floats | float:
    """Return float64[days]: what each past day cost, as a multiple of the same day with what levers reached by now."""
    found = [each for lever in _LEVERS if (each := lever.before(plan, past)) is not None]
    return reduce(mul, found) if found else 1.0


def planned_spend(plan: AnnualPlan, when: When[N]) -> N:
    """Return what the plan alone says is spent, in major units a month: its baseline, with what levers make of it.

    Left out is what the plan alone cannot put into money: the levers that are `counted` as nothing.
    """
    return _spend(plan, None, when)


def priced_spend(view: TeamUsage, when: When[N]) -> N:
    """Return the same of the plan of `view`, with what its usage tells the price of."""
    return _spend(view.plan, view, when)


def _spend(plan: AnnualPlan, view: TeamUsage | None, when: When[N]) -> N:
    spend = when.number(plan.baseline_monthly or Decimal(0))
    for lever in _LEVERS:
        priced = lever.priced(view, when) if view else when.number(Decimal(1))
        spend = spend * lever.factor(plan, when) * priced + lever.monthly(plan, when)
    return spend


def doubted_spend(plan: AnnualPlan, month: Month) -> Decimal:
    """Return the planned spend of a month if half of each promised saving comes: what a promise alone is believed."""
    spend = plan.baseline_monthly or Decimal(0)
    for lever in _LEVERS:
        factor = lever.factor(plan, month)
        if lever.promises and factor < 1:
            factor = 1 + believed(None, 0.0, EVEN).weight * (factor - 1)
        spend = spend * factor + lever.monthly(plan, month)
    return spend


def moving(view: TeamUsage, days: DayRange) -> list[str]:
    """Return the levers by which the priced spend of some of the days is other than the baseline."""
    return [
        lever.counted or lever.word
        for lever in _LEVERS
        if (lever.factor(view.plan, days) * lever.priced(view, days) != 1.0).any()
        or (lever.monthly(view.plan, days) != 0.0).any()
    ]


def counted(plan: AnnualPlan) -> list[str]:
    """Return what is in the planned spend beside the baseline."""
    return [lever.counted for lever in _LEVERS if lever.counted and lever.is_in(plan, None)]


def not_counted(plan: AnnualPlan, organization: OrganizationBudget | None) -> list[str]:
    """Return the levers that are left out of the planned spend."""
    in_it = counted(plan)
    return [lever.word for lever in _LEVERS if lever.counted not in in_it and lever.is_in(plan, organization)]
