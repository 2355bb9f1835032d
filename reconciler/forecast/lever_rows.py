"""Growth, cache and model mix in the planning table: what moved since the plan began, against what was to move by then.

Both sides are of the same days: what the plan has for each of them is averaged, as the usage is. A move, or growth, is
measured from the four weeks before it was to begin; what was there before is no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.forecast.calendar import day_array
from reconciler.forecast.levers import cache_path, mix_path
from reconciler.forecast.observed import WINDOW_DAYS
from reconciler.forecast.panel import WEEK, Days
from reconciler.forecast.prior import DAYS_OF_A_MONTH
from reconciler.forecast.team_view import TeamView, unknown_row, verdict_of
from reconciler.forecast.words import amount, share
from reconciler.model.forecast import Assumption
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, CacheHitRate, ProviderMixMove

GROWTH_TOLERANCE = 0.05
CACHE_TOLERANCE = 0.015
MIX_TOLERANCE = 0.03


@dataclass(frozen=True, slots=True)
class Window:
    """The last days that are known, whole weeks of them since a month began, four at most; `days` may be none."""

    month: Period
    end: date
    days: int

    @classmethod
    def since(cls, month: Period, view: TeamView) -> Window:
        end = view.known.known_until
        days = min((end - month.first).days // WEEK * WEEK, WINDOW_DAYS)
        return cls(month, end, max(days, 0))

    @property
    def start(self) -> date:
        return self.end - timedelta(days=self.days)

    @property
    def dates(self) -> Days:
        return day_array(self.start, self.days)

    @property
    def name(self) -> str:
        return f"the {self.days} days to {self.end - timedelta(days=1)}"

    @property
    def before(self) -> str:
        return f"the four weeks before {self.month.name}"

    @property
    def too_short(self) -> str:
        """Why there is nothing to tell yet."""
        began = self.month.first < self.end
        return f"it began in {self.month.name}, less than a week ago" if began else f"it begins in {self.month.name}"


def growth_so_far(plan: AnnualPlan, day: date) -> float:
    """Return the factor of the growth steps that the plan has reached by `day`."""
    factor = 1.0
    for step in plan.growth:
        factor *= 1.0 + float(step.rate) if step.starts.first <= day else 1.0
    return factor


def growth_row(view: TeamView) -> Assumption:
    """Return the growth since the first step, against what the steps have for the same days."""
    steps = "; ".join(f"{float(step.rate):+.0%} from {step.starts}, {step.reason}" for step in view.plan.growth)
    first = min((step.starts for step in view.plan.growth), key=lambda month: month.first)
    window = Window.since(first, view)
    if not window.days:
        return unknown_row("growth", steps, window.too_short)
    before, now = view.monthly(window.month.first), view.monthly(window.end, days=window.days)
    if now is None or not before:
        return unknown_row("growth", steps, f"there is no usage of {window.before} to compare with")
    days = [window.start + timedelta(days=step) for step in range(window.days)]
    planned = sum(growth_so_far(view.plan, day) for day in days) / window.days - 1.0
    observed = now / before - 1.0
    verdict = verdict_of(observed, planned, GROWTH_TOLERANCE)
    told = f"growth is {verdict} {'of ' if verdict == 'ahead' else ''}the {planned:+.0%} planned for these days"
    return Assumption(
        name="growth",
        plan=steps,
        observed=f"{observed:+.1%} in {window.name}, on {window.before}",
        verdict=verdict,
        sentence="holds" if verdict == "holds" else f"{told}, by {_points(observed - planned)}",
    )


def cache_row(view: TeamView, rate: CacheHitRate) -> Assumption:
    """Return the hit rate of the last four weeks, against what the plan has for them on average."""
    start = view.known.known_until - timedelta(days=WINDOW_DAYS)
    planned = float(cache_path(rate, day_array(start, WINDOW_DAYS), organization=view.organization).mean())
    text = f"{share(rate.start, places=0)} → {share(rate.target, places=0)} by {rate.by}"
    text += f"; {share(planned)} on average over the last 28 days"
    seen = view.observed()
    if seen.cache_hit_rate is None:
        return unknown_row("cache_hit_rate", text, "the usage shows no requests")
    verdict = verdict_of(seen.cache_hit_rate, planned, CACHE_TOLERANCE)
    monthly = seen.cost / WINDOW_DAYS * DAYS_OF_A_MONTH
    gap = monthly * ((1.0 - seen.cache_hit_rate) - (1.0 - planned)) / max(1.0 - seen.cache_hit_rate, 0.01)
    off = _points(seen.cache_hit_rate - planned)
    words = {
        "holds": "holds",
        "ahead": f"ahead by {off}: saves about {amount(-gap, view.currency)} a month",
        "behind": f"behind by {off}: costs about {amount(gap, view.currency)} a month",
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


def mix_row(view: TeamView, move: ProviderMixMove) -> Assumption:
    """Return which share of one model's traffic moved since the move began, against what was to move by then.

    Entries that move traffic between the same two models are one move in the usage, and are told as one.
    """
    moves = [each for each in view.plan.provider_mix if (each.source, each.target) == (move.source, move.target)]
    year = view.organization.fiscal_year.starts
    window = Window.since(min(each.since or year for each in moves), view)
    text = f"{share(move.share, places=0)} of {move.source} to {move.target} by {move.by}"
    if not window.days:
        return unknown_row("provider_mix", text, window.too_short)
    paths = [mix_path(each, window.dates, organization=view.organization) for each in moves]
    planned = float(sum(path.mean() for path in paths))
    together = "together " if len(moves) > 1 else ""
    text += f"; {together}{share(planned)} on average in {window.name}"
    first = window.month.first
    before = _source_share(view, move, first - timedelta(days=WINDOW_DAYS), first)
    now = _source_share(view, move, window.start, window.end)
    if now is None:
        return unknown_row("provider_mix", text, "neither model is in the usage")
    if not before:
        return unknown_row("provider_mix", text, f"there is no usage of {move.source} in {window.before}")
    observed = 1.0 - now / before
    verdict = verdict_of(observed, planned, MIX_TOLERANCE)
    told = {"ahead": "ahead of the plan", "behind": "behind the plan"}.get(verdict, "")
    return Assumption(
        name="provider_mix",
        plan=text,
        observed=f"{share(observed)} of its tokens moved in {window.name}, since {window.before}",
        verdict=verdict,
        sentence=f"{told} by {_points(observed - planned)}" if told else "holds",
    )


def _source_share(view: TeamView, move: ProviderMixMove, start: date, end: date) -> float | None:
    """Return the share of the move's source in the tokens of both models, None where there are none."""
    seen = view.observed_between(start, end)
    source, target = (model.tokens if model else 0 for model in (seen.model(move.source), seen.model(move.target)))
    return source / (source + target) if source + target else None


def _points(difference: float) -> str:
    return f"{abs(difference) * 100:.1f} points"
