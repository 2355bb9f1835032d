"""From questions to courses: histories are fitted together, simulated from each wallet's seed, and levers pulled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter

import numpy as np

from reconciler.forecast.at_limit import Ceiling
from reconciler.forecast.calendar import DayRange, day_before
from reconciler.forecast.ceilings import Asked, asked_of
from reconciler.forecast.context import ForecastContext, is_short
from reconciler.forecast.course import Course, make_course
from reconciler.forecast.draws import draw, seed_of, together
from reconciler.forecast.fit import Fit, fit, planned_daily, planned_for
from reconciler.forecast.hard_limit import currency_notices
from reconciler.forecast.history import Spend
from reconciler.forecast.levers.effect import Effect, Setting, Supposed
from reconciler.forecast.levers.promises import Promises
from reconciler.forecast.levers.registry import any_in, dearer_before, effects_of, promises_savings
from reconciler.forecast.panel import Floats, make_panel, panel_width
from reconciler.forecast.paths import Weeks, simulated_weeks
from reconciler.forecast.price_index import price_index
from reconciler.forecast.pulled import pull
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.repricing import PriceIndex
from reconciler.forecast.shift_notice import history_notices
from reconciler.forecast.todays_terms import Past
from reconciler.forecast.windows import HISTORY_DAYS, LONG_WINDOW_DAYS, WEEK
from reconciler.model.forecast import LeverContribution, WalletNotice
from reconciler.model.period import Period

BATCHES: tuple[tuple[tuple[str, ...], int], ...] = (((), 500), (("more",), 500))
"""The paths come in two batches, each with seeds of its own name. All go to the horizon: decision 0036."""
CHUNK = 256
"""Wallets whose histories are fitted at a time: bounds the memory."""
TOGETHER = 8
"""Wallets whose paths are simulated at a time. More of them no longer fit into a processor's memory."""
COMPARED_DAYS = 28
"""The days before a month that its own are compared with."""


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """One question's wallet: its course with all levers pulled, and what went into it."""

    question: WalletQuestion
    course: Course
    history_days: int
    ceiling: Ceiling
    contributions: tuple[LeverContribution, ...]
    notices: tuple[WalletNotice, ...] = ()
    planned: Course | None = None
    """The course if all promised savings come in full; None where the plan promises none."""

    def is_untold(self, period: Period, *, as_of: date) -> bool:
        """Whether neither usage nor a plan says what the wallet spends from `as_of` to the end of `period`.

        What it spent on that very day says nothing of the days after it.
        """
        return self._is_unseen(period, as_of) and not self.course.ahead(period.end).any()

    def is_unknown(self, period: Period, *, as_of: date) -> bool:
        """Whether neither usage nor a plan says what it spends at any time: a plan may begin in a later month."""
        return self.is_untold(period, as_of=as_of) and not self.course.rest(as_of, self.course.end).any()

    def _is_unseen(self, period: Period, as_of: date) -> bool:
        return not self.history_days and not self.course.spend.between(period.first, min(as_of, period.end))


def simulations(questions: Sequence[WalletQuestion], context: ForecastContext) -> Iterator[Simulated]:
    """Yield the simulated wallets in the order of the questions; each depends on its own wallet and team only."""
    week = context.usual_week if any(is_short(question, context.known) for question in questions) else None
    for first in range(0, len(questions), CHUNK):
        for _, alike in groupby(_taught(questions[first : first + CHUNK], context, week), key=attrgetter("learned")):
            run = list(alike)
            for place in range(0, len(run), TOGETHER):
                yield from _together(run[place : place + TOGETHER], context)


@dataclass(frozen=True, slots=True, eq=False)
class _Taught:
    """One question with its wallet's history, and what that teaches: row `row` of `learned`."""

    question: WalletQuestion
    spend: Spend
    demand: Asked
    learned: Fit
    row: int


