"""Review: what came, held against the plan or another period, and which assumption failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from reconciler.app.forecast_log import alarmed
from reconciler.app.listening import progress
from reconciler.app.session import load_desired
from reconciler.app.usage import usage_alone
from reconciler.findings import Finding, UsageError
from reconciler.model.forecast import ForecastNotice
from reconciler.model.period import FiscalYear, Period
from reconciler.model.review import ReviewDocument
from reconciler.report.renderers import Answer, render
from reconciler.report.review_words import ReviewPage
from reconciler.report.screen import PAPER, Screen
from reconciler.review.span import Span, before, last_week, span_of

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.usage import DailyUsage
    from reconciler.settings import Settings

PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Reviewed(Answer):
    """Each team's difference and its causes. `is_digest`: only what stands out is told, in short."""

    facts: ReviewDocument
    is_digest: bool = False

    def document(self) -> ReviewDocument:
        return self.facts

    @property
    def notices(self) -> Sequence[tuple[str, str, str]]:
        """What was left out or is doubtful: code, sentence, hint."""
        return [notice.told for notice in self.facts.notices]

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text`, `markdown`, `csv` or `json` (kt-budgets.review/1)."""
        return render("review", format_, ReviewPage(self.facts, self.is_digest), screen)


def review_period(
    settings: Settings, period: str | None = None, *, against: str = PLAN, digest: bool = False
) -> Reviewed:
    """Return the review of `period`: 2026-06, 2026-W25, 2026-Q2 or a fiscal year's name, to date.

    By default it is the month of the day before `settings.as_of`; with `digest` the last whole week. `against` is
    `plan` or another period of the same kind. What is not known yet is left out on both sides, and said.

    Raises:
        FindingsError: the YAML has errors.
        UsageError: a period cannot be read, or nothing is known of it.
        RemoteError: Keeptrusts cannot be read whole.
    """
    desired, _ = load_desired(settings)
    year = desired.organization.fiscal_year.value
    asked = _asked(settings.as_of, period, year, digest=digest)
    other = None if against.strip().casefold() == PLAN else _span(against, year)
    if other is not None and other.kind != asked.kind:
        raise UsageError(
            f"{asked.name} is a {asked.kind} and {other.name} a {other.kind}: they cannot be held against each other",
            hint=f"name another {asked.kind}, such as `--against {before(asked).name}`, or `--against plan`",
        )
    usage, doubts = _usage(settings, desired, asked, other)
    with progress("Looking for what failed"):
        facts = _document(settings, desired, usage, asked, other, doubts)
    return Reviewed(_with_alarm(settings, desired, usage, facts) if digest else facts, digest)


def _with_alarm(settings: Settings, desired: Desired, usage: DailyUsage, facts: ReviewDocument) -> ReviewDocument:
    """Return a digest that says too where forecasts' ranges no longer hold what they say (decision 0101)."""
    alarm = alarmed(settings, desired, usage)
    if alarm is None:
        return facts
    told = ForecastNotice(code=alarm.code, message=alarm.message, hint=alarm.hint)
    return facts.model_copy(update={"notices": (*facts.notices, told)})


def month_in_review(
    settings: Settings, desired: Desired, usage: DailyUsage, doubts: Sequence[Finding]
) -> Reviewed | None:
    """Return the review of the month of the day before `settings.as_of` against the plan; None where it is unknown."""
    asked = _asked(settings.as_of, None, desired.organization.fiscal_year.value, digest=False)
    try:
        return Reviewed(_document(settings, desired, usage, asked, None, doubts))
    except UsageError:
        return None


def _asked(as_of: date, period: str | None, year: FiscalYear, *, digest: bool) -> Span:
    if period is not None:
        return _span(period, year)
    return last_week(as_of) if digest else _span(str(Period.of(as_of - timedelta(days=1))), year)


def _span(text: str, year: FiscalYear) -> Span:
    try:
        return span_of(text, year)
    except ValueError as error:
        sentence, _, hint = str(error).partition("; ")
        raise UsageError(sentence, hint=hint) from None


def _usage(
    settings: Settings, desired: Desired, asked: Span, other: Span | None
) -> tuple[DailyUsage, tuple[Finding, ...]]:
    from reconciler.review.organization import first_day_needed

    since = first_day_needed(asked, other, desired.organization.fiscal_year.starts)
    return usage_alone(settings, desired, "review", since=since)


def _document(
    settings: Settings,
    desired: Desired,
    usage: DailyUsage,
    asked: Span,
    other: Span | None,
    doubts: Sequence[Finding],
) -> ReviewDocument:
    from reconciler.forecast.history import spending
    from reconciler.review.organization import Question, review

    known, first = spending(usage, as_of=settings.as_of).known_until, usage.source.first_day
    if first is None:
        raise UsageError("the usage holds no rows", hint="check that it is the right export, and its dates")
    span = _known_part(asked, first, known)
    if other is not None:
        if other.start < first or other.start >= known:
            raise UsageError(
                f"{other.words} cannot be held against: the usage is known from {first} to {known - timedelta(days=1)}",
                hint="give an export of it with `--usage`, or name another period",
            )
        other = other.until(known)
        if span.days < asked.days:
            other = other.until(other.start + timedelta(days=span.days))
    question = Question(desired, usage, asked, span, other, settings.as_of, known)
    told = [ForecastNotice(code=one.code, message=f"{one.position}: {one.message}", hint=one.hint) for one in doubts]
    return review(question, told)


def _known_part(asked: Span, first: date, known: date) -> Span:
    span = asked.until(known)
    span = replace(span, start=max(span.start, first))
    if span.start >= span.end:
        raise UsageError(
            f"nothing is known of {asked.words}: the usage is known from {first} to {known - timedelta(days=1)}",
            hint="give an export of it with `--usage`, or name another period",
        )
    return span
