"""Alerts: whether and when each percentage of a billing budget fires, and the days that leaves before exhaustion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import cached_property

import numpy as np

from reconciler.forecast.course import Course
from reconciler.forecast.outlook import Depletion, days_until
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import NEVER, date_quantiles, day_quantiles, share_of_paths
from reconciler.model.forecast import AlertForecast, AlertOutlook
from reconciler.model.frozen import document
from reconciler.model.kinds.billing_budget import AlertPercentage, BillingBudget
from reconciler.model.period import Period
from reconciler.model.usage import NANO

Threshold = tuple[str, Decimal]
"""What an alert is about: the kind of its window, and the amount that is reached."""


Alert = tuple[str, AlertPercentage, bool]
"""What an alert is known by: its billing budget's name, its percentage, and whether git has a say in it."""


@dataclass(frozen=True)
class Month:
    """What alerts count: the course of a wallet in a period. `booked` is what its ledger has settled or reserved.

    The ledger may know of spend that the usage does not show, and the other way round: the larger one counts.
    """

    course: Course
    period: Period
    booked: Decimal = Decimal(0)

    @property
    def has_begun(self) -> bool:
        return self.course.as_of >= self.period.first

    @cached_property
    def known(self) -> Decimal:
        """What the usage shows of the period, with what is paid of the day as_of."""
        course, period = self.course, self.period
        return course.exact(period.first, min(course.as_of, period.end)) + (
            course.paid if course.as_of in period else Decimal(0)
        )

    def missing(self, threshold: Decimal) -> tuple[Decimal, Floats | None]:
        """Return what is missing to `threshold` as of as_of, and on each path where that is simulated, else None.

        Exact: where the wallet's money is enough for the threshold, what is left of it is enough for what is missing.
        """
        if not self.has_begun:
            return threshold, None
        course = self.course
        least, shown = threshold - self.booked, threshold - self.known
        if course.start >= course.as_of:
            return min(least, shown), None
        rest = course.rest(self.period.first, course.as_of)
        return least, np.minimum(float(least), float(shown) - rest)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the comparison: the budgets as they are there, and how the wallet empties there.

    `undeclared` are there as well, and alike on both sides: git neither declares nor deletes them.
    """

    budgets: Sequence[BillingBudget]
    emptied: Depletion
    undeclared: Sequence[BillingBudget] = ()

    def alerts(self) -> Iterator[tuple[Alert, BillingBudget]]:
        for listed, declared in ((self.budgets, True), (self.undeclared, False)):
            for budget in listed:
                for percentage in budget.alert_percentages:
                    yield (budget.name, percentage, declared), budget

    def thresholds(self) -> dict[Alert, Threshold]:
        """Return what is watched; of two budgets of a name the first one counts."""
        found: dict[Alert, Threshold] = {}
        for alert, budget in self.alerts():
            found.setdefault(alert, (_kind(budget), budget.amount * alert[1] / 100))
        return found


def alert_forecasts(month: Month, *, live: Side, desired: Side) -> tuple[AlertForecast, ...]:
    """Return one forecast for each name and percentage of either side, in order of name and percentage."""
    budgets = dict(each for side in (live, desired) for each in reversed(list(side.alerts())))
    before = _outlooks(month, live)
    same = live.emptied is desired.emptied and live.budgets == desired.budgets
    after = before if same else _outlooks(month, desired)
    return tuple(
        document(
            AlertForecast,
            {
                "name": name,
                "amount": budgets[alert].amount,
                "period": _kind(budgets[alert]),
                "percentage": percentage,
                "live": before.get(alert),
                "desired": after.get(alert),
                "declared": declared,
            },
        )
        for alert in sorted(budgets)
        for name, percentage, declared in [alert]
    )


def _outlooks(month: Month, side: Side) -> dict[Alert, AlertOutlook]:
    """Return when spend of each budget's window first reaches its thresholds: what was served counts, not demand."""
    watched = side.thresholds()
    if not watched:
        return {}
    as_of, emptied = month.course.as_of, side.emptied
    found: dict[Threshold, AlertOutlook] = {}
    for kind in {kind for kind, _ in watched.values()}:
        wanted = sorted({threshold for threshold in watched.values() if threshold[0] == kind})
        amounts = [amount for _, amount in wanted]
        passed = already(month, kind, amounts)
        fires = _reached(month, amounts, emptied) if kind == "monthly" else _crossings(month, kind, amounts, emptied)
        for row, day in enumerate(passed):
            if day is not None:
                fires[row] = float((day - as_of).days)
        certain = [not len(emptied.paid) or day is not None for day in passed]
        found.update(zip(wanted, _described(fires, as_of, emptied=emptied, certain=certain), strict=True))
    return {key: found[threshold] for key, threshold in watched.items()}


