"""The review of all teams: each one's days held against its plan, or against another period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from reconciler.forecast.history import spending
from reconciler.forecast.windows import WEEK
from reconciler.forecast.year import Uncovered
from reconciler.model.desired import Desired
from reconciler.model.forecast import ForecastNotice
from reconciler.model.money import cents
from reconciler.model.period import Period
from reconciler.model.review import ReviewDocument, TeamReview
from reconciler.model.usage import NANO, DailyUsage, tells
from reconciler.model.wallet_target import WalletTarget
from reconciler.review.account import known
from reconciler.review.compare import against_period, against_plan
from reconciler.review.planned import BASE_WEEKS, base_of, planned_of, unpriced_moves
from reconciler.review.side import NONE
from reconciler.review.span import Span
from reconciler.review.team import Told, planned_money, team_review, without_base
from reconciler.review.traffic import Seen, seen
from reconciler.review.untold import untold
from reconciler.review.verdicts import verdicts
from reconciler.review.words import first_days, known_days

CONTEXT = timedelta(weeks=BASE_WEEKS + 1)
"""How much earlier than what is reviewed usage is needed: for the base, and to tell what stands out of its weeks."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked: the days, cut to those that are known, and what to hold them against; None: the plan."""

    desired: Desired
    usage: DailyUsage
    asked: Span
    span: Span
    other: Span | None
    as_of: date
    known_until: date

    @property
    def is_partial(self) -> bool:
        """Whether only some of the days that are asked about are known."""
        return (self.span.start, self.span.end) != (self.asked.start, self.asked.end)

    @property
    def left_out(self) -> frozenset[date]:
        """The days of the span that the usage leaves out."""
        return self.usage.source.left_out(self.span.start, self.span.end)

    @property
    def year(self) -> Period:
        return self.desired.organization.fiscal_year.starts

    @property
    def start(self) -> date:
        """The first day whose usage is looked at."""
        first = self.usage.source.first_day or self.span.start
        wanted = min(self.span.start, self.year.first, self.other.start if self.other else self.span.start) - CONTEXT
        return max(first, wanted)


def first_day_needed(asked: Span, other: Span | None, year: Period) -> date:
    """Return from which day on usage is needed for a review."""
    return min(asked.start, year.first, other.start if other else asked.start) - CONTEXT


def review(question: Question, notices: Sequence[ForecastNotice] = ()) -> ReviewDocument:
    """Return the review of every team that is present in the YAML."""
    found = [one for name in question.desired.teams for one in _team(question, name)]
    teams = tuple(sorted((one.team for one in found), key=lambda one: (-abs(one.difference), one.team)))
    plan, actual = (cents(sum(side, NONE)) for side in ((one.plan for one in found), (one.actual for one in found)))
    uncovered = _uncovered(question)
    span, other, organization = question.span, question.other, question.desired.organization
    return ReviewDocument(
        organization=organization.organization,
        currency=organization.currency,
        as_of=question.as_of,
        period=question.asked.name,
        words=question.asked.words,
        first_day=span.start,
        last_day=span.end - timedelta(days=1),
        is_partial=question.is_partial,
        days_left_out=len(question.left_out),
        against=other.name if other else "plan",
        against_first_day=other.start if other else None,
        against_last_day=other.end - timedelta(days=1) if other else None,
        plan=plan,
        actual=actual,
        difference=actual - plan,
        teams=teams,
        uncovered=uncovered.teams,
        uncovered_spent=uncovered.spent,
        notices=(*_said(question), *(notice for one in found for notice in one.notices), *notices),
    )


@dataclass(frozen=True, slots=True)
class _Reviewed:
    """A team, its money not yet in cents, and what is to be said about it."""

    team: TeamReview
    plan: Decimal
    actual: Decimal
    notices: tuple[ForecastNotice, ...] = ()


def _team(question: Question, name: str) -> Iterator[_Reviewed]:
    """Yield the review of a team; nothing for one that is to be gone."""
    desired, span = question.desired, question.span
    team = desired.teams[name]
    if team.state != "present":
        return
    wallets = {str(wallet.team_id): environment for environment, wallet in team.wallets.items()}
    end = max(question.known_until, span.end)
    found = seen(question.usage, wallets, question.start, end)
    absent = question.usage.source.absent
    pairs = untold(found, absent)
    against = f"its {_plan_of(question)}" if question.other is None else _held_against(question, question.other)
    against += "" if question.other is None else ", which cost"
    written = (field for field in type(team.plan).model_fields if question.other is None and getattr(team.plan, field))
    told = Told(name, team.name or name, against, desired.organization.currency, wallets, pairs, frozenset(written))
    everything = known(found)
    if question.other is not None:
        comparison = against_period(everything, span, question.other)
        yield _Reviewed(team_review(comparison, told), comparison.reference, comparison.actual)
        return
    base = base_of(_first(found) or question.start, question.known_until, question.year)
    if base is None or not _costs(found, base.start, base.end):
        reference, actual = planned_money(team.plan, question.year, span, question.left_out), _spent(found, span)
        yield _Reviewed(without_base(reference, actual, told), reference, actual)
        return
    planned = planned_of(
        team.plan,
        everything,
        base,
        question.year,
        _prices(question.usage),
        tells_cache=tells(absent, "cache_hit"),
        seasons=_seasons(question, name),
    )
    comparison = against_plan(everything, planned, span)
    notices = [] if base.is_before else [_late(name, base.start, base.end)]
    notices += [_unpriced(name, model) for model in unpriced_moves(planned)]
    if team.plan.baseline_monthly is None:
        notices.append(_no_baseline(name, base.start, base.end))
    review = team_review(comparison, told, verdicts(planned, comparison, span))
    yield _Reviewed(review, comparison.reference, comparison.actual, tuple(notices))


