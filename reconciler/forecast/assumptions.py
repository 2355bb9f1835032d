"""The planning table: is the plan still true for a team? One row an assumption, plan against observed, worded here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np

from reconciler.forecast.history import Spending
from reconciler.forecast.levers import cache_position, mix_position
from reconciler.forecast.observed import WINDOW_DAYS, Observations, Observed
from reconciler.forecast.panel import Floats
from reconciler.forecast.prior import DAYS_OF_A_MONTH
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.words import DASH, amount, chance, share
from reconciler.model.forecast import AlertForecast, Assumption, TeamAssumptions, WalletForecast
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, CacheHitRate, ProviderMixMove

Verdict = Literal["holds", "ahead", "behind", "fits", "short", "unknown"]

BASELINE_TOLERANCE = 0.10
GROWTH_TOLERANCE = 0.05
CACHE_TOLERANCE = 0.015
MIX_TOLERANCE = 0.03
YEAR_DAYS = 364
ENOUGH_REACTION_DAYS = 3


@dataclass(frozen=True, slots=True, eq=False)
class TeamView:
    """All that the table of one team is made from. `month_end` float64[paths] is the sum of its wallets' month."""

    team: str
    questions: Sequence[WalletQuestion]
    forecasts: Sequence[WalletForecast]
    censored_days: Sequence[int]
    month_end: Floats
    organization: OrganizationBudget
    period: Period
    known: Spending
    observations: Observations

    @property
    def plan(self) -> AnnualPlan:
        return self.questions[0].plan

    @property
    def currency(self) -> str:
        return self.organization.currency

    @property
    def reference(self) -> date:
        """The last day that is known in full."""
        return self.known.known_until - timedelta(days=1)

    def observed(self, days: int = WINDOW_DAYS) -> Observed:
        return self.observations.of([question.wallet.key for question in self.questions], days=days)

    def monthly(self, end: date, *, days: int = WINDOW_DAYS) -> float | None:
        """Return the days before `end` scaled to a month; None unless the wallets had usage all that time."""
        start = end - timedelta(days=days)
        spends = [self.known.wallets.get(question.wallet.key) for question in self.questions]
        firsts = [spend.first_event() for spend in spends if spend is not None]
        began = min((first for first in firsts if first is not None), default=None)
        if began is None or began > start:
            return None
        spent = sum(float(spend.daily(start, end).sum()) for spend in spends if spend is not None)
        return spent / days * DAYS_OF_A_MONTH


def team_assumptions(view: TeamView) -> TeamAssumptions:
    """Return the planning table of a team: rows only for what its plan says, and for its wallets and alerts."""
    return TeamAssumptions(team=view.team, assumptions=tuple(_rows(view)))


def growth_so_far(plan: AnnualPlan, day: date) -> float:
    """Return the factor of the growth steps that the plan has reached by `day`."""
    factor = 1.0
    for step in plan.growth:
        factor *= 1.0 + float(step.rate) if step.starts.first <= day else 1.0
    return factor


def _rows(view: TeamView) -> Iterator[Assumption]:
    plan = view.plan
    if plan.baseline_monthly is not None:
        yield _baseline(view, plan.baseline_monthly)
    if plan.growth:
        yield _growth(view)
    if plan.cache_hit_rate is not None:
        yield _cache(view, plan.cache_hit_rate)
    for move in plan.provider_mix:
        yield _mix(view, move)
    yield _wallets(view)
    alerts = (alert for forecast in view.forecasts for alert in forecast.alerts)
    alert = next((alert for alert in alerts if alert.desired and alert.declared), None)
    if alert is not None:
        yield _alert(view, alert)


def _verdict(observed: float, planned: float, tolerance: float) -> Verdict:
    if abs(observed - planned) <= tolerance:
        return "holds"
    return "ahead" if observed > planned else "behind"


def _baseline(view: TeamView, baseline: Decimal) -> Assumption:
    window = [view.reference - timedelta(days=back) for back in range(WINDOW_DAYS)]
    planned = float(baseline) * sum(growth_so_far(view.plan, day) for day in window) / WINDOW_DAYS
    text = f"{amount(baseline, view.currency)} a month"
    if planned != float(baseline):
        text += f", {amount(planned, view.currency)} with the growth so far"
    observed = view.monthly(view.known.known_until)
    if observed is None:
        return _unknown("baseline", text, "there are fewer than 28 days of usage")
    off = observed / planned - 1.0 if planned else 0.0
    verdict = _verdict(off, 0.0, BASELINE_TOLERANCE)
    words = {"holds": "holds", "ahead": "spend is ahead of plan", "behind": "spend is below plan"}[verdict]
    sentence = words if verdict == "holds" else f"{words} by {share(abs(off), places=0)}"
    return Assumption(
        name="baseline",
        plan=text,
        observed=f"{amount(observed, view.currency)} a month",
        verdict=verdict,
        sentence=sentence,
    )


def _growth(view: TeamView) -> Assumption:
    steps = "; ".join(f"{float(step.rate):+.0%} from {step.starts}, {step.reason}" for step in view.plan.growth)
    planned = growth_so_far(view.plan, view.reference) - 1.0
    now, before = _year_on_year(view)
    if now is None or not before:
        return _unknown("growth", steps, "there is no usage of a year ago to compare with")
    observed = now / before - 1.0
    verdict = _verdict(observed, planned, GROWTH_TOLERANCE)
    words = {
        "holds": "holds",
        "ahead": f"growth is ahead of the {planned:+.0%} planned by now",
        "behind": f"growth is behind the {planned:+.0%} planned by now",
    }[verdict]
    return Assumption(
        name="growth", plan=steps, observed=f"{observed:+.1%} on a year ago", verdict=verdict, sentence=words
    )


