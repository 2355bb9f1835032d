"""Alerts: whether and when each percentage of a billing budget fires, and the days that leaves before exhaustion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from reconciler.forecast.course import Course
from reconciler.forecast.outlook import Drain
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import NEVER, date_quantiles, day_quantiles, probability
from reconciler.model.billing_budget import BillingBudget
from reconciler.model.forecast import AlertForecast, AlertOutlook
from reconciler.model.period import Period


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the comparison: the budgets as they are there, and how the wallet empties there."""

    budgets: Sequence[BillingBudget]
    emptied: Drain

    def find(self, name: str, percentage: int) -> BillingBudget | None:
        """Return the budget of this name if it alerts at `percentage`."""
        found = (budget for budget in self.budgets if budget.name == name)
        return next((budget for budget in found if percentage in budget.alert_percentages), None)


def alert_forecasts(course: Course, *, live: Side, desired: Side, period: Period) -> tuple[AlertForecast, ...]:
    """Return one forecast for each name and percentage of either side, in order of name and percentage."""
    shown = {
        (budget.name, percentage): budget
        for side in (live, desired)
        for budget in side.budgets
        for percentage in budget.alert_percentages
    }
    return tuple(
        AlertForecast(
            name=name,
            amount=shown[name, percentage].amount,
            percentage=percentage,
            live=_side(course, live, name, percentage, period),
            desired=_side(course, desired, name, percentage, period),
        )
        for name, percentage in sorted(shown)
    )


def _side(course: Course, side: Side, name: str, percentage: int, period: Period) -> AlertOutlook | None:
    budget = side.find(name, percentage)
    if budget is None:
        return None
    return _outlook(course, budget, percentage, emptied=side.emptied, period=period)


def _outlook(course: Course, budget: BillingBudget, percentage: int, *, emptied: Drain, period: Period) -> AlertOutlook:
    """Return when spend of the budget's window first reaches the threshold: what was served counts, not demand."""
    threshold = budget.amount * percentage / 100
    passed = _already(course, budget, threshold, period=period)
    if passed is not None:
        fires = np.full(course.count, float((passed - course.as_of).days))
    else:
        fires = _first_crossing(course, budget, threshold, emptied=emptied, period=period)
    happens, gone = np.isfinite(fires), np.isfinite(emptied.day)
    warned = happens & gone & (fires <= emptied.day)
    certain = passed is not None or not emptied.served.size or emptied.served.max() <= 0
    missed = gone & ~warned
    return AlertOutlook(
        probability=float(happens[0]) if certain else probability(happens),
        date=date_quantiles(fires, start=course.as_of),
        reaction_days=day_quantiles(emptied.day[warned] - fires[warned]),
        no_warning_probability=float(missed[0]) if certain else probability(missed),
    )


def _windows(budget: BillingBudget, day: date) -> date:
    """Return the first day of the window of `budget` that holds `day`; weeks begin on Monday, UTC.

    A window that we do not know (somebody else's budget) is watched by the month.
    """
    match budget.period:
        case "weekly":
            return day - timedelta(days=day.weekday())
        case "daily":
            return day
        case _:
            return Period.of(day).first


def _already(course: Course, budget: BillingBudget, threshold: Decimal, *, period: Period) -> date | None:
    """Return the past day on which the window that is open at as_of reached the threshold, from exact spend."""
    first = _windows(budget, course.as_of)
    if Period.of(course.as_of) != period:
        if course.as_of < period.first or budget.period in ("weekly", "daily"):
            return None
        first = period.first
    end = min(course.as_of, course.start, period.end)
    day = first
    while day < end:
        day += timedelta(days=1)
        if course.spend.between(first, day) >= threshold:
            return day - timedelta(days=1)
    return None


def _first_crossing(
    course: Course, budget: BillingBudget, threshold: Decimal, *, emptied: Drain, period: Period
) -> Floats:
    """Return float64[paths]: the first day from as_of, in the period, whose window reaches the threshold."""
    fires = np.full(course.count, NEVER)
    days = emptied.served.shape[1]
    total = np.zeros(course.count)
    for column in range(days):
        day = course.as_of + timedelta(days=column)
        first = _windows(budget, day)
        if column == 0:
            known = float(course.exact(first, course.as_of))
            total = known + course.rest(first, course.as_of) + course.paid
        elif first == day:
            total = np.zeros(course.count)
        total = total + emptied.served[:, column]
        if day >= period.first:
            fires = np.where(np.isinf(fires) & (total >= float(threshold)), column, fires)
    return fires
