"""Levers: what the plan still has to bring about, as factors and additions to each simulated day.

The history already contains what was reached before its last day, so each lever works relative to the plan's own
position on that day: a lever that moves no further changes nothing (decision 0038). Growth of the month that is under
way is the exception: how much of it has arrived is measured, and the rest is still to come. Without history the levers
work from the plan's start. They are applied in the order growth, cache hit rate, provider mix, planned demand,
resilience margin, rate limits; each one's contribution is what the mean month end gains by it, so the contributions add
up exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from reconciler.forecast.calendar import day_array, days_in_month, months_since, within
from reconciler.forecast.observed import Observed
from reconciler.forecast.panel import Days, Floats
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, CacheHitRate, GrowthStep, PlannedDemand, ProviderMixMove


@dataclass(frozen=True, slots=True, eq=False)
class Lever:
    """`factor`, `added` (major units a day) and `limit` are float64[days] from the first simulated day, or absent."""

    name: str
    factor: Floats | None = None
    added: Floats | None = None
    limit: Floats | None = None

    def apply(self, paths: Floats, *, after: int = 0) -> Floats:
        """Return `paths` float64[days, paths] with this lever pulled; their first day comes `after` so many others."""
        days = slice(after, after + len(paths))
        if self.factor is not None and np.any(self.factor != 1.0):
            paths = paths * self.factor[days, None]
        if self.added is not None and np.any(self.added != 0.0):
            paths = np.maximum(paths + self.added[days, None], 0.0)
        if self.limit is not None and np.any(np.isfinite(self.limit)):
            paths = np.minimum(paths, self.limit[days, None])
        return paths

    @property
    def keeps_sums(self) -> bool:
        """Whether the sum of some days after the lever follows from their sum before it: it cuts no single day."""
        takes = self.added is not None and bool(np.any(self.added < 0.0))
        return not takes and (self.limit is None or not np.any(np.isfinite(self.limit)))


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the levers of one wallet work: the simulated days, the day they are relative to, what was observed.

    `reference` is the last history day, None without history. `observed` are the wallet's last 28 days, `prices` the
    team's last 90. `share` is the wallet's part of the team's spend, `first` whether planned demand comes to it.
    `grown` is what a day of the present month costs, as a multiple of one before it; None where nothing tells.
    """

    start: date
    days: int
    reference: date | None
    organization: OrganizationBudget
    observed: Observed
    prices: Observed
    share: float
    first: bool
    grown: float | None = None

    @property
    def dates(self) -> Days:
        return day_array(self.start, self.days)


def has_levers(plan: AnnualPlan, organization: OrganizationBudget) -> bool:
    """Return whether there is anything in `plan` that moves the paths."""
    rates = (plan.cache_hit_rate, plan.fallback, organization.forecast.resilience_margin)
    return any(rates) or any((plan.growth, plan.provider_mix, plan.planned_demand, plan.rate_limits))


def levers_of(plan: AnnualPlan, setting: Setting) -> tuple[Lever, ...]:
    """Return the levers that `plan` declares, in the order in which they are applied."""
    coming = _still_to_come(setting, plan)
    levers = [
        *(Lever(_name("growth", plan.growth, step), factor=_step(setting, step, coming)) for step in plan.growth),
        *([Lever("cache_hit_rate", factor=_cache(setting, plan.cache_hit_rate))] if plan.cache_hit_rate else []),
        *(Lever(_name("provider_mix", plan.provider_mix, move), factor=_mix(setting, move))
          for move in plan.provider_mix),
        *(Lever(_name("planned_demand", plan.planned_demand, demand), added=_demand(setting, demand))
          for demand in plan.planned_demand if setting.first),
    ]  # fmt: skip
    margin = _margin(setting, plan)
    if margin is not None:
        levers.append(Lever("resilience_margin", factor=np.full(setting.days, margin)))
    if plan.rate_limits:
        levers.append(Lever("rate_limits", limit=_limit(setting, plan)))
    return tuple(levers)


def ramp(days: Days, *, since: Period, by: Period) -> Floats:
    """Return how much of a linear move is done at the end of each day: none before `since`, all at the end of `by`.

    Of a month that begins later than on its first day, the days before are no part of the move.
    """
    months = max(by.months_since(since) + 1, 1)
    before = (since.first.day - 1) / (since.end - since.first.replace(day=1)).days
    return np.clip((months_since(days, since) - before) / (months - before), 0.0, 1.0)


class LaterCache(CacheHitRate):
    """A cache hit rate that is reached after an `earlier` one, from the month on in which that is held."""

    earlier: CacheHitRate


def cache_path(rate: CacheHitRate, days: Days, *, organization: OrganizationBudget) -> Floats:
    """Return the cache hit rate that the plan has for each day."""
    if isinstance(rate, LaterCache):
        before = cache_path(rate.earlier, days, organization=organization)
        done = ramp(days, since=rate.earlier.by.plus(1), by=rate.by)
        return np.asarray(before + (float(rate.target) - float(rate.earlier.target)) * done)
    done = ramp(days, since=rate.since or organization.fiscal_year.starts, by=rate.by)
    return np.asarray(float(rate.start) + (float(rate.target) - float(rate.start)) * done)


