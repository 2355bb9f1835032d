"""The cache hit rate: it moves linearly, and what demand costs goes with the share of requests that it misses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from math import hypot
from typing import TYPE_CHECKING, NamedTuple

from reconciler.findings import Keys
from reconciler.forecast.belief import Record, record
from reconciler.forecast.levers.effect import Effect, Setting
from reconciler.forecast.levers.growth import SupposedStep, grown
from reconciler.forecast.levers.lever import Lever, Remark, reversed_months
from reconciler.forecast.levers.owed import Owed, with_promise
from reconciler.forecast.levers.part import Part
from reconciler.forecast.levers.whatif import FromDay, Sight, WhatIf
from reconciler.forecast.when import N, When, over_days, remaining
from reconciler.forecast.windows import DAYS_OF_A_MONTH, WINDOW_DAYS
from reconciler.forecast.words import amount, close, planned_share, points, share, unknown_row, verdict_of
from reconciler.model.assumption import Assumption
from reconciler.model.percent import parse_share, percent_text
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, CacheHitRate

if TYPE_CHECKING:
    from reconciler.forecast.belief import Belief
    from reconciler.forecast.panel import Floats
    from reconciler.forecast.team_usage import TeamUsage
    from reconciler.forecast.team_view import TeamView
    from reconciler.forecast.todays_terms import Past

TOLERANCE = 0.015
Z80 = 1.2816
"""So many standard errors on either side hold 80% of a normal distribution."""


class Cache(Lever):
    name = key = "cache_hit_rate"
    word = "cache hit rate"
    counted = "cache improvement"
    promises = True

    def factor(self, plan: AnnualPlan, when: When[N]) -> N:
        rate = plan.cache_hit_rate
        if rate is None:
            return when.number(Decimal(1))
        return remaining(hit_rate(rate, when), when.number(rate.start))

    def effects(self, plan: AnnualPlan, setting: Setting) -> Iterator[Effect]:
        rate = plan.cache_hit_rate
        if rate is not None:
            start = setting.days.number(rate.start)
            before = hit_rate(rate, setting.reference) if setting.reference else start
            ahead = _ahead(setting, rate, float(before.max()))
            at = partial(_left, start, before, hit_rate(rate, setting.days), ahead)
            belief = _belief(setting.promises.usage, rate) if setting.promises else None
            yield setting.promised(Effect(self.name, factor=at(1.0)), at, belief, key=self.name)

    def before(self, plan: AnnualPlan, past: Past) -> Floats | None:
        rates = past.answered() if plan.cache_hit_rate is not None else None
        return None if rates is None else remaining(rates, rates[-1])

    def parts(self, plan: AnnualPlan, view: TeamView | None) -> Iterator[Part]:
        if plan.cache_hit_rate is not None:
            yield Part(
                stage="governance",
                name=self.name,
                what=f"cache hit rate {self.told(plan, lambda amount: f'{amount:.2f}')}",
                factor=lambda month: self.factor(plan, month),
                record=_record(view, plan.cache_hit_rate) if view else None,
                belief=_belief(view, plan.cache_hit_rate) if view else None,
            )

    def records(self, usage: TeamUsage) -> Iterator[Record]:
        rate = usage.plan.cache_hit_rate
        if rate is not None and _saves(rate) and (known := _record(usage, rate)):
            yield known

    def rows(self, view: TeamView) -> Iterator[Assumption]:
        rate = view.plan.cache_hit_rate
        if rate is not None:
            belief, has_record = _belief(view, rate), _record(view, rate) is not None
            yield with_promise(
                self._row(view, rate), belief, has_record=has_record, owed=_owed(view, rate), currency=view.currency
            )

    def _row(self, view: TeamView, rate: CacheHitRate) -> Assumption:
        """Return the hit rate of the last four weeks, against what the plan has for them on average."""
        planned = _by_now(view, rate)
        text = f"{planned_share(rate.start)} → {planned_share(rate.target)} by {rate.by}"
        text += f"; {share(planned)} on average over the last 28 days"
        seen = view.observed()
        if seen.cache_hit_rate is None:
            why = "the usage does not tell what the cache answered" if seen.requests else "the usage shows no requests"
            return unknown_row("cache_hit_rate", text, why)
        verdict = verdict_of(seen.cache_hit_rate, planned, TOLERANCE)
        gap = seen.cost / WINDOW_DAYS * DAYS_OF_A_MONTH * (1.0 - remaining(planned, seen.cache_hit_rate))
        off = points(seen.cache_hit_rate - planned)
        words = {
            "holds": close(off, above=seen.cache_hit_rate > planned, within=points(TOLERANCE)),
            "ahead": f"ahead by {off}: saves about {amount(-gap, view.currency)} a month",
            "behind": f"behind by {off}: costs about {amount(gap, view.currency)} a month",
        }[verdict]
        observed = f"{share(seen.cache_hit_rate)} over the last 28 days"
        return Assumption(name="cache_hit_rate", plan=text, observed=observed, verdict=verdict, sentence=words)

    def notices(self, view: TeamView, rows: Sequence[Assumption]) -> Iterator[Remark]:
        rate, seen = view.plan.cache_hit_rate, view.observed().cache_hit_rate
        if rate is None or seen is None or not any(row.verdict == "behind" for row in rows):
            return
        course = _course(view, rate)
        ends = "" if course is None else f", on course for {course.told}"
        yield Remark(
            "cache-behind-plan",
            f"cache hit rate planned {planned_share(rate.start)} -> {planned_share(rate.target)} by {rate.by};"
            f" observed {share(seen)} over the last 28 days{ends}",
            "correct `plan.cache_hit_rate`, or find out why the cache is not used",
        )

    def contradictions(self, plan: AnnualPlan) -> Iterator[Remark]:
        rate = plan.cache_hit_rate
        if rate is not None and rate.since is not None:
            since, by = ("since", rate.since), ("by", rate.by)
            if remark := reversed_months(("plan", self.key), since, by, is_ramp=True):
                yield remark

    def months(self, plan: AnnualPlan) -> Iterator[tuple[Keys, Period]]:
        if plan.cache_hit_rate is not None:
            yield ("plan", self.key, "by"), plan.cache_hit_rate.by

    def turns(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> Iterator[tuple[Keys, date, str]]:
        if (rate := plan.cache_hit_rate) is not None:
            if rate.since is not None:
                what = f"the cache hit rate begins to move from {percent_text(rate.start)}"
                yield ("plan", self.key, "since"), rate.since.first, what
            yield ("plan", self.key, "by"), rate.by.last, f"the cache hit rate is {percent_text(rate.target)}"

    def told(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> str:
        rate = plan.cache_hit_rate
        if rate is None:
            return ""
        since = f" since {rate.since}" if rate.since else ""
        return f"{percent_text(rate.start)} to {percent_text(rate.target)}{since} by {rate.by}"


class _Supposed(CacheHitRate):
    """A hit rate that is supposed and not the plan's."""


