"""From questions to courses: histories are fitted together, simulated from each wallet's seed, and levers pulled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np

from reconciler.forecast.ceiling import ceiling_days
from reconciler.forecast.course import Course, make_course
from reconciler.forecast.draws import draw, seed_of
from reconciler.forecast.fit import Fit, fit
from reconciler.forecast.history import Spend
from reconciler.forecast.later import Later, make_later
from reconciler.forecast.levers import Lever, Setting, has_levers, levers_of
from reconciler.forecast.naive import MEAN_DAYS, NaiveMethod, naive_rest
from reconciler.forecast.observed import LONG_WINDOW_DAYS
from reconciler.forecast.panel import WEEK, Floats, make_panel, panel_width
from reconciler.forecast.paths import simulated_weeks
from reconciler.forecast.prior import organization_week, planned_daily, with_baselines
from reconciler.forecast.quantiles import money
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.scene import Scene
from reconciler.forecast.shape import SHORT_DAYS
from reconciler.forecast.weeks import Weeks
from reconciler.model.forecast import LeverContribution

PATHS = 1000
RECENTRED_DAYS = 30
LARGEST_SHIFT = 2.0
CHUNK = 256
"""Wallets whose histories are fitted at a time: bounds the memory. Paths are simulated one wallet at a time."""
AT_THE_LIMIT = Decimal("0.98")


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """One question's wallet: its course with all levers pulled, and what went into it."""

    question: WalletQuestion
    course: Course
    history_days: int
    censored_days: int
    contributions: tuple[LeverContribution, ...]
    method: Literal["model", "run_rate", "mean_28_days", "linear_30_days"] = "model"


def simulations(questions: Sequence[WalletQuestion], scene: Scene) -> Iterator[Simulated]:
    """Yield the simulated wallets in the order of the questions; each depends on its own wallet and team only."""
    week = organization_week(scene.known) if any(_is_short(question, scene) for question in questions) else None
    shared_seed = seed_of(scene.organization.organization, scene.as_of)
    for first in range(0, len(questions), CHUNK):
        for taught in _taught(questions[first : first + CHUNK], scene, week):
            yield _simulated(taught, scene, shared_seed=shared_seed)


def _is_short(question: WalletQuestion, scene: Scene) -> bool:
    first = scene.known.of(question.wallet.key).first_event()
    return first is not None and (scene.known.known_until - first).days < SHORT_DAYS


@dataclass(frozen=True, slots=True, eq=False)
class _Taught:
    """One question with its wallet's history, and what that teaches."""

    question: WalletQuestion
    spend: Spend
    history: Floats
    learned: Fit


def _taught(questions: Sequence[WalletQuestion], scene: Scene, usual_week: Floats | None) -> list[_Taught]:
    """Fit histories of the same length in weeks together: the width of a panel never depends on other wallets."""
    start = scene.known.known_until
    spends = [scene.known.of(question.wallet.key) for question in questions]
    censored = [_censored(question, scene) for question in questions]
    histories = [spend.history(start, censored=days) for spend, days in zip(spends, censored, strict=True)]
    widths: dict[int, list[int]] = defaultdict(list)
    for row, history in enumerate(histories):
        widths[panel_width(len(history))].append(row)
    learned: dict[int, Fit] = {}
    for rows in widths.values():
        panel = make_panel([histories[row] for row in rows], np.full(len(rows), np.datetime64(start, "D") - 1))
        asked = [questions[row] for row in rows]
        planned = np.array([planned_daily(question, scene.teams.get(question.wallet.team)) for question in asked])
        fitted = with_baselines(fit(panel, usual_week=usual_week), planned)
        learned |= {row: fitted.only(place) for place, row in enumerate(rows)}
    return [_Taught(question, spends[row], histories[row], learned[row]) for row, question in enumerate(questions)]