def _taught(questions: Sequence[WalletQuestion], context: ForecastContext, usual_week: Floats | None) -> list[_Taught]:
    """Fit histories of the same length in weeks together: the width of a panel never depends on other wallets."""
    start = context.known.known_until
    spends = [context.known.of(question.wallet.key) for question in questions]
    demands = [asked_of(question, context) for question in questions]
    histories = [demand.history for demand in demands]
    credits = [spend.credits(start, days=len(days)) for spend, days in zip(spends, histories, strict=True)]
    widths: dict[int, list[int]] = defaultdict(list)
    for row, history in enumerate(histories):
        widths[panel_width(len(history))].append(row)
    learned: dict[int, tuple[Fit, int]] = {}
    for rows in widths.values():
        asked = [questions[row] for row in rows]
        was = [
            before_savings(question, context, len(histories[row])) for question, row in zip(asked, rows, strict=True)
        ]
        panel = make_panel(
            [histories[row] / dearer for row, dearer in zip(rows, was, strict=True)],
            np.full(len(rows), day_before(start)),
            credits=[credits[row] * demands[row].raised / dearer for row, dearer in zip(rows, was, strict=True)],
            returned=[credits[row] for row in rows],
            indices=[_index(question, context) for question in asked],
            events=context.events,
        )
        planned = np.array([_planned(question, context) for question in asked])
        grows = np.array([_plans_growth(question) for question in asked], dtype=np.bool_)
        fitted = planned_for(fit(panel, usual_week=usual_week), daily=planned, grows=grows)
        learned |= {row: (fitted, place) for place, row in enumerate(rows)}
    known = zip(questions, spends, demands, strict=True)
    return [_Taught(question, spend, demand, *learned[row]) for row, (question, spend, demand) in enumerate(known)]


def _plans_growth(question: WalletQuestion) -> bool:
    """Whether the plan holds growth of its own: what is only supposed comes on top of what was seen."""
    return any(not isinstance(step, Supposed) for step in question.plan.growth)


def before_savings(question: WalletQuestion, context: ForecastContext, days: int) -> Floats | float:
    """Return how much dearer each of the last `days` was for want of what the plan's levers reached since."""
    if not days or not promises_savings(question.plan):
        return 1.0
    return dearer_before(question.plan, Past(context.team_usage(question), question.wallet.key, days))


def _index(question: WalletQuestion, context: ForecastContext) -> PriceIndex | None:
    """Return what the wallet's days are counted at: of the cache its plan tells where it has one."""
    seen, end = context.observations, context.known.known_until
    rows = seen.rows_between((question.wallet.key,), end - timedelta(days=HISTORY_DAYS), end)
    return price_index(seen.usage, rows, end, cache=question.plan.cache_hit_rate is None)