def _year_on_year(view: TeamView) -> tuple[float | None, float | None]:
    """Return the last weeks and the same weekdays of a year ago, four weeks or as many as there are, scaled alike."""
    end = view.known.known_until
    for days in (28, 21, 14):
        before = view.monthly(end - timedelta(days=YEAR_DAYS), days=days)
        if before is not None:
            return view.monthly(end, days=days), before
    return None, None


def _cache(view: TeamView, rate: CacheHitRate) -> Assumption:
    ends = Period.of(view.reference)
    by_then = cache_position(rate, ends.last, organization=view.organization)
    text = f"{share(rate.start, places=0)} → {share(rate.target, places=0)} by {rate.by}"
    text += f"; {share(by_then)} by the end of {ends.name}"
    seen = view.observed()
    if seen.cache_hit_rate is None:
        return _unknown("cache_hit_rate", text, "the usage shows no requests")
    middle = view.reference - timedelta(days=WINDOW_DAYS // 2)
    planned = cache_position(rate, middle, organization=view.organization)
    verdict = _verdict(seen.cache_hit_rate, planned, CACHE_TOLERANCE)
    monthly = seen.cost / WINDOW_DAYS * DAYS_OF_A_MONTH
    gap = monthly * ((1.0 - seen.cache_hit_rate) - (1.0 - planned)) / max(1.0 - seen.cache_hit_rate, 0.01)
    words = {
        "holds": "holds",
        "ahead": f"ahead: saves about {amount(-gap, view.currency)} a month",
        "behind": f"behind: costs about {amount(gap, view.currency)} a month",
    }[verdict]
    observed = f"{share(seen.cache_hit_rate)} over the last 28 days"
    return Assumption(name="cache_hit_rate", plan=text, observed=observed, verdict=verdict, sentence=words)


def cache_course(view: TeamView, rate: CacheHitRate) -> float | None:
    """Return the cache hit rate at the end of `by` if the change of the last eight weeks goes on."""
    recent, both = view.observed(), view.observed(2 * WINDOW_DAYS)
    earlier = both.requests - recent.requests
    if recent.cache_hit_rate is None or earlier <= 0:
        return None
    pace = (recent.cache_hit_rate - (both.cache_hits - recent.cache_hits) / earlier) / WINDOW_DAYS
    ahead = max((rate.by.last - view.reference).days, 0) + WINDOW_DAYS / 2
    return min(max(recent.cache_hit_rate + pace * ahead, 0.0), 0.99)


def _mix(view: TeamView, move: ProviderMixMove) -> Assumption:
    ends = Period.of(view.reference)
    by_then = mix_position(move, ends.last, organization=view.organization)
    text = f"{share(move.share, places=0)} of {move.source} to {move.target} by {move.by}"
    text += f"; {share(by_then)} by the end of {ends.name}"
    seen = view.observed()
    source, target = seen.model(move.source), seen.model(move.target)
    tokens = (source.tokens if source else 0) + (target.tokens if target else 0)
    if not tokens:
        return _unknown("provider_mix", text, "neither model is in the usage")
    observed = (target.tokens if target else 0) / tokens
    planned = mix_position(move, view.reference - timedelta(days=WINDOW_DAYS // 2), organization=view.organization)
    verdict = _verdict(observed, planned, MIX_TOLERANCE)
    words = {"holds": "holds", "ahead": "ahead of the plan", "behind": "behind the plan"}[verdict]
    return Assumption(
        name="provider_mix",
        plan=text,
        observed=f"{share(observed)} of their tokens on {move.target}",
        verdict=verdict,
        sentence=words,
    )


def _wallets(view: TeamView) -> Assumption:
    total = sum((question.desired_target.amount for question in view.questions), Decimal(0))
    middle, high = (float(value) for value in np.quantile(view.month_end, [0.5, 0.9]))
    over = float((view.month_end > float(total)).mean())
    verdict: Verdict = "fits" if high <= float(total) else "short"
    sentence = "fits" if verdict == "fits" else f"above the targets with probability {chance(over)}"
    return Assumption(
        name="wallets",
        plan=amount(total, view.currency),
        observed=f"P50 {amount(middle, view.currency)}, P90 {amount(high, view.currency)}",
        verdict=verdict,
        sentence=sentence,
    )


def _alert(view: TeamView, alert: AlertForecast) -> Assumption:
    outlook = alert.desired
    if outlook is None:
        return _unknown("alert", amount(alert.amount, view.currency), "the alert is removed")
    fires, days = outlook.date["0.5"], outlook.reaction_days["0.5"]
    observed = f"{alert.percentage}% fires {fires}" if fires else f"{alert.percentage}%: {chance(outlook.probability)}"
    late = days is not None and days < ENOUGH_REACTION_DAYS
    missed = outlook.no_warning_probability >= 0.1
    sentence = "leaves time"
    if missed:
        sentence = f"no warning with probability {chance(outlook.no_warning_probability)}"
    elif late:
        sentence = f"leaves {days} day{'' if days == 1 else 's'} to react"
    return Assumption(
        name="alert",
        plan=amount(alert.amount, view.currency),
        observed=observed,
        verdict="short" if late or missed else "fits",
        sentence=sentence,
    )


def _unknown(
    name: Literal["baseline", "growth", "cache_hit_rate", "provider_mix", "wallets", "alert"], plan: str, why: str
) -> Assumption:
    return Assumption(name=name, plan=plan, observed=DASH, verdict="unknown", sentence=why)