def _simulated(taught: _Taught, scene: Scene, *, shared_seed: int) -> Simulated:
    """Simulate one wallet from its own seed, and pull its levers."""
    question, learned, start = taught.question, taught.learned, scene.known.known_until
    days = max((scene.end - start).days, 1)
    key = question.wallet.key
    draws = draw(
        [seed_of(scene.organization.organization, key, scene.as_of)],
        shared_seed=shared_seed,
        paths=PATHS,
        weeks=-(-days // WEEK),
        blocks=int(learned.pool.count[0]) > 1,
    )
    weeks = simulated_weeks(learned, draws, days=days)[0]
    known_days = int(learned.history_days[0])
    method = scene.methods.get(key) if known_days >= MEAN_DAYS else None
    levers: tuple[Lever, ...] = ()
    if has_levers(question.plan, scene.organization):
        levers = levers_of(question.plan, _setting(question, scene, days=days, known=known_days > 0))
    whole = method is not None or not all(lever.keeps_sums for lever in levers)
    near, later = _split(weeks, scene, days=days, levers=None if whole else levers)
    near = recentred(near, taught.history, method=method, start=start)
    near, contributions = _pull(levers, near, spend=taught.spend, scene=scene)
    course = make_course(near, spend=taught.spend, start=start, as_of=scene.as_of, later=later)
    left_out = int(np.isnan(taught.history).sum())
    return Simulated(question, course, known_days, left_out, contributions, method or "model")


def _split(weeks: Weeks, scene: Scene, *, days: int, levers: Sequence[Lever] | None) -> tuple[Floats, Later | None]:
    """Return float64[days, paths] to the end of the period, and the weeks after them with their levers pulled.

    Where `levers` is None, every single day counts: all days are returned, and no weeks after them.
    """
    until = max(scene.period.end, scene.as_of + timedelta(days=1))
    first = max(-(-(until - scene.known.known_until).days // WEEK), 1)
    if levers is None or first >= len(weeks):
        return weeks.daily(0, len(weeks))[:days], None
    return weeks.daily(0, first), make_later(weeks, first, levers)


def recentred(paths: Floats, history: Floats, *, method: NaiveMethod | None, start: date) -> Floats:
    """Return `paths` scaled so that their median next month is what a naive method expects, if one is chosen."""
    if method is None:
        return paths
    days = min(RECENTRED_DAYS, len(paths))
    expected = float(naive_rest(method, history, elapsed=start.day - 1, days=days).sum())
    middle = float(np.median(paths[:days].sum(axis=0)))
    if middle <= 0 or expected <= 0:
        return paths
    return np.asarray(paths * min(max(expected / middle, 1 / LARGEST_SHIFT), LARGEST_SHIFT))


def _setting(question: WalletQuestion, scene: Scene, *, days: int, known: bool) -> Setting:
    """Return where the levers of one wallet work."""
    start = scene.known.known_until
    wallets = scene.team_wallets(question)
    own, team = scene.observations.of([question.wallet.key]), scene.observations.of(wallets)
    return Setting(
        start=start,
        days=days,
        reference=start - timedelta(days=1) if known else None,
        organization=scene.organization,
        observed=own,
        prices=scene.observations.of(wallets, days=LONG_WINDOW_DAYS),
        share=own.cost / team.cost if team.cost > 0 else 1.0 / len(wallets),
        first=question.wallet.key == wallets[0],
    )


def _pull(
    levers: Sequence[Lever], paths: Floats, *, spend: Spend, scene: Scene
) -> tuple[Floats, tuple[LeverContribution, ...]]:
    """Pull the levers one after the other; each contributes what the mean month end gains, in whole cents."""
    contributions = []
    before = _mean_month_end(paths, spend=spend, scene=scene) if levers else Decimal(0)
    for lever in levers:
        paths = lever.apply(paths)
        after = _mean_month_end(paths, spend=spend, scene=scene)
        contributions.append(LeverContribution(name=lever.name, contribution=after - before))
        before = after
    return paths, tuple(contributions)


def _mean_month_end(paths: Floats, *, spend: Spend, scene: Scene) -> Decimal:
    start, end = scene.known.known_until, scene.period.end
    month = paths[: max((end - start).days, 0)].copy()
    rest = make_course(month, spend=spend, start=start, as_of=scene.as_of).rest(scene.period.first, end)
    return money(float(rest.mean()))


def _censored(question: WalletQuestion, scene: Scene) -> frozenset[date]:
    """Return the days on which the ceiling shows: those that are said or show it, and those at a rate limit."""
    spend = scene.known.of(question.wallet.key)
    empty = question.money_left_live.amount <= 0
    days = set(ceiling_days(spend, known_until=scene.known.known_until, is_empty=empty))
    days |= scene.censored.get(question.wallet.key, frozenset())
    if not question.plan.rate_limits:
        return frozenset(days)
    wallets = [scene.known.of(wallet) for wallet in scene.team_wallets(question)]
    for limit in question.plan.rate_limits:
        day = max(limit.starts.first, scene.known.known_until - timedelta(days=2 * LONG_WINDOW_DAYS))
        while day < scene.known.known_until:
            after = day + timedelta(days=1)
            if sum((wallet.between(day, after) for wallet in wallets), Decimal(0)) >= AT_THE_LIMIT * limit.daily:
                days.add(day)
            day = after
    return frozenset(days)