def _described(fires: Floats, as_of: date, *, emptied: Depletion, certain: Sequence[bool]) -> Iterator[AlertOutlook]:
    """Yield an outlook for each row of `fires` float64[thresholds, paths], the days from as_of."""
    gone, count = emptied.day < NEVER, fires.shape[1]
    warned = (fires <= emptied.day) & gone
    exhausted, warnings = int(np.count_nonzero(gone)), [int(np.count_nonzero(row)) for row in warned]
    spare = np.full_like(fires, NEVER)
    if any(warnings):
        np.subtract(emptied.day, fires, out=spare, where=warned)
        spare.sort(axis=1)
    ordered = np.sort(fires, axis=1)
    for row, (sure, times) in enumerate(zip(certain, warnings, strict=True)):
        happens = int(ordered[row].searchsorted(NEVER))
        missed = bool(gone[0] and not warned[row, 0])
        yield document(
            AlertOutlook,
            {
                "probability": float(fires[row, 0] < NEVER) if sure else share_of_paths(happens, count),
                "date": date_quantiles(ordered[row], start=as_of),
                "reaction_days": day_quantiles(spare[row, :times]),
                "no_warning_probability": float(missed) if sure else share_of_paths(exhausted - times, count),
            },
        )


def _kind(budget: BillingBudget) -> str:
    """Return the window of a budget; one that we do not know (somebody else's budget) is watched by the month."""
    return budget.period if budget.period in ("weekly", "daily") else "monthly"


def _window(kind: str, day: date) -> date:
    """Return the first day of the window that holds `day`; weeks begin on Monday, UTC."""
    match kind:
        case "weekly":
            return day - timedelta(days=day.weekday())
        case "daily":
            return day
        case _:
            return day.replace(day=1)


def already(month: Month, kind: str, thresholds: Sequence[Decimal]) -> list[date | None]:
    """Return the day by which the window that is open at as_of has reached each threshold, from what is known."""
    course, period = month.course, month.period
    first = _window(kind, course.as_of)
    if Period.of(course.as_of) != period:
        if course.as_of < period.first or kind in ("weekly", "daily"):
            return [None] * len(thresholds)
        first = period.first
    total = course.spend.totals(first, min(course.as_of, course.start, period.end))
    highest = np.maximum.accumulate(total)
    wanted = [int((threshold * NANO).to_integral_value(ROUND_CEILING)) for threshold in thresholds]
    days = highest.searchsorted(wanted).tolist()
    by_now = min(course.as_of, period.last) if kind == "monthly" else None
    return [
        first + timedelta(days=day) if day < len(total) else by_now if month.missing(threshold)[0] <= 0 else None
        for day, threshold in zip(days, thresholds, strict=True)
    ]


def _reached(month: Month, thresholds: Sequence[Decimal], emptied: Depletion) -> Floats:
    """Return float64[thresholds, paths]: the first day from as_of, in the period, on which its spend reaches each."""
    if not len(emptied.paid):
        return np.full((len(thresholds), month.course.count), NEVER)
    opens = max((month.period.first - month.course.as_of).days, 0)
    return np.maximum(days_until(emptied.paid >= _needed(month, thresholds, emptied)[:, None]), opens)


def _needed(month: Month, thresholds: Sequence[Decimal], emptied: Depletion) -> Floats:
    """Return float64[thresholds, paths]: what `paid` must come to, once for all paths where that is known exactly.

    Where it holds what is owed from before as_of, that is part of it and not of what was spent before.
    """
    if np.any(emptied.owed):
        return np.array([[float(threshold - month.known)] for threshold in thresholds])
    missing = map(month.missing, thresholds)
    return np.array([[float(least)] if simulated is None else simulated for least, simulated in missing])


def _crossings(month: Month, kind: str, thresholds: Sequence[Decimal], emptied: Depletion) -> Floats:
    """Return float64[thresholds, paths]: the first day from as_of, in the period, whose window reaches each."""
    course, served = month.course, emptied.served()
    opens = max((month.period.first - course.as_of).days, 0)
    if len(served) <= opens:
        return np.full((len(thresholds), course.count), NEVER)
    highest = np.maximum.accumulate(_running(course, kind, served)[opens:], axis=0)
    limits = np.array([float(threshold) for threshold in thresholds])
    return days_until(highest >= limits[:, None, None]) + opens


def _running(course: Course, kind: str, served: Floats) -> Floats:
    """Return float64[days, paths]: the spend of the window that is open on each day, at the end of the day."""
    days = [course.as_of + timedelta(days=row) for row in range(len(served))]
    first = _window(kind, course.as_of)
    running = served.copy()
    before = float(course.exact(first, course.as_of) + course.paid)
    running[0] += before + course.rest(first, course.as_of)
    for row in range(1, len(days)):
        if _window(kind, days[row]) != days[row]:
            running[row] += running[row - 1]
    return running
