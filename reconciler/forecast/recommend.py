"""Recommendations: the smallest target that lasts with a chosen probability, and the alert that leaves time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from reconciler.forecast.course import Course
from reconciler.forecast.outlook import Demand, demand, drain
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import money
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.scene import make_scene
from reconciler.forecast.simulation import simulations
from reconciler.forecast.words import amount, chance
from reconciler.model.billing_budget import AlertPercentage
from reconciler.model.money import CENT, ZERO, Money
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget
from reconciler.model.usage import DailyUsage

SIGNIFICANT_DIGITS = 3
ENOUGH_PATHS = 0.05
NEAR_ENOUGH = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class TargetRecommendation:
    """The smallest target of the period with which the wallet lasts with at least `probability`.

    `promised` is the probability that it then lasts, `now` the probability under the desired target. `months` are the
    targets that single months of the horizon need by themselves, without money carried over.
    """

    team: str
    environment: str
    wallet: str
    current: Money
    target: Money
    now: float
    promised: float
    months: Mapping[Period, Money]
    reason: str


@dataclass(frozen=True, slots=True)
class AlertRecommendation:
    """The amount at which an alert percentage leaves `reaction_days` before the money is gone, on 9 in 10 paths."""

    team: str
    environment: str
    name: str
    percentage: AlertPercentage
    current: Money
    amount: Money
    reaction_days: int
    reason: str


@dataclass(frozen=True, slots=True)
class Recommendations:
    targets: tuple[TargetRecommendation, ...]
    alerts: tuple[AlertRecommendation, ...]


def recommend(
    usage: DailyUsage | None,
    questions: Sequence[WalletQuestion],
    *,
    organization: OrganizationBudget,
    period: Period,
    as_of: date,
    teams: Mapping[str, TeamBudget],
    probability: float = 0.9,
    reaction_days: int = 5,
    censored: Mapping[str, frozenset[date]] | None = None,
) -> Recommendations:
    """Return a target for each wallet and an amount for each of its monthly alerts, from the forecast's own paths.

    `probability` is that of lasting to the end of `period`, in (0, 1); a forecast with the recommended target shows
    at least this probability, because it uses the same paths.
    """
    scene = make_scene(
        usage, questions, organization=organization, period=period, as_of=as_of, teams=teams, censored=censored
    )
    targets, alerts = [], []
    for simulated in simulations(questions, scene):
        question, course = simulated.question, simulated.course
        target = _target(question, course, period=period, probability=probability)
        targets.append(target)
        left = question.money_left_desired + target.target - target.current
        alerts.extend(_alerts(question, course, left=left, period=period, days=reaction_days))
    return Recommendations(tuple(targets), tuple(alerts))


def smallest_enough(spend: Floats, probability: float) -> Decimal:
    """Return the smallest money in whole cents that at least a share `probability` of `spend` does not exceed."""
    ordered = np.sort(spend)
    index = min(max(int(np.ceil(probability * len(ordered) - 1e-9)), 1), len(ordered)) - 1
    return Decimal(repr(float(ordered[index]))).quantize(CENT, ROUND_CEILING)


def _target(question: WalletQuestion, course: Course, *, period: Period, probability: float) -> TargetRecommendation:
    wanted = demand(course, period=period, unpaid_since=question.unpaid_since)
    spend = course.ahead(period.end).sum(axis=0) + wanted.owed
    needed = smallest_enough(spend, probability) if wanted.total.size else ZERO
    current, left = question.desired_target, question.money_left_desired
    exact = max(current.amount + needed - left.amount, ZERO)
    target = Money(_round(exact, ROUND_CEILING), current.currency)
    given = left + target - current
    now, promised = _lasts(spend, left), _lasts(spend, given)
    months = {
        month: Money(_round(_month_need(course, month, probability), ROUND_CEILING), current.currency)
        for month in sorted(question.targets)
        if month > period
    }
    return TargetRecommendation(
        team=question.wallet.team,
        environment=question.wallet.environment,
        wallet=question.wallet.key,
        current=current,
        target=target,
        now=now,
        promised=promised,
        months=months,
        reason=_reason(course, spend, period=period, left=left, needed=needed, probability=probability),
    )


def _reason(course: Course, spend: Floats, *, period: Period, left: Money, needed: Decimal, probability: float) -> str:
    currency = left.currency
    middle = float(np.quantile(spend, 0.5)) if len(spend) else 0.0
    return (
        f"from {course.as_of} to the end of {period.name} the wallet is expected to spend"
        f" {amount(middle, currency)} (P50), and no more than {amount(needed, currency)}"
        f" with probability {chance(probability)}; it holds {amount(left.amount, currency)}"
    )


def _month_need(course: Course, month: Period, probability: float) -> Decimal:
    rest = course.rest(month.first, month.end)
    return course.exact(month.first, month.end) + smallest_enough(rest, probability)


def _lasts(spend: Floats, left: Money) -> float:
    return float((spend <= float(left.amount)).mean())


def _alerts(
    question: WalletQuestion, course: Course, *, left: Money, period: Period, days: int
) -> list[AlertRecommendation]:
    """Return for each monthly alert the amount that is reached `days` days before the money is gone."""
    wanted = demand(course, period=period, unpaid_since=question.unpaid_since)
    reached = _spent_before_exhaustion(course, wanted, left=left, period=period, days=days)
    found = []
    for budget in question.alerts_desired:
        if budget.period != "monthly":
            continue
        for percentage in budget.alert_percentages:
            threshold = money(float(np.quantile(reached, 0.1)))
            value = _settled(_round(threshold * 100 / percentage, ROUND_FLOOR), budget.amount)
            found.append(
                AlertRecommendation(
                    team=question.wallet.team,
                    environment=question.wallet.environment,
                    name=budget.name,
                    percentage=percentage,
                    current=Money(budget.amount, budget.currency),
                    amount=Money(value, budget.currency),
                    reaction_days=days,
                    reason=f"{days} days before the money is gone, spend has reached"
                    f" {amount(threshold, budget.currency)} on nine in ten paths; {percentage}% of"
                    f" {amount(value, budget.currency)} fires there",
                )
            )
    return found


def _settled(value: Decimal, current: Decimal) -> Decimal:
    """Return `current` where it is as good as `value`: nobody should change an alert by less than the paths' noise."""
    return current if abs(value - current) <= NEAR_ENOUGH * current else value


