"""Scenarios: what a wallet's forecast would be if demand, cache, models or plans were other than the YAML says.

A scenario becomes a part of the wallet's plan, so that it works on the same paths as everything else: an effect
that holds at once, as a step of growth from the first day that is not known; one that is to be reached later, as the
lever that the YAML would declare. Its contribution is told beside those of the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from reconciler.findings import UsageError
from reconciler.forecast.history import Spending, spending
from reconciler.forecast.levers import LaterCache, cache_position
from reconciler.forecast.observed import LONG_WINDOW_DAYS, Observations, observations
from reconciler.forecast.question import WalletQuestion
from reconciler.meant import close_to, did_you_mean
from reconciler.model.forecast import LeverContribution, WalletForecast
from reconciler.model.organization import OrganizationBudget
from reconciler.model.percent import percent_text
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, CacheHitRate, GrowthStep, PlannedDemand, ProviderMixMove, TeamBudget
from reconciler.model.usage import DailyUsage


@dataclass(frozen=True, slots=True)
class Growth:
    """Demand is `rate` more than the plan has it: at once, or from `month` on."""

    rate: Decimal
    month: Period | None = None


@dataclass(frozen=True, slots=True)
class Cache:
    """The cache answers a share `rate` of requests in place of what the plan says: at once, or linearly by `month`."""

    rate: Decimal
    month: Period | None = None


@dataclass(frozen=True, slots=True)
class Mix:
    """A `share` of what runs on `source` moves to `target` (both provider/model): at once, or linearly by `month`."""

    source: str
    target: str
    share: Decimal
    month: Period | None = None


@dataclass(frozen=True, slots=True)
class NewDemand:
    """New demand of `monthly` money from `month` on; None: the first month of which nothing is known."""

    monthly: Decimal
    month: Period | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is supposed of a team, or of one of its wallets. New demand comes to the team's first wallet."""

    team: str
    what: Growth | Cache | Mix | NewDemand
    environment: str | None = None

    @property
    def reason(self) -> str:
        """The scenario in a few words."""
        match self.what:
            case Growth(rate, month):
                sign = "+" if rate >= 0 else ""
                return f"what if: demand {sign}{percent_text(rate)}{f' from {month}' if month else ''}"
            case Cache(rate, month):
                return f"what if: cache hit rate {percent_text(rate)}{f' by {month}' if month else ''}"
            case Mix(source, target, share, month):
                return f"what if: {percent_text(share)} of {source} on {target}{f' by {month}' if month else ''}"
            case NewDemand(monthly, month):
                return f"what if: new demand of {monthly:,.2f} a month{f' from {month}' if month else ''}"


class _FromDay(Period):
    """A month of which only the days from `day` on are meant: a step in it is still to come on the day before."""

    __slots__ = ("day",)
    day: date

    @classmethod
    def at(cls, day: date) -> _FromDay:
        made = cls(day.year, day.month)
        object.__setattr__(made, "day", day)
        return made

    @property
    def first(self) -> date:
        return self.day


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What is known where a scenario begins."""

    organization: OrganizationBudget
    teams: Mapping[str, TeamBudget]
    known: Spending
    seen: Observations

    @property
    def day(self) -> date:
        return self.known.known_until

    def wallets(self, question: WalletQuestion) -> list[str]:
        """Return the wallet keys of the question's team, its first wallet first."""
        team = self.teams.get(question.wallet.team)
        return [wallet.team_id for wallet in team.wallets.values()] if team else [question.wallet.key]


def supposed(
    usage: DailyUsage | None,
    questions: Sequence[WalletQuestion],
    scenarios: Sequence[Scenario],
    *,
    organization: OrganizationBudget,
    as_of: date,
    teams: Mapping[str, TeamBudget],
) -> tuple[WalletQuestion, ...]:
    """Return `questions` with the plans that `scenarios` make of theirs; those that none is about stay as they are.

    Raises:
        UsageError: when a model that is to gain or lose traffic was not paid for in the last 90 days.
    """
    known = spending(usage, as_of=as_of)
    view = _View(organization, teams, known, observations(usage, known_until=known.known_until))
    changed = []
    for question in questions:
        wallet, plan = question.wallet, question.plan
        at_once: Decimal | None = None
        for each in sorted(scenarios, key=_order):
            if each.team != wallet.team or each.environment not in (None, wallet.environment):
                continue
            plan = _planned(plan, each, question, view, at_once)
            if isinstance(each.what, Cache) and each.what.month is None:
                at_once = each.what.rate
        changed.append(replace(question, plan=plan))
    return tuple(changed)


def _order(scenario: Scenario) -> tuple[int, int]:
    """Return the sort key that brings cache hit rates in the order of their months; the others stay as they are."""
    what = scenario.what
    return (what.month.year, what.month.month) if isinstance(what, Cache) and what.month else (0, 0)


