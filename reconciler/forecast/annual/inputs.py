"""The six inputs of planning: run rate, season, models, cache, wallets and alerts, from the trailing twelve months."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from statistics import mean

from reconciler.forecast.annual.anomalies import StandingOut
from reconciler.forecast.annual.evidence import Evidence
from reconciler.forecast.annual.run_rate import RECENT, begun
from reconciler.forecast.annual.savings import cache_point, route
from reconciler.forecast.annual.todays_prices import Today
from reconciler.forecast.levers.mix_progress import done
from reconciler.forecast.observed import Observed
from reconciler.forecast.team_view import TeamView
from reconciler.forecast.when import Month, remaining
from reconciler.model.annual import (
    AlertInput,
    EnvironmentInput,
    MixInput,
    MonthSpend,
    SeasonInput,
    TeamInputs,
)
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import AnnualPlan, ProviderMixMove, TeamBudget
from reconciler.model.wallet_ref import WalletRef


def team_inputs(
    team: TeamBudget,
    found: Evidence,
    seen: Observed,
    usual: Mapping[Period, Decimal],
    *,
    today: Today,
    view: TeamView | None = None,
    year: FiscalYear,
    period: Period,
    now: Period,
    money: Mapping[WalletRef, Decimal],
) -> TeamInputs:
    """Return the inputs of one team. `seen` are its last 28 days, `now` is the month of as_of.

    `usual` are its whole months without what stands out, `today` all of them at today's prices. `money` is what each
    wallet may spend over the year.

    Without its `view`, what was to have moved by now between models counts as moved.
    """
    rate = team.plan.cache_hit_rate
    return TeamInputs(
        months=tuple(MonthSpend(month=month, spent=spent) for month, spent in sorted(found.months.items())),
        run_rate=today.rate_of(today.months, today.wallets),
        usual_rate=today.rate_of(repriced(usual, found, today), today.wallets),
        trend=trend_of(usual),
        seasons=tuple(sorted(_seasons(found), key=lambda season: (-season.spent, season.workload))),
        mix=tuple(_mix(team.plan, seen, view=view, year=year, now=now)),
        premium_share=seen.premium_share,
        keep_mix=team.plan.keep_mix,
        cache_now=seen.cache_hit_rate,
        cache_target=float(rate.target) if rate else None,
        wallets=tuple(_wallets(team, today, period=period, money=money)),
        alerts=tuple(
            AlertInput(name=alert.name, amount=alert.amount, period=alert.period, percentages=alert.alert_percentages)
            for alert in team.billing_budgets
        ),
        cache_point=cache_point(seen),
        route=route(seen),
    )


def without(found: Evidence, once: Sequence[StandingOut]) -> dict[Period, Decimal]:
    """Return the whole months less what stands out once in them."""
    left = {one.month: one.excess for one in once if one.once}
    return begun({month: spent - left.get(month, Decimal(0)) for month, spent in found.months.items()})


def repriced(usual: Mapping[Period, Decimal], found: Evidence, today: Today) -> dict[Period, Decimal]:
    """Return the months of `usual`, a part of what they cost, at today's prices."""
    now = today.months
    return {month: cost * now[month] / found.months[month] if cost else cost for month, cost in usual.items()}


def trend_of(months: Mapping[Period, Decimal]) -> float | None:
    """Return by how much the last months cost more than the first, by the day, as a share of the first."""
    if len(months) < 2 * RECENT:
        return None
    days = [float(spent) / month.days for month, spent in sorted(months.items())]
    first, last = mean(days[:RECENT]), mean(days[-RECENT:])
    return last / first - 1.0 if first > 0 else None


def _seasons(found: Evidence) -> Iterator[SeasonInput]:
    known, traffic = sorted(begun(found.months)), found.traffic
    first = known[:RECENT] if len(known) >= 2 * RECENT else []
    for row, workload in enumerate(found.workloads):
        spent = {month: found.spent(row, month) for month in sorted(found.months)}
        total = sum(spent.values(), Decimal(0))
        by_day = {month: amount / month.days for month, amount in begun(spent).items()}
        middle = sum(by_day.values(), Decimal(0)) / max(len(by_day), 1)
        peak = max(by_day, key=lambda month: (by_day[month], -month.months_since(Period(1, 1))), default=None)
        yield SeasonInput(
            workload=workload,
            spent=total,
            peak=peak if middle > 0 else None,
            peak_share=float(by_day[peak] / middle) if peak and middle > 0 else None,
            months=tuple(MonthSpend(month=month, spent=amount) for month, amount in spent.items()),
            at_first=traffic.of(row, first) if traffic else None,
            now=traffic.of(row, known[-RECENT:]) if traffic else None,
        )


def _mix(
    plan: AnnualPlan, seen: Observed, *, view: TeamView | None, year: FiscalYear, now: Period
) -> Iterator[MixInput]:
    """Yield each model with its tokens now, and once what has not moved yet of what the plan says has moved."""
    tokens = sum(model.tokens for model in seen.models)
    if not tokens:
        return
    shares = {model.name: model.tokens / tokens for model in seen.models}
    intended = dict(shares)
    between: dict[tuple[str, str], list[ProviderMixMove]] = {}
    for move in plan.provider_mix:
        between.setdefault((move.source, move.target), []).append(move)
    for (left, taken), moves in between.items():
        end = float(sum(move.share for move in moves))
        source, target = seen.model(left), seen.model(taken)
        came = done(view, moves, Month(now, year.starts))
        going = shares[source.name] * (1.0 - remaining(end, came)) if source else 0.0
        name = target.name if target else taken
        if source:
            intended[source.name] -= going
            intended[name] = intended.get(name, 0.0) + going
    costs = {model.name: model.cost / seen.cost if seen.cost > 0 else 0.0 for model in seen.models}
    for name in sorted(intended, key=lambda name: (-costs.get(name, 0.0), name)):
        yield MixInput(
            model=name, now=shares.get(name, 0.0), intended=max(intended[name], 0.0), cost=costs.get(name, 0.0)
        )


def _wallets(
    team: TeamBudget, today: Today, *, period: Period, money: Mapping[WalletRef, Decimal]
) -> Iterator[EnvironmentInput]:
    for environment, wallet in team.wallets.items():
        key = WalletRef.team(wallet.team_id)
        yield EnvironmentInput(
            environment=environment,
            wallet=wallet.team_id,
            run_rate=today.rate(key),
            stopped=today.stopped.get(key, ""),
            shifted=today.shifted(key),
            monthly=wallet.usual(period),
            year=money[key],
        )