def _spent_before_exhaustion(course: Course, wanted: Demand, *, left: Money, period: Period, days: int) -> Floats:
    """Return float64[paths]: month-to-date spend `days` days before exhaustion, or before month end where it lasts.

    Where exhaustion is rare, every path counts as if it ended with the month.
    """
    ahead = course.ahead(period.end)
    spent = float(course.exact(period.first, course.as_of)) + course.rest(period.first, course.as_of) + course.paid
    gone = drain(wanted, money_left=left).day
    chosen = np.isfinite(gone) if float(np.isfinite(gone).mean()) >= ENOUGH_PATHS else np.ones(course.count, bool)
    last = np.where(np.isfinite(gone), gone, len(ahead) - 1)
    column = np.clip(last - days, -1, None).astype(np.intp)
    total = np.concatenate([np.zeros((1, course.count)), np.cumsum(ahead, axis=0)])
    return np.asarray((spent + np.take_along_axis(total, column[None, :] + 1, axis=0)[0])[chosen])


def _round(value: Decimal, rounding: str) -> Decimal:
    """Return `value` at three significant digits, and never finer than a whole unit."""
    if value <= 0:
        return ZERO
    step = Decimal(10) ** max(value.adjusted() - SIGNIFICANT_DIGITS + 1, 0)
    return ((value / step).to_integral_value(rounding) * step).quantize(CENT)
