"""One wallet's answer: every figure of it is a statistic of the same paths."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np

from reconciler.forecast.alerts import Side, alert_forecasts
from reconciler.forecast.calendar import days_between
from reconciler.forecast.course import Course
from reconciler.forecast.outlook import drain, wallet_outlook
from reconciler.forecast.quantiles import money, money_quantiles
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.scene import Scene
from reconciler.forecast.simulation import Simulated
from reconciler.model.forecast import DayPoint, MonthEnd, MonthForecast, WalletForecast, WorkloadShare
from reconciler.model.money import Money
from reconciler.model.period import Period
from reconciler.model.usage import NANO

SHORT_HISTORY_DAYS = 14


def answer(simulated: Simulated, scene: Scene) -> WalletForecast:
    """Return the forecast of one wallet under its live and its desired money."""
    question, course, period, keys = simulated.question, simulated.course, scene.period, scene.keys
    spent = course.spend.between(period.first, min(scene.as_of, period.end))
    money_live, money_desired, since = _money(question, scene)
    live = drain(course, money_left=money_live, period=period, since=since)
    desired = drain(course, money_left=money_desired, period=period, since=since)
    return WalletForecast(
        team=question.wallet.team,
        environment=question.wallet.environment,
        wallet=question.wallet.key,
        currency=question.wallet.currency,
        period=period,
        as_of=scene.as_of,
        data_as_of=scene.usage.source.data_as_of if scene.usage else None,
        history_days=simulated.history_days,
        confidence=_confidence(simulated.history_days),
        spend_to_date=spent,
        month_end=MonthEnd(quantiles=_month(course, period, keys)),
        live=wallet_outlook(course, live, target=question.live_target, money_left=money_live, spent=spent, keys=keys),
        desired=wallet_outlook(
            course,
            desired,
            target=question.desired_target,
            money_left=money_desired,
            spent=spent,
            keys=keys,
        ),
        alerts=alert_forecasts(
            course, live=Side(question.alerts_live, live), desired=Side(question.alerts_desired, desired), period=period
        ),
        months=_months(simulated, scene),
        levers=simulated.contributions,
        daily=_daily(course, period),
        workloads=_workloads(simulated, scene),
        method=simulated.method,
    )


def _money(question: WalletQuestion, scene: Scene) -> tuple[Money, Money, date | None]:
    """Return the money that the period can spend, live and desired, and the day from which it drains, if not as_of.

    Where unused money is reclaimed when a period opens, a period to come has its own funding and nothing else.
    """
    if question.unused == "reclaim" and scene.as_of < scene.period.first:
        return question.live_target, question.desired_target, scene.period.first
    return question.money_left_live, question.money_left_desired, None


def _confidence(history_days: int) -> Literal["normal", "low", "none"]:
    if history_days == 0:
        return "none"
    return "low" if history_days < SHORT_HISTORY_DAYS else "normal"


def _month(course: Course, period: Period, keys: Sequence[str]) -> dict[str, Decimal]:
    exact = course.exact(period.first, period.end)
    return money_quantiles(course.rest(period.first, period.end), exact=exact, keys=keys)


def _months(simulated: Simulated, scene: Scene) -> tuple[MonthForecast, ...]:
    """Return the months asked for, from the period to the end of the horizon after it, against their targets."""
    last = scene.period.plus(scene.organization.forecast.horizon_months)
    targets = simulated.question.targets
    return tuple(
        MonthForecast(period=month, target=targets[month].amount, quantiles=_month(simulated.course, month, scene.keys))
        for month in sorted(targets)
        if scene.period <= month <= last
    )


def _daily(course: Course, period: Period) -> tuple[DayPoint, ...]:
    """Return the cumulative course of the month: what is known, then quantiles of what is not."""
    points: list[DayPoint] = []
    known: date = min(max(course.start, period.first), period.end)
    for day in days_between(period.first, known):
        spent = course.spend.between(period.first, day + timedelta(days=1))
        points.append(DayPoint(day=day, spent=spent, p10=spent, p50=spent, p90=spent))
    exact = course.exact(period.first, period.end)
    total = np.cumsum(course.simulated(known, period.end), axis=1)
    if known == period.end:
        return tuple(points)
    low, middle, high = np.quantile(total, [0.1, 0.5, 0.9], axis=0)
    for column, day in enumerate(days_between(known, period.end)):
        band = [exact + money(float(value[column])) for value in (low, middle, high)]
        points.append(DayPoint(day=day, spent=None, p10=band[0], p50=band[1], p90=band[2]))
    return tuple(points)


def _workloads(simulated: Simulated, scene: Scene) -> tuple[WorkloadShare, ...]:
    """Attribute the last 28 days to workloads. The wallet is forecast as a whole: sums of parts would be too sure."""
    seen = scene.observations.of([simulated.question.wallet.key])
    total = sum(nanos for _, nanos in seen.workloads)
    return tuple(
        WorkloadShare(workload=name, spent=Decimal(nanos) / NANO, share=round(nanos / total, 4))
        for name, nanos in seen.workloads
        if total > 0
    )
