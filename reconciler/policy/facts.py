"""What guards look at, out of a plan and nothing else: whoever judges a plan judges the same facts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.money import ZERO
from reconciler.model.plan import GuardResult, Plan
from reconciler.policy.guards import Facts, guard_results


def facts_of(plan: Plan) -> Facts:
    """Return the facts of `plan`. What was spent is the larger of what the ledger and what the usage say.

    A plan of an earlier version holds what the usage says alone.
    """
    spent = dict(plan.spent)
    for forecast in plan.impact:
        spent[forecast.wallet] = max(spent.get(forecast.wallet, ZERO), forecast.spend_to_date)
    expected = {
        forecast.wallet: forecast.month_end.quantiles["0.5"]
        for forecast in plan.impact
        if forecast.confidence != "none"
    }
    return Facts(plan.changes, plan.funds, plan.currency, spent, expected)


def verdict(plan: Plan, settings: GuardSettings, waivers: Iterable[Waiver], *, as_of: date) -> tuple[GuardResult, ...]:
    """Return what the guards of `settings` say of `plan` on the day `as_of`."""
    return guard_results(settings, waivers, facts_of(plan), as_of=as_of)
