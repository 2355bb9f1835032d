"""Which warnings a change causes: those that were not there before it, and those whose figure it makes worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reconciler.model.change import MoneyChange
from reconciler.model.later import LaterExpectation
from reconciler.model.money import ZERO
from reconciler.model.plan import NOT_COMPARED, Plan
from reconciler.model.plan_finding import PlanFinding
from reconciler.model.year_targets import ANNUAL_TARGET_EXCEEDED

RUNS_OUT = "runs-out"


def is_caused(plan: Plan) -> Callable[[PlanFinding], bool]:
    """Return what tells of a warning whether it is the change's.

    Those in a team's file are, where the change is about that file. Those about the organization stand in org.yaml, or
    in any file: of the year and of the pool the plan has the figures with and without it; the others are the change's
    where it is about their line. That a wallet runs out is where the plan moves its money.
    """
    said = _said(plan)
    lines = {item.position.rpartition(":")[0] for item in said if not item.team}
    moved = {change.position.rsplit(":", 2)[0] for change in plan.changes if change.team}
    funded = {change.position for change in plan.changes if isinstance(change, MoneyChange)}
    files = moved | {item.position.rsplit(":", 2)[0] for item in said if item.team}

    def caused(finding: PlanFinding) -> bool:
        if finding.code == RUNS_OUT:
            return f"{finding.path}:{finding.line}:{finding.column}" in funded
        judge = _JUDGES.get(finding.code)
        here = finding.path in files or f"{finding.path}:{finding.line}" in lines
        return judge(plan) if judge else here

    return caused


def _said(plan: Plan) -> tuple[LaterExpectation, ...]:
    """Return what the YAML says otherwise than before, besides targets."""
    return (*plan.later.expectations, *plan.later.settings) if plan.later else ()


def _takes_the_year_further_above(plan: Plan) -> bool:
    year = plan.year_money
    if year is None or any(not item.team and item.key == "annual_target" for item in _said(plan)):
        return year is not None
    without = year.applied - year.moved if year.not_applied is None else year.not_applied
    return year.applied > without


def _frees_money(plan: Plan) -> bool:
    before, after = plan.funds.available or ZERO, plan.funds.after or ZERO
    return after > before


def _takes_from_the_pool(plan: Plan) -> bool:
    """Whether less is left to open the next month with, or that takes more."""
    later = plan.later.targets if plan.later else ()
    ahead = ((item.after or ZERO) - (item.before or ZERO) for item in later if item.period == plan.period.plus(1))
    return (plan.funds.available or ZERO) - (plan.funds.after or ZERO) + sum(ahead, ZERO) > 0


def _plans_otherwise(plan: Plan) -> bool:
    return any(item.kind == "expectation" or item.key == "annual_target" for item in _said(plan))


def _always(_: Plan) -> bool:
    return True


def _never(_: Plan) -> bool:
    return False


_JUDGES: Mapping[str, Callable[[Plan], bool]] = MappingProxyType(
    {
        NOT_COMPARED: _always,
        "pool-unknown": _always,
        "unused-goes-back": _always,
        "month-over": _always,
        "month-to-come": _always,
        ANNUAL_TARGET_EXCEEDED: _takes_the_year_further_above,
        "soft-cap": _frees_money,
        "next-month-short": _takes_from_the_pool,
        "year-rests-on-savings": _plans_otherwise,
        "usage-ends-early": _never,
        "spend-disagrees": _never,
    }
)
"""Warnings that are about no line of the change, by what tells."""