def mix_path(move: ProviderMixMove, days: Days, *, organization: OrganizationBudget) -> Floats:
    """Return the share of the source model's traffic that the plan has moved by each day."""
    return float(move.share) * ramp(days, since=move.since or organization.fiscal_year.starts, by=move.by)


def cache_position(rate: CacheHitRate, day: date, *, organization: OrganizationBudget) -> float:
    """Return the cache hit rate that the plan has for `day`."""
    return float(cache_path(rate, day_array(day, 1), organization=organization)[0])


def mix_position(move: ProviderMixMove, day: date, *, organization: OrganizationBudget) -> float:
    """Return the share of the source model's traffic that the plan has moved by `day`."""
    return float(mix_path(move, day_array(day, 1), organization=organization)[0])


def _name(kind: str, group: Sequence[object], entry: object) -> str:
    """Return the kind, followed by the reason where the plan has several of a kind."""
    reason = getattr(entry, "reason", "")
    return kind if len(group) == 1 else f"{kind}: {reason}"


def _step(setting: Setting, step: GrowthStep, coming: float) -> Floats:
    """Return 1 before the step and 1 + rate from it on; 1 throughout where the history already contains it.

    Of a step of the present month the history may contain a part: what is `coming` of it, on a log scale, is left.
    """
    whole = max(1.0 + float(step.rate), 0.0)
    if setting.reference is not None and setting.reference >= step.starts.first:
        return np.full(setting.days, whole**coming if _is_arriving(setting, step) else 1.0)
    return np.where(within(setting.dates, step.starts), whole, 1.0)


def _is_arriving(setting: Setting, step: GrowthStep) -> bool:
    """Whether a step began in the month of the first simulated day, and some of that month is history."""
    began = step.starts.first
    return setting.reference is not None and setting.reference >= began and step.starts == Period.of(setting.start)


def _still_to_come(setting: Setting, plan: AnnualPlan) -> float:
    """Return how much of the growth of the present month has not arrived, 0 to 1, by what the history shows."""
    steps = [max(1.0 + float(step.rate), 0.0) for step in plan.growth if _is_arriving(setting, step)]
    planned = float(np.prod(steps)) if steps else 1.0
    if setting.grown is None or planned <= 0.0 or planned == 1.0:
        return 0.0
    seen = min(max(setting.grown, min(planned, 1.0)), max(planned, 1.0))
    return float(1.0 - np.log(seen) / np.log(planned))


def _cache(setting: Setting, rate: CacheHitRate) -> Floats:
    """Miss cost goes with the share of misses: (1 − h1)/(1 − h0)."""
    organization = setting.organization
    before = (
        cache_position(rate, setting.reference, organization=organization) if setting.reference else float(rate.start)
    )
    after = cache_path(rate, setting.dates, organization=organization)
    return np.asarray((1.0 - np.minimum(after, 1.0)) / max(1.0 - before, 0.01))


def _mix(setting: Setting, move: ProviderMixMove) -> Floats:
    """Reprice what still moves: source share · Δ/(1 − moved already) · (price ratio − 1), from observed unit prices."""
    source, target = setting.prices.model(move.source), setting.prices.model(move.target)
    if source is None or target is None or source.price is None or target.price is None:
        return np.ones(setting.days)
    organization = setting.organization
    before = mix_position(move, setting.reference, organization=organization) if setting.reference else 0.0
    after = mix_path(move, setting.dates, organization=organization)
    share = setting.observed.share_of(setting.observed.model(move.source))
    moved = (after - before) / max(1.0 - before, 0.01)
    return np.maximum(1.0 + share * np.minimum(moved, 1.0) * (target.price / source.price - 1.0), 0.0)


def _demand(setting: Setting, demand: PlannedDemand) -> Floats:
    """Return the planned money a day, less what of it the history already contains."""
    daily = float(demand.monthly) / days_in_month(setting.dates)
    running = within(setting.dates, demand.starts, demand.until)
    contained = setting.reference is not None and bool(
        within(day_array(setting.reference, 1), demand.starts, demand.until)[0]
    )
    return np.where(running, 0.0, -daily) if contained else np.where(running, daily, 0.0)


def _margin(setting: Setting, plan: AnnualPlan) -> float | None:
    """Return the factor for fallback traffic beyond what was observed; None where nothing is planned for it."""
    if plan.fallback is None and not setting.organization.forecast.resilience_margin:
        return None
    observed = setting.observed.fallback_premium
    if plan.fallback is not None:
        planned = float(plan.fallback.share * (plan.fallback.price_ratio - 1))
    else:
        planned = float(setting.organization.forecast.resilience_margin)
    return (1.0 + max(planned, observed)) / (1.0 + observed)


def _limit(setting: Setting, plan: AnnualPlan) -> Floats:
    """Return the tightest daily cap in force, this wallet's share of it."""
    limit = np.full(setting.days, np.inf)
    for cap in plan.rate_limits:
        limit = np.where(within(setting.dates, cap.starts), np.minimum(limit, float(cap.daily) * setting.share), limit)
    return limit
