"""Rules about the annual plan: months that make sense, and wallets that pay for what is planned."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from reconciler.findings import Finding, Keys, Severity
from reconciler.model.money import CENT
from reconciler.model.percent import percent_text
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import AnnualPlan, CacheHitRate, ProviderMixMove, TeamBudget
from reconciler.model.yaml_types import LARGEST_AMOUNT, shown
from reconciler.source.context import Context, TeamView
from reconciler.source.problem import problem


def plan_problems(view: TeamView, context: Context) -> Iterator[Finding]:
    """Yield what is wrong with the plan of a team."""
    plan, year = view.team.plan, context.fiscal_year
    yield from _order(plan)
    yield from _mix(plan)
    if year is not None:
        yield from _early(plan, year)
        if view.team.state == "present" and view.whole("plan") and view.whole("wallets"):
            yield from _funding(view.team, year, context)


def _order(plan: AnnualPlan) -> Iterator[Finding]:
    """Yield months that come in the wrong order."""
    for keys, lever in _levers(plan):
        if lever.since is not None and lever.by <= lever.since:
            message = f"`by: {lever.by}` is not after `since: {lever.since}`"
            yield problem("months-reversed", message, "correct one of the months", (*keys, "by"))
    for index, demand in enumerate(plan.planned_demand):
        if demand.until is not None and demand.until < demand.starts:
            message = f"`until: {demand.until}` is before `from: {demand.starts}`"
            at = ("plan", "planned_demand", index, "until")
            yield problem("months-reversed", message, "correct one of the months", at)


def _levers(plan: AnnualPlan) -> Iterator[tuple[Keys, CacheHitRate | ProviderMixMove]]:
    if plan.cache_hit_rate is not None:
        yield ("plan", "cache_hit_rate"), plan.cache_hit_rate
    for index, move in enumerate(plan.provider_mix):
        yield ("plan", "provider_mix", index), move


def _mix(plan: AnnualPlan) -> Iterator[Finding]:
    """Yield moves of traffic that cannot be: onto itself, or of more than there is."""
    moved: dict[str, Decimal] = {}
    for index, move in enumerate(plan.provider_mix):
        keys = ("plan", "provider_mix", index)
        if move.source == move.target:
            message = f"the traffic of {shown(move.source)} moves onto itself"
            yield problem("mix-onto-itself", message, "name another model in `to`", (*keys, "to"))
        moved[move.source] = moved.get(move.source, Decimal(0)) + move.share
        if moved[move.source] > 1:
            message = f"{percent_text(moved[move.source])} of the traffic of {shown(move.source)} would move in all"
            yield problem("mix-above-whole", message, "lower the shares to 100% or less together", (*keys, "share"))


def _early(plan: AnnualPlan, year: FiscalYear) -> Iterator[Finding]:
    """Yield levers whose month is before the fiscal year: the baseline should have them in it."""
    months: list[tuple[Keys, Period]] = [((*keys, "by"), lever.by) for keys, lever in _levers(plan)]
    months += [(("plan", "growth", index, "from"), step.starts) for index, step in enumerate(plan.growth)]
    months += [
        (("plan", "planned_demand", index, "from"), demand.starts) for index, demand in enumerate(plan.planned_demand)
    ]
    for keys, month in months:
        if month < year.starts:
            message = f"{month} is before {year.name} begins ({year.starts}): this counts in full from its first month"
            hint = f"write {year.starts} or later, or take it into `baseline_monthly` and remove it here"
            yield problem("before-fiscal-year", message, hint, keys, severity=Severity.WARNING)


def _funding(team: TeamBudget, year: FiscalYear, context: Context) -> Iterator[Finding]:
    """Yield the month in which the wallets fall furthest below what the plan says is needed."""
    if team.plan.baseline_monthly is None or not team.wallets:
        return
    if _most_planned(team.plan) <= _least_targets(team):
        return
    months = [period for period in year.periods if context.since is None or period >= context.since]
    gaps = [(planned_spend(team.plan, period, year) - _targets(team, period), period) for period in months]
    short = [(gap, period) for gap, period in gaps if gap > 0]
    if not short:
        return
    gap, period = max(short, key=lambda item: (item[0], -item[1].months_since(year.starts)))
    target = _targets(team, period)
    message = (
        f"the plan needs {context.money(target + gap)} in {period} ({_counted(team.plan)}), and the wallets get"
        f" {context.money(target)}: {context.money(gap)} too little; {_short(short, year, context)}"
    )
    raised = f"raise the wallets by {gap.quantize(CENT, ROUND_CEILING)} a month, or " if gap < LARGEST_AMOUNT else ""
    hint = f"{raised}correct the plan"
    at = ("plan", "baseline_monthly")
    yield problem("wallets-below-plan", message, hint, at, severity=Severity.WARNING)


def _short(gaps: list[tuple[Decimal, Period]], year: FiscalYear, context: Context) -> str:
    """Return in how many months, and whether those that are over are among them."""
    months = f"{len(gaps)} months" if len(gaps) > 1 else "1 month"
    first = f", first in {gaps[0][1]}" if len(gaps) > 1 else ""
    if context.since is None:
        return f"short in {months} of {year.name}{first}, where months that are over count too"
    return f"short in {months} of {year.name} from {context.since} on{first}"


def planned_spend(plan: AnnualPlan, period: Period, year: FiscalYear) -> Decimal:
    """Return what the plan says `period` costs: baseline × growth × cache effect, plus planned demand.

    Moves of the provider mix are left out, because their prices are not in the plan.
    """
    spend = plan.baseline_monthly or Decimal(0)
    for step in plan.growth:
        if step.starts <= period:
            spend *= 1 + step.rate
    if plan.cache_hit_rate is not None:
        spend *= _cache_effect(plan.cache_hit_rate, period, year)
    return spend + sum(
        (
            demand.monthly
            for demand in plan.planned_demand
            if demand.starts <= period and (demand.until is None or period <= demand.until)
        ),
        Decimal(0),
    )


def _cache_effect(cache: CacheHitRate, period: Period, year: FiscalYear) -> Decimal:
    """Return by what the hit rate of `period` multiplies the cost of misses: (1 − h) / (1 − h0)."""
    if cache.start >= 1:
        return Decimal(1)
    since = cache.since or year.starts
    length = cache.by.months_since(since)
    done = min(max(Decimal(period.months_since(since)) / length, Decimal(0)), Decimal(1)) if length > 0 else Decimal(1)
    return (1 - cache.start - (cache.target - cache.start) * done) / (1 - cache.start)


def _targets(team: TeamBudget, period: Period) -> Decimal:
    return sum((wallet.target(period) for wallet in team.wallets.values()), Decimal(0))


def _most_planned(plan: AnnualPlan) -> Decimal:
    """Return a bound on what any month of the plan costs; nearly every plan is seen to fit by it at once."""
    spend = plan.baseline_monthly or Decimal(0)
    for step in plan.growth:
        spend *= 1 + max(step.rate, Decimal(0))
    cache = plan.cache_hit_rate
    if cache is not None and cache.target < cache.start < 1:
        spend *= (1 - cache.target) / (1 - cache.start)
    return spend + sum((demand.monthly for demand in plan.planned_demand), Decimal(0))


def _least_targets(team: TeamBudget) -> Decimal:
    return sum(
        (min(wallet.monthly, *wallet.overrides.values(), LARGEST_AMOUNT) for wallet in team.wallets.values()),
        Decimal(0),
    )


def _counted(plan: AnnualPlan) -> str:
    parts = ["baseline"]
    parts += ["growth"] if plan.growth else []
    parts += ["cache improvement"] if plan.cache_hit_rate else []
    parts += ["planned demand"] if plan.planned_demand else []
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) + (
        "; provider mix not counted" if plan.provider_mix else ""
    )