class _Later(_Supposed):
    """One that is reached after an `earlier` one, from the month on in which that is held."""

    earlier: CacheHitRate


def hit_rate(rate: CacheHitRate, when: When[N]) -> N:
    if isinstance(rate, _Later):
        done = when.ramp(rate.earlier.by.plus(1), rate.by)
        return hit_rate(rate.earlier, when) + when.number(rate.target - rate.earlier.target) * done
    return when.number(rate.start) + when.number(rate.target - rate.start) * when.ramp(rate.since, rate.by)


def _saves(rate: CacheHitRate) -> bool:
    """Whether it is the promise of a saving: what is supposed is taken at its word."""
    return rate.target > rate.start and not isinstance(rate, _Supposed)


def _ahead(setting: Setting, rate: CacheHitRate, planned: float) -> float:
    """Return the rate that is reached where that is ahead of what is planned by now; else 0."""
    seen = setting.promises.usage.observed().cache_hit_rate if setting.promises and _saves(rate) else None
    return seen if seen is not None and verdict_of(seen, planned, TOLERANCE) == "ahead" else 0.0


def _left(start: Floats, before: Floats, after: Floats, ahead: float, share: float) -> Floats:
    """Return what is left of the cost of demand where a `share` of each move from `start` comes; `ahead` is there."""
    now, then = ((start + share * (rate - start)).clip(min=ahead) for rate in (before, after))
    return remaining(then, now).clip(min=0.0)


def _belief(usage: TeamUsage, rate: CacheHitRate) -> Belief | None:
    return usage.belief(_record(usage, rate)) if _saves(rate) else None


def _owed(usage: TeamUsage, rate: CacheHitRate) -> Owed | None:
    """Return what the rate would save beyond what is reached; None where nothing tells."""
    seen = usage.observed()
    if seen.cache_hit_rate is None:
        return None
    monthly = seen.cost / WINDOW_DAYS * DAYS_OF_A_MONTH
    whole = 1.0 - remaining(float(rate.target), seen.cache_hit_rate)
    rest = usage.rest_of_year
    planned = 1.0 - remaining(hit_rate(rate, rest), rest.number(Decimal(repr(seen.cache_hit_rate))))
    return Owed(monthly * whole, over_days(monthly * planned, rest.count))