def _together(run: Sequence[_Taught], context: ForecastContext) -> Iterator[Simulated]:
    """Yield the wallets of `run`, whose rows of one fit follow each other. What is drawn for one changes no other."""
    days = max((context.end - context.known.known_until).days, 1)
    near = min(_near_days(context), days)
    for taught, weeks in zip(run, _weeks(run, context, days=days), strict=True):
        paths = weeks.daily(0, -(-near // WEEK))[:near]
        yield _simulated(taught, paths, weeks, context, days=days)


def _simulated(taught: _Taught, paths: Floats, far: Weeks, context: ForecastContext, *, days: int) -> Simulated:
    question, start = taught.question, context.known.known_until
    learned, row = taught.learned, taught.row
    known_days = int(learned.history_days[row])
    effects: tuple[Effect, ...] = ()
    if any_in(question.plan, context.organization):
        in_use = learned.panel.values[row, : len(taught.demand.history)][::-1]
        grown = partial(grown_since, start.replace(day=1), in_use, end=start)
        setting = _setting(question, context, days=days, known=known_days > 0)
        added = partial(added_since, history=in_use, end=start)
        found = effects_of(question.plan, replace(setting, grown=grown, added=added))
        effects = tuple(effect.paid(learned.share(row)) for effect in found)
    course_of = partial(
        make_course,
        spend=taught.spend,
        start=start,
        as_of=context.as_of,
        settled=question.settled,
        reserved=question.reserved,
        share=learned.share(row),
    )
    pulled = pull(effects, paths, far, context=context, course_of=course_of)
    return Simulated(
        question=question,
        course=pulled.course,
        history_days=known_days,
        ceiling=taught.demand.ceiling,
        contributions=pulled.contributions,
        notices=(*(history_notices(learned, row) if len(taught.demand.history) else ()), *currency_notices(question)),
        planned=pulled.planned,
    )


def _near_days(context: ForecastContext) -> int:
    """Return the days of the whole weeks that hold the rest of the period."""
    until = max(context.period.end, context.as_of + timedelta(days=1))
    return max(-(-(until - context.known.known_until).days // WEEK), 1) * WEEK


def _weeks(run: Sequence[_Taught], context: ForecastContext, *, days: int) -> list[Weeks]:
    """Simulate each wallet's paths."""
    organization, weeks = context.organization.organization, -(-days // WEEK)
    learned = run[0].learned.part(slice(run[0].row, run[0].row + len(run)))
    batches = [
        draw(
            [seed_of(organization, taught.question.wallet.key, context.as_of, *name) for taught in run],
            shared_seed=seed_of(organization, context.as_of, *name),
            paths=paths,
            weeks=weeks,
            blocks=int(learned.pool.count.max()) > 1,
        )
        for name, paths in BATCHES
    ]
    return simulated_weeks(learned, together(batches), days=days)


def grown_since(first: date, history: Floats, *, end: date) -> float | None:
    """Return what the days of `history` from `first` to `end` cost, as a multiple of the same weekdays before them.

    `history` float64[days] ends on the day before `end`; NaN says nothing. Of less than a week a part is believed.
    None where there is no week before to compare with.
    """
    days = (end - first).days
    if not 0 < days <= len(history) - WEEK:
        return None
    after, expected = _with_usual(history, days)
    if not len(after) or expected.sum() <= 0 or after.sum() <= 0:
        return None
    ratio = float(after.sum() / expected.sum())
    return float(ratio ** min(len(after) / WEEK, 1.0))


def added_since(first: date, *, history: Floats, end: date) -> float | None:
    """Return what a day of `history` costs more since `first` than the same weekdays before it, in major units.

    It looks at the last four weeks at most, and as `grown_since` says; a history that begins since `first` is all new.
    """
    days = (end - first).days
    if days >= len(history):
        more = history[np.isfinite(history)] if len(history) < HISTORY_DAYS else history[:0]
    elif 0 < days <= len(history) - WEEK:
        after, expected = _with_usual(history, days)
        more = after - expected
    else:
        return None
    return float(more[-COMPARED_DAYS:].mean()) * min(len(more) / WEEK, 1.0) if len(more) else None


def _with_usual(history: Floats, days: int) -> tuple[Floats, Floats]:
    """Return the last `days` of `history`, and what the same weekdays before them cost; days that tell of both."""
    after, before = history[-days:], history[:-days][-COMPARED_DAYS:]
    usual = [before[len(before) - WEEK + place % WEEK :: -WEEK] for place in range(min(days, WEEK))]
    means = np.array([np.nanmean(same) if np.isfinite(same).any() else np.nan for same in usual])
    expected = means[np.arange(days) % WEEK]
    told = np.isfinite(after) & np.isfinite(expected)
    return after[told], expected[told]


def _setting(question: WalletQuestion, context: ForecastContext, *, days: int, known: bool) -> Setting:
    start, year = context.known.known_until, context.organization.fiscal_year.starts
    wallets = context.team_wallets(question)
    own, team = context.observations.of([question.wallet.key]), context.observations.of(wallets)
    return Setting(
        days=DayRange(start, days, year),
        reference=DayRange(start - timedelta(days=1), 1, year) if known else None,
        organization=context.organization,
        observed=own,
        prices=context.observations.of(wallets, days=LONG_WINDOW_DAYS),
        share=own.cost / team.cost if team.cost > 0 else 1.0 / len(wallets),
        first=question.wallet.key == wallets[0],
        promises=Promises(
            usage=context.team_usage(question),
            seed=seed_of(context.organization.organization, question.wallet.team, context.as_of),
            batches=tuple(paths for _, paths in BATCHES),
        ),
    )


def _planned(question: WalletQuestion, context: ForecastContext) -> float:
    return planned_daily(question, context.teams.get(question.wallet.team), context.period)
