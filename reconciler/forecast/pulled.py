"""Levers pulled on simulated paths: the course that follows, as planned too, and what each lever contributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from reconciler.forecast.context import ForecastContext
from reconciler.forecast.course import Course
from reconciler.forecast.later import LaterCourse, LaterDays, make_later
from reconciler.forecast.levers.effect import Effect, keep_sums
from reconciler.forecast.panel import Floats
from reconciler.forecast.paths import Weeks
from reconciler.forecast.quantiles import money
from reconciler.forecast.windows import WEEK
from reconciler.model.forecast import LeverContribution


class CourseOf(Protocol):
    """Makes a wallet's course of simulated days and those after them."""

    def __call__(self, days: Floats, *, later: LaterCourse | LaterDays | None = None) -> Course: ...


@dataclass(frozen=True, slots=True, eq=False)
class Pulled:
    """`planned` is the course if all promised savings come in full, None where there are none."""

    course: Course
    planned: Course | None
    contributions: tuple[LeverContribution, ...]


def pull(
    effects: Sequence[Effect], paths: Floats, far: Weeks, *, context: ForecastContext, course_of: CourseOf
) -> Pulled:
    """Return what becomes of `paths` float64[days, paths], and of the days of `far` after them, by `effects`."""
    promised = any(effect.kept for effect in effects)
    sides = (effects, [effect.as_planned for effect in effects]) if promised else (effects,)
    gained = [_gained(side, paths, context, course_of) for side in sides]
    laters = _laters(far, sides, near=len(paths), days=max((context.end - context.known.known_until).days, 1))
    courses = [course_of(found[0], later=later) for found, later in zip(gained, laters, strict=True)]
    planned = [amount if effect.kept else None for effect, amount in zip(effects, gained[-1][1], strict=True)]
    return Pulled(
        course=courses[0],
        planned=courses[1] if promised else None,
        contributions=tuple(
            LeverContribution(name=effect.name, contribution=amount, planned=whole)
            for effect, amount, whole in zip(effects, gained[0][1], planned, strict=True)
        ),
    )


def _gained(
    effects: Sequence[Effect], paths: Floats, context: ForecastContext, course_of: CourseOf
) -> tuple[Floats, list[Decimal]]:
    """Pull the levers one after the other; each contributes what the mean month end gains, in whole cents."""
    gained = []
    before = _mean_month_end(paths, context, course_of) if effects else Decimal(0)
    for effect in effects:
        paths = effect.apply(paths)
        after = _mean_month_end(paths, context, course_of)
        gained.append(after - before)
        before = after
    return paths, gained


def _mean_month_end(paths: Floats, context: ForecastContext, course_of: CourseOf) -> Decimal:
    start, end = context.known.known_until, context.period.end
    month = paths[: max((end - start).days, 0)].copy()
    return money(float(course_of(month).rest(context.period.first, end).mean()))


def _laters(
    weeks: Weeks, sides: Sequence[Sequence[Effect]], *, near: int, days: int
) -> list[LaterCourse | LaterDays | None]:
    """Return the days of `weeks` after the `near` ones with the levers of each side pulled; None where are none."""
    first = -(-near // WEEK)
    if first >= len(weeks):
        return [None for _ in sides]
    if keep_sums(sides[0]):
        plain = make_later(weeks, first)
        return [plain.pulled(side) if side else plain for side in sides]
    plain_days = weeks.daily(first, len(weeks))[: days - near]
    return [LaterDays(near, _applied(side, plain_days, after=near)) for side in sides]


def _applied(effects: Sequence[Effect], paths: Floats, *, after: int) -> Floats:
    for effect in effects:
        paths = effect.apply(paths, after=after)
    return paths