def _first(found: Seen) -> date | None:
    days = [np.flatnonzero(traffic.requests) for traffic in found.units.values()]
    first = min((int(each[0]) for each in days if len(each)), default=None)
    return None if first is None else found.start + timedelta(days=first)


def _costs(found: Seen, start: date, end: date) -> bool:
    days = found.mask(start, end)
    return any(float(traffic.ordinary[days].sum()) > 0 for traffic in found.units.values())


def _spent(found: Seen, span: Span) -> Decimal:
    days = found.mask(span.start, span.end)
    return sum((traffic.money("cost", days) for traffic in found.units.values()), NONE)


def _seasons(question: Question, name: str) -> dict[Period, Decimal]:
    """Return the months that the wallets have overrides for, each with how much more demand that is than usual."""
    settings = list(question.desired.teams[name].wallets.values())
    months = {month for wallet in settings for month in wallet.overrides}
    totals = {
        month: [sum((of(each, month) for each in settings), NONE) for of in (WalletTarget.demanded, WalletTarget.usual)]
        for month in months
    }
    return {month: own / plain for month, (own, plain) in totals.items() if plain > 0}


def _prices(usage: DailyUsage) -> dict[str, Decimal]:
    """Return what a token costs by model over all teams, without hits and fallbacks; for models that cost anything."""
    tokens, cost = usage.input_tokens + usage.output_tokens, usage.cost - usage.credits - usage.fallback_cost
    if usage.apart is not None:
        tokens = tokens - usage.apart.hit_input - usage.apart.hit_output
        tokens = tokens - usage.apart.fallback_input - usage.apart.fallback_output
        cost = cost - usage.apart.hit_cost
    totals: dict[str, list[int]] = {}
    columns = (usage.provider, usage.model, tokens, cost)
    for provider, model, count, nanos in zip(*(column.tolist() for column in columns), strict=True):
        pair = totals.setdefault(f"{provider}/{model}" if provider and model else model or provider, [0, 0])
        pair[0] += count
        pair[1] += nanos
    return {name: Decimal(nanos) / count / NANO for name, (count, nanos) in totals.items() if count > 0 and nanos > 0}


def _uncovered(question: Question) -> Uncovered:
    span = question.span
    covered = {str(key) for key, wallet in question.desired.wallets.items() if not wallet.absent}
    known = spending(question.usage, as_of=question.as_of)
    return Uncovered.between(known, span.start, span.end, covered=covered)


def _plan_of(question: Question) -> str:
    if question.left_out:
        return f"plan for {known_days(question.span.days - len(question.left_out))},"
    return f"plan for {first_days(question.span.days)}," if question.is_partial else "plan of"


def _held_against(question: Question, other: Span) -> str:
    if not question.is_partial:
        return other.words
    return f"{first_days(other.days)} of {other.words}"


def _said(question: Question) -> Iterator[ForecastNotice]:
    """Yield what is to be said about the days themselves."""
    asked, span = question.asked, question.span
    if question.is_partial:
        other = question.other
        held = _held_against(question, other) if other else "their part of the plan, by weekdays"
        yield ForecastNotice(
            code="partial-period",
            message=f"only {span.days} of the {asked.days} days of {asked.words} are known ({span.start} to"
            f" {span.end - timedelta(days=1)}); they are held against {held}",
            hint="",
        )
    for side in (span, *([question.other] if question.other else [])):
        if missing := len(question.usage.source.left_out(side.start, side.end)):
            held = "by weekdays" if question.other else "against their part of the plan, by weekdays"
            yield ForecastNotice(
                code="days-left-out",
                message=f"{missing} of the {side.days} days of {side.words} are left out by the usage: the other"
                f" {side.days - missing} are compared, {held}",
                hint="name the exports of these days as well",
            )
    if question.other is None and span.start < question.year.first:
        yield ForecastNotice(
            code="before-the-plan",
            message=f"the plan begins with {question.year.name}: days before it are held against its baseline",
            hint="hold them against another period with `--against`, such as `--against 2026-01`",
        )


def _late(team: str, start: date, end: date) -> ForecastNotice:
    return ForecastNotice(
        code="base-within-the-year",
        message=f"{team}: its usage begins with {start}, so mix, prices and tokens per request are held against the"
        f" {(end - start).days // WEEK} weeks to {end - timedelta(days=1)}; what they were before is not known, and a"
        " change of them before that day reads as a baseline that is off",
        hint="give an export that begins two months before the fiscal year with --usage",
    )


def _unpriced(team: str, model: str) -> ForecastNotice:
    return ForecastNotice(
        code="mix-unpriced",
        message=f"{team}: the planned move to {model} cannot be priced, for nobody paid for that model; it is left out"
        " of the plan's money",
        hint="check the model's name in `plan.provider_mix` (written provider/model)",
    )


def _no_baseline(team: str, start: date, end: date) -> ForecastNotice:
    return ForecastNotice(
        code="no-baseline",
        message=f"{team}: its plan has no `baseline_monthly`; what it spent in the {(end - start).days} days to"
        f" {end - timedelta(days=1)} stands for it",
        hint="set `plan.baseline_monthly`",
    )
