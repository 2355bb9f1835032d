"""Rules about the annual plan: months that make sense, and wallets that pay for what is planned."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from reconciler.findings import Finding, Severity
from reconciler.forecast.levers.registry import (
    counted,
    doubted_spend,
    levers_of,
    not_counted,
    planned_spend,
    promises_savings,
)
from reconciler.forecast.when import Month
from reconciler.forecast.words import listed
from reconciler.model.money import CENT
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import AnnualPlan, TeamBudget
from reconciler.model.yaml_types import LARGEST_AMOUNT
from reconciler.source.context import Context, TeamView
from reconciler.source.problem import problem


def plan_problems(view: TeamView, context: Context) -> Iterator[Finding]:
    plan, year = view.team.plan, context.fiscal_year
    for lever in levers_of(plan):
        for remark in lever.contradictions(plan):
            yield problem(remark.code, remark.message, remark.hint, remark.keys)
    if year is not None:
        yield from _early(plan, year)
        if view.team.state == "present" and view.whole("plan") and view.whole("wallets"):
            yield from _funding(view.team, year, context)


def _early(plan: AnnualPlan, year: FiscalYear) -> Iterator[Finding]:
    """Yield levers whose month is before the fiscal year: the baseline should have them in it."""
    for keys, month in (found for lever in levers_of(plan) for found in lever.months(plan)):
        if month < year.starts:
            message = f"{month} is before {year.name} begins ({year.starts}): this counts in full from its first month"
            hint = f"write {year.starts} or later, or take it into `baseline_monthly` and remove it here"
            yield problem("before-fiscal-year", message, hint, keys, severity=Severity.WARNING)


def _funding(team: TeamBudget, year: FiscalYear, context: Context) -> Iterator[Finding]:
    """Yield the month in which the wallets fall furthest below what the plan says is needed."""
    if team.plan.baseline_monthly is None or not team.wallets:
        return
    months = [period for period in year.periods if context.since is None or period >= context.since]
    short = [(gap, period) for gap, period in _gaps(team, months, year) if gap > 0]
    if not short:
        yield from _promised(team, year, context)
        return
    gap, period = max(short, key=lambda item: (item[0], -item[1].months_since(year.starts)))
    target = _targets(team, period)
    message = (
        f"the annual plan needs {context.money(target + gap)} in {period} ({_counted(team.plan, context)}), and the"
        " wallets"
        f" get {context.money(target)}: {context.money(gap)} too little; {_short(short, year, context)}"
    )
    raised = f"raise the wallets by {gap.quantize(CENT, ROUND_CEILING)} a month, or " if gap < LARGEST_AMOUNT else ""
    hint = f"{raised}correct the annual plan"
    at = ("plan", "baseline_monthly")
    yield problem("wallets-below-plan", message, hint, at, severity=Severity.WARNING)


def _gaps(team: TeamBudget, months: list[Period], year: FiscalYear) -> list[tuple[Decimal, Period]]:
    """Return by how much the wallets fall short in each month; where all months are alike, one says it of them all."""
    if months and not levers_of(team.plan) and all(wallet.is_even for wallet in team.wallets.values()):
        gap = _gap(team, months[0], year)
        return [(gap, period) for period in months]
    return [(_gap(team, period, year), period) for period in months]


def _gap(team: TeamBudget, period: Period, year: FiscalYear) -> Decimal:
    return planned_spend(team.plan, Month(period, year.starts)) - _targets(team, period)


def _promised(team: TeamBudget, year: FiscalYear, context: Context) -> Iterator[Finding]:
    """Yield that the wallets hold the whole year only if all planned savings come."""
    if not promises_savings(team.plan):
        return
    months = [Month(period, year.starts) for period in year.periods]
    wallets = sum((_targets(team, period) for period in year.periods), Decimal(0))
    planned = sum((planned_spend(team.plan, month) for month in months), Decimal(0))
    doubted = sum((doubted_spend(team.plan, month) for month in months), Decimal(0))
    if planned <= wallets < doubted:
        message = (
            f"the wallets get {context.money(wallets)} over {year.name}, which is enough only if all planned savings"
            f" come: the annual plan needs {context.money(planned)} if they do, and {context.money(doubted)} if half"
            " of each does"
        )
        hint = "leave room for savings that come late or in part, or plan with less of them"
        yield problem("year-rests-on-savings", message, hint, ("plan", "baseline_monthly"), severity=Severity.WARNING)


def _short(gaps: list[tuple[Decimal, Period]], year: FiscalYear, context: Context) -> str:
    """Return in how many months, and whether those that are over are among them."""
    months = f"{len(gaps)} months" if len(gaps) > 1 else "1 month"
    first = f", first in {gaps[0][1]}" if len(gaps) > 1 else ""
    if context.since is None:
        return f"short in {months} of {year.name}{first}, where months that are over count too"
    return f"short in {months} of {year.name} from {context.since} on{first}"


def _targets(team: TeamBudget, period: Period) -> Decimal:
    return sum((wallet.target(period) for wallet in team.wallets.values()), Decimal(0))


def _counted(plan: AnnualPlan, context: Context) -> str:
    left_out = not_counted(plan, context.organization.model if context.organization else None)
    return listed(["baseline", *counted(plan)]) + (f"; {listed(left_out)} not counted" if left_out else "")