def relabelled(forecast: WalletForecast, plan: AnnualPlan) -> WalletForecast:
    """Return `forecast` with the contributions of what is supposed under their own names.

    Levers go by their kind alone where a plan has one of the kind.
    """
    groups: dict[str, Sequence[GrowthStep | ProviderMixMove | PlannedDemand]] = {
        "growth": plan.growth,
        "provider_mix": plan.provider_mix,
        "planned_demand": plan.planned_demand,
    }
    own = {kind: group[0].reason for kind, group in groups.items() if len(group) == 1}
    levers = []
    for lever in forecast.levers:
        reason = own.get(lever.name, lever.name.partition(": ")[2])
        name = reason if reason.startswith("what if: ") else lever.name
        levers.append(LeverContribution(name=name, contribution=lever.contribution))
    return forecast.model_copy(update={"levers": tuple(levers)})


def _planned(
    plan: AnnualPlan, scenario: Scenario, question: WalletQuestion, view: _View, at_once: Decimal | None
) -> AnnualPlan:
    """Return `plan` with one scenario in it; `at_once` is the cache hit rate that another one brings right away."""
    reason, now, today = scenario.reason, Period.of(view.day), _FromDay.at(view.day)
    match scenario.what:
        case Growth(rate, month):
            return _grown(plan, rate, month or view.day, reason)
        case Cache(rate, month):
            observed = _hit_rate(plan, question, view) if at_once is None else at_once
            if month is not None:
                return plan.model_copy(update={"cache_hit_rate": _reached(plan, rate, month, observed, today)})
            effect = (1 - rate) / max(1 - observed, Decimal("0.01")) - 1
            return _grown(plan.model_copy(update={"cache_hit_rate": None}), effect, view.day, reason)
        case Mix(source, target, share, month):
            effect = _mix_effect(scenario.what, question, view)
            if month is None:
                return _grown(plan, effect, view.day, reason)
            move = ProviderMixMove.model_construct(
                reason=reason, source=source, target=target, share=share, by=month, since=today
            )
            return plan.model_copy(update={"provider_mix": (*plan.provider_mix, move)})
        case NewDemand(monthly, month):
            if view.wallets(question)[0] != question.wallet.key:
                return plan
            starts = month or (now if view.day == now.first else now.plus(1))
            return _with_demand(plan, monthly, starts, reason)


def _reached(plan: AnnualPlan, rate: Decimal, month: Period, observed: Decimal, now: Period) -> CacheHitRate:
    """Return the way to a hit rate: from what is observed, or from an earlier one that is supposed as well."""
    earlier = plan.cache_hit_rate
    if isinstance(earlier, _Supposed | LaterCache) and earlier.by < month:
        return LaterCache.model_construct(start=earlier.start, target=rate, by=month, since=now, earlier=earlier)
    return _Supposed.model_construct(start=observed, target=rate, by=month, since=now)


class _Supposed(CacheHitRate):
    """A hit rate that is supposed and not the plan's."""


def _grown(plan: AnnualPlan, rate: Decimal, starts: Period | date, reason: str) -> AnnualPlan:
    period = starts if isinstance(starts, Period) else _FromDay.at(starts)
    step = GrowthStep.model_construct(reason=reason, rate=rate, starts=period)
    return plan.model_copy(update={"growth": (*plan.growth, step)})


def _with_demand(plan: AnnualPlan, monthly: Decimal, starts: Period, reason: str) -> AnnualPlan:
    demand = PlannedDemand.model_construct(reason=reason, monthly=monthly, starts=starts, until=None, lane="standard")
    return plan.model_copy(update={"planned_demand": (*plan.planned_demand, demand)})


def _hit_rate(plan: AnnualPlan, question: WalletQuestion, view: _View) -> Decimal:
    """Return the cache hit rate of the wallet's last 28 days; where there were no requests, the plan's."""
    observed = view.seen.of([question.wallet.key]).cache_hit_rate
    if observed is not None:
        return Decimal(repr(observed))
    if plan.cache_hit_rate is None:
        return Decimal(0)
    return Decimal(repr(cache_position(plan.cache_hit_rate, view.day, organization=view.organization)))


def _mix_effect(mix: Mix, question: WalletQuestion, view: _View) -> Decimal:
    """Return share of the wallet's cost · share moved · (price ratio − 1), from observed unit prices."""
    prices = view.seen.of(view.wallets(question), days=LONG_WINDOW_DAYS)
    unit: list[float] = []
    for name in (mix.source, mix.target):
        model = prices.model(name)
        if model is None or model.price is None:
            paid = sorted(model.name for model in prices.models if model.price is not None)
            raise _unpriced(name, question.wallet.team, paid)
        unit.append(model.price)
    own = view.seen.of([question.wallet.key])
    return Decimal(repr(own.share_of(own.model(mix.source)) * (unit[1] / unit[0] - 1.0))) * mix.share


def _unpriced(name: str, team: str, paid: Sequence[str]) -> UsageError:
    meant = did_you_mean(close_to(name, paid, alike=0.5))
    hint = f"{meant} name a model as provider/model; those with a price are: {', '.join(paid) or 'none'}"
    return UsageError(
        f"{team} paid for no usage of `{name}` in the last 90 days, so it has no price",
        hint=hint.strip(),
    )
