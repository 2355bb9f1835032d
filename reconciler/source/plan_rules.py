"""Rules about the annual plan: months that make sense, and wallets that pay for what is planned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from reconciler.findings import Finding, Severity
from reconciler.forecast.levers.lever import Lever
from reconciler.forecast.levers.registry import (
    counted,
    doubted_spend,
    levers_of,
    not_counted,
    planned_spend,
)
from reconciler.forecast.when import Month
from reconciler.forecast.words import listed
from reconciler.model.money import enough
from reconciler.model.override import Correction, correction_text
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import AnnualPlan, TeamBudget
from reconciler.model.yaml_types import LARGEST_AMOUNT
from reconciler.source.context import Context, TeamView
from reconciler.source.problem import problem


def plan_problems(view: TeamView, context: Context) -> Iterator[Finding]:
    plan, year = view.team.plan, context.fiscal_year
    levers = levers_of(plan)
    for lever in levers:
        for remark in lever.contradictions(plan):
            yield problem(remark.code, remark.message, remark.hint, remark.keys)
    if year is not None:
        yield from _early(plan, levers, year)
        if view.team.state == "present" and view.whole("plan") and view.whole("wallets"):
            yield from _funding(view.team, levers, year, context)


def _early(plan: AnnualPlan, levers: Sequence[Lever], year: FiscalYear) -> Iterator[Finding]:
    """Yield levers whose month is before the fiscal year: the baseline should have them in it."""
    for keys, month in (found for lever in levers for found in lever.months(plan)):
        if month < year.starts:
            message = f"{month} is before {year.name} begins ({year.starts}): this counts in full from its first month"
            hint = f"write {year.starts} or later, or take it into `baseline_monthly` and remove it here"
            yield problem("before-fiscal-year", message, hint, keys, severity=Severity.WARNING)


def _funding(team: TeamBudget, levers: Sequence[Lever], year: FiscalYear, context: Context) -> Iterator[Finding]:
    """Yield the month in which the wallets fall furthest below what the plan says is needed."""
    if team.plan.baseline_monthly is None or not team.wallets:
        return
    short = _gaps(team, levers, _months(year, context.since), year)
    if not short:
        if any(lever.promises for lever in levers):
            yield from _promised(team, year, context)
        return
    gap, period = max(short, key=lambda item: (item[0], -item[1].months_since(year.starts)))
    target = _targets(team, period)
    message = (
        f"the annual plan needs {context.money(target + gap)} in {period} ({_counted(team.plan, context)}), and the"
        " wallets"
        f" get {context.money(target)}: {context.money(gap)} too little; {_short(short, year, context)}"
    )
    hint = ", or ".join([*_raised(team, short, context.currency), "correct the annual plan"])
    at = ("plan", "baseline_monthly")
    yield problem("wallets-below-plan", message, hint, at, severity=Severity.WARNING)


def _raised(team: TeamBudget, short: Sequence[tuple[Decimal, Period]], currency: str) -> Iterator[str]:
    """Yield by how much to raise the wallets; a month with an override of its own goes by that and not by `monthly`.

    Such a month may have money in the ledger, which nobody should send again: that is asked first.
    """
    own = {month for wallet in team.wallets.values() for month in wallet.overrides}
    usual = max((gap for gap, month in short if month not in own), default=Decimal(0))
    apart = [(gap, month) for gap, month in short if month in own]
    if max(gap for gap, _ in short) >= LARGEST_AMOUNT:
        return
    cures = [f"raise the wallets by {enough(usual, currency)} a month"] if usual else []
    if apart:
        month = apart[0][1]
        wallet = next(wallet for wallet in team.wallets.values() if month in wallet.overrides)
        raised = listed([f"{month} by {enough(gap, currency)}" for gap, month in apart])
        cures.append(
            f"where {month} has its money already, write `{month}: {correction_text(wallet.target(month))}`, else raise"
            f" what `overrides` has for {raised}"
        )
    yield ", and ".join(cures)


@lru_cache(maxsize=8)
def _months(year: FiscalYear, since: Period | None) -> tuple[Period, ...]:
    """Return the months of a year that are not over, the same ones for every team."""
    return tuple(period for period in year.periods if since is None or period >= since)


def _gaps(
    team: TeamBudget, levers: Sequence[Lever], months: Sequence[Period], year: FiscalYear
) -> list[tuple[Decimal, Period]]:
    """Return by how much the wallets fall short in each month in which they do.

    Where all months are alike, one says it of them all. One whose money is corrected is not judged: what it has besides
    is in a ledger.
    """
    if not levers and (even := _even(team)) is not None:
        gap = (team.plan.baseline_monthly or Decimal(0)) - even
        return [(gap, period) for period in months] if gap > 0 else []
    gaps = (
        (planned_spend(team.plan, Month(period, year.starts)) - _targets(team, period), period)
        for period in months
        if not any(isinstance(wallet.overrides.get(period), Correction) for wallet in team.wallets.values())
    )
    return [(gap, period) for gap, period in gaps if gap > 0]


def _even(team: TeamBudget) -> Decimal | None:
    """Return what the wallets get each month together, None where not all months are alike."""
    total = Decimal(0)
    for wallet in team.wallets.values():
        if (each := wallet.even) is None:
            return None
        total += each
    return total


def _promised(team: TeamBudget, year: FiscalYear, context: Context) -> Iterator[Finding]:
    """Yield that the wallets hold the whole year only if all planned savings come."""
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
    return sum((wallet.demanded(period) for wallet in team.wallets.values()), Decimal(0))


def _counted(plan: AnnualPlan, context: Context) -> str:
    left_out = not_counted(plan, context.organization.model if context.organization else None)
    return listed(["baseline", *counted(plan)]) + (f"; {listed(left_out)} not counted" if left_out else "")