def _by_now(view: TeamUsage, rate: CacheHitRate) -> float:
    """Return what the plan has for the last four weeks on average."""
    return float(hit_rate(rate, view.recent).mean())


def _record(view: TeamUsage, rate: CacheHitRate) -> Record | None:
    """Return how far the rate came since it began to move, None where too little was to have moved by now."""
    seen, start = view.observed().cache_hit_rate, float(rate.start)
    if seen is None:
        return None
    planned = _by_now(view, rate)
    told = f"{share(seen)} where {share(planned)} was planned by now, from {planned_share(rate.start)}"
    return record(planned - start, seen - start, told, least=TOLERANCE, error=view.hit_rate_error())


class _Course(NamedTuple):
    """A cache hit rate to come, with the ends of the 80% that it is within where days vary as they did."""

    rate: float
    low: float
    high: float

    @property
    def told(self) -> str:
        rate, low, high = (share(value, places=0) for value in self)
        return rate if low == high else f"{rate} ({low} to {high} by what its days vary by)"


def _course(view: TeamView, rate: CacheHitRate) -> _Course | None:
    """Return the cache hit rate at the end of `by` if the change of the last eight weeks goes on.

    How sure that is follows from how much the days of both halves vary: both errors grow with the days to come.
    """
    recent, both = view.observed(), view.observed(2 * WINDOW_DAYS)
    earlier = both.requests - recent.requests
    if recent.cache_hit_rate is None or earlier <= 0:
        return None
    pace = recent.cache_hit_rate - (both.cache_hits - recent.cache_hits) / earlier
    times = max((rate.by.last - view.reference).days, 0) / WINDOW_DAYS + 1 / 2
    off = Z80 * hypot(view.hit_rate_error() * (1.0 + times), view.hit_rate_error(before=WINDOW_DAYS) * times)
    middle = recent.cache_hit_rate + pace * times
    return _Course(*(min(max(value, 0.0), 0.99) for value in (middle, middle - off, middle + off)))


@dataclass(frozen=True, slots=True)
class OtherRate:
    """The cache answers a share `rate` of requests in place of what the plan says: at once, or linearly by `month`."""

    rate: Decimal
    month: Period | None = None

    @property
    def reason(self) -> str:
        return f"what if: cache hit rate {percent_text(self.rate)}{f' by {self.month}' if self.month else ''}"

    @property
    def order(self) -> tuple[int, int]:
        """Rates are reached in the order of their months."""
        return (self.month.year, self.month.month) if self.month else (0, 0)

    def planned(self, plan: AnnualPlan, sight: Sight) -> AnnualPlan:
        now = _now(plan, sight)
        if self.month is None:
            step = _AtOnce.model_construct(
                reason=self.reason, rate=remaining(self.rate, now) - 1, starts=FromDay.at(sight.day), reached=self.rate
            )
            return grown(plan.model_copy(update={"cache_hit_rate": None}), step)
        earlier, since = plan.cache_hit_rate, FromDay.at(sight.day)
        rate: CacheHitRate = _Supposed.model_construct(start=now, target=self.rate, by=self.month, since=since)
        if isinstance(earlier, _Supposed) and earlier.by < self.month:
            rate = _Later.model_construct(
                start=earlier.start, target=self.rate, by=self.month, since=since, earlier=earlier
            )
        return plan.model_copy(update={"cache_hit_rate": rate})


class _AtOnce(SupposedStep):
    """What a hit rate that is `reached` at once makes of demand."""

    reached: Decimal


def _now(plan: AnnualPlan, sight: Sight) -> Decimal:
    """Return the hit rate that is supposed at once, else that of the wallet's last 28 days, else the plan's."""
    supposed = [step.reached for step in plan.growth if isinstance(step, _AtOnce)]
    if supposed:
        return supposed[-1]
    if sight.observed.cache_hit_rate is not None:
        return Decimal(repr(sight.observed.cache_hit_rate))
    if plan.cache_hit_rate is None:
        return Decimal(0)
    return Decimal(repr(float(hit_rate(plan.cache_hit_rate, sight.when)[0])))


Cache.whatif = WhatIf(
    option="cache",
    metavar="TEAM=28%[@MONTH]",
    help="Cache hit rate, at once or reached by MONTH.",
    example="support=28%",
    read=lambda text, month: OtherRate(parse_share(text), month),
)
