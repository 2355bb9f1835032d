"""One wallet's answer: every figure of it is a statistic of the same paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Literal

from reconciler.forecast.alerts import Month, Side, alert_forecasts
from reconciler.forecast.calendar import days_between, running_sum
from reconciler.forecast.context import ForecastContext
from reconciler.forecast.course import Course
from reconciler.forecast.hard_limit import Stop, limit_notices, room_of, stop_of
from reconciler.forecast.outlook import Demand, Depletion, demand, depletion, wallet_outlook
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import NANOS_OF_A_CENT, money_rows, plus_exact
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.simulation import Simulated
from reconciler.model.forecast import (
    DayPoint,
    Exhaustion,
    MonthEnd,
    MonthForecast,
    WalletForecast,
    WorkloadShare,
)
from reconciler.model.frozen import document, lean
from reconciler.model.money import CENT
from reconciler.model.period import Period
from reconciler.model.usage import NANO

SHORT_HISTORY_DAYS = 14
DAY_KEYS = ("0.1", "0.5", "0.9")
NOTHING = Decimal(0)


def answer(simulated: Simulated, context: ForecastContext) -> WalletForecast:
    """Return the forecast of one wallet under its live and its desired money."""
    question, course, period, keys = simulated.question, simulated.course, context.period, context.keys
    spent = course.spend.between(period.first, min(context.as_of, period.end))
    wanted = demand(course, period=period, unpaid_since=question.unpaid_since, pool_pays=question.pool_pays)
    month = Month(course, period, question.booked + question.reserved)
    live, desired, stop = _drained(question, month, wanted)
    months = _asked(tuple(question.targets), period, context.organization.forecast.horizon_months)
    bounds = [(period.first, period.end), *((first, end) for _, first, end in months)]
    days = _running(course, period) if question.charted else ()
    sums = [course.rest(first, end) for first, end in bounds]
    figures = money_rows([live.unserved, desired.unserved, *sums, *days], keys=keys)
    empty_live, empty_desired, ends, *rest = (dict(zip(keys, row, strict=True)) for row in figures)
    look = partial(wallet_outlook, start=context.as_of)
    was, then = question.live_target, question.desired_target
    before = look(live, question.live, target=was, funded=was.amount, unserved=_priced(empty_live, NOTHING))
    unserved = _priced(empty_desired, NOTHING)
    after = look(desired, question.desired, target=then, funded=question.funded_then, unserved=unserved)
    found = WalletForecast(
        team=question.wallet.team,
        environment=question.wallet.environment,
        wallet=question.wallet.key,
        currency=question.wallet.currency,
        period=period,
        as_of=context.as_of,
        data_as_of=context.usage.source.data_as_of if context.usage else None,
        history_days=simulated.history_days,
        confidence=_confidence(simulated.history_days),
        spend_to_date=None if _ends_before(course, period, context.as_of) else spent,
        month_end=document(MonthEnd, {"quantiles": _priced(ends, course.exact(period.first, period.end))}),
        live=before,
        desired=after,
        alerts=alert_forecasts(
            month,
            live=Side(question.alerts_live, live, question.alerts_undeclared),
            desired=Side(question.alerts_desired, desired, question.alerts_undeclared),
        ),
        months=tuple(_months(question, course, months, rest[: len(months)])),
        levers=simulated.contributions,
        daily=_drawn(question, course, period, rest[len(months) :]),
        workloads=_workloads(simulated, context),
        method="model",
        notices=(*simulated.notices, *limit_notices(stop, wanted, desired, as_of=context.as_of)),
    )
    return _untold(found) if simulated.is_unknown(period, as_of=context.as_of) else lean(found)


def _drained(question: WalletQuestion, month: Month, wanted: Demand) -> tuple[Depletion, Depletion, Stop | None]:
    """Return how live and desired money drain, and the hard limit that will be there."""
    stop_live, stop = (
        stop_of(month, (*alerts, *question.alerts_undeclared))
        for alerts in (question.alerts_live, question.alerts_desired)
    )
    live = depletion(wanted, question.live, room=room_of(stop_live))
    is_same = question.desired == question.live and (stop and stop.budget) == (stop_live and stop_live.budget)
    return live, live if is_same else depletion(wanted, question.desired, room=room_of(stop)), stop


def _drawn(
    question: WalletQuestion, course: Course, period: Period, figures: Sequence[dict[str, int]]
) -> tuple[DayPoint, ...]:
    """Return every day of the period where the wallet gets a chart."""
    return (*_known_days(course, period), *_coming_days(course, period, figures)) if question.charted else ()


def _untold(found: WalletForecast) -> WalletForecast:
    """Return the forecast of a wallet that neither usage nor a plan says anything of: its money and nothing else."""
    nobody_knows = Exhaustion(probability=None, date=dict.fromkeys(DAY_KEYS))
    sides = {
        side: outlook.model_copy(update={"exhaustion": nobody_knows, "unserved": {}})
        for side, outlook in (("live", found.live), ("desired", found.desired))
    }
    nothing = {"month_end": MonthEnd(quantiles={}), "alerts": (), "months": (), "daily": ()}
    return found.model_copy(update={**sides, **nothing})


def _confidence(history_days: int) -> Literal["normal", "low", "none"]:
    if history_days == 0:
        return "none"
    return "low" if history_days < SHORT_HISTORY_DAYS else "normal"


def _priced(figures: dict[str, int], exact: Decimal) -> dict[str, Decimal]:
    return dict(zip(figures, plus_exact(list(figures.values()), exact), strict=True))


@lru_cache(maxsize=64)
def _asked(targets: tuple[Period, ...], period: Period, horizon: int) -> tuple[tuple[Period, date, date], ...]:
    """Return the months asked for, from the period to the end of the horizon after it, each with its bounds."""
    last = period.plus(horizon)
    return tuple((month, month.first, month.end) for month in sorted(targets) if period <= month <= last)


def _months(
    question: WalletQuestion,
    course: Course,
    months: Sequence[tuple[Period, date, date]],
    figures: Sequence[dict[str, int]],
) -> Iterator[MonthForecast]:
    for (month, first, end), row in zip(months, figures, strict=True):
        quantiles = _priced(row, course.exact(first, end))
        yield document(
            MonthForecast, {"period": month, "target": question.targets[month].amount, "quantiles": quantiles}
        )


def _ends_before(course: Course, period: Period, as_of: date) -> bool:
    """Whether usage ends before a period that has begun: nobody knows what was spent in it so far."""
    ends = min(course.start, course.spend.unknown_from or course.start)
    return ends <= period.first < as_of


def _known(course: Course, period: Period) -> date:
    """Return the first day of the period that is simulated, or its end."""
    return min(max(course.start, period.first), period.end)


def _running(course: Course, period: Period) -> Floats:
    """Return float64[days, paths]: what the simulated days of the period add up to at the end of each."""
    return running_sum(course.simulated(_known(course, period), period.end))


def _known_days(course: Course, period: Period) -> tuple[DayPoint, ...]:
    first, known = period.first, _known(course, period)
    totals = course.spend.totals(first, known)
    return _points(first, tuple(totals.tolist())) if totals.any() else _nothing_spent(first, known)


@lru_cache(maxsize=8)
def _nothing_spent(first: date, known: date) -> tuple[DayPoint, ...]:
    return _points(first, (0,) * (known - first).days)


def _points(first: date, totals: Sequence[int]) -> tuple[DayPoint, ...]:
    days = days_between(first, first + timedelta(days=len(totals)))
    amounts = [_cents(total) for total in totals]
    return tuple(
        document(DayPoint, {"day": day, "spent": spent, "p10": spent, "p50": spent, "p90": spent})
        for day, spent in zip(days, amounts, strict=True)
    )


def _coming_days(course: Course, period: Period, figures: Sequence[dict[str, int]]) -> Iterator[DayPoint]:
    exact = course.exact(period.first, period.end)
    for day, row in zip(days_between(_known(course, period), period.end), figures, strict=True):
        low, middle, high = plus_exact([row[key] for key in DAY_KEYS], exact)
        yield document(DayPoint, {"day": day, "spent": None, "p10": low, "p50": middle, "p90": high})


def _cents(nanos: int) -> Decimal:
    """Return billionths as money, rounded half to even."""
    whole, part = divmod(nanos, NANOS_OF_A_CENT)
    return CENT * (whole + (2 * part > NANOS_OF_A_CENT - whole % 2))


def _workloads(simulated: Simulated, context: ForecastContext) -> tuple[WorkloadShare, ...]:
    """Attribute the last 28 days to workloads. The wallet is forecast as a whole: sums of parts would be too sure."""
    workloads = context.observations.workloads_of(simulated.question.wallet.key)
    total = sum(nanos for _, nanos in workloads)
    return tuple(
        WorkloadShare(workload=name, spent=Decimal(nanos) / NANO, share=round(nanos / total, 4))
        for name, nanos in workloads
        if total > 0
    )
