"""The amount at which an alert leaves time: what has been spent some days before the money is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

import numpy as np

from reconciler.forecast.course import Course
from reconciler.forecast.outlook import Demand, depletion
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import money, three_digits
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.words import amount
from reconciler.model.kinds.billing_budget import AlertPercentage, BillingBudget
from reconciler.model.money import payable, whole_cents_of
from reconciler.model.outlook import RecommendedAlert
from reconciler.model.period import Period
from reconciler.model.purse import Purse

ENOUGH_PATHS = 0.05
NEAR_ENOUGH = Decimal("0.02")
IDLE = 0.9
_IDLE = "in 9 of 10 cases nothing more is spent, so that there is nothing to warn of"
_LASTS = f"the money lasts the month in {1 - ENOUGH_PATHS:.0%} of the cases, so that there is nothing to warn of"
_RULE = "is passed as a rule by months in which the money lasts, and would tell of nothing"


class AlertRecommendation(RecommendedAlert):
    """The amount at which an alert percentage leaves `reaction_days` before the money is gone, on 9 in 10 paths.

    Where no amount above zero does, it is not `possible`, and `amount` stays what it is.
    """

    possible: bool


@dataclass(frozen=True, slots=True)
class WarningTime:
    """One wallet's period under a purse. `most` is what the wallet can spend each month: no alert above it ever fires.

    An alert has one amount for all months, so that of money carried over into this one counts no more than what others
    get. `room` is what a hard limit leaves. `is_rule` says whether spend passes an amount as a rule, so that an
    alert tells of nothing; it is None where the days that were seen do not tell.
    """

    question: WalletQuestion
    course: Course
    period: Period
    wanted: Demand
    purse: Purse
    most: Decimal
    room: Floats | float
    is_rule: Callable[[Decimal], bool] | None = None

    def alerts(self, days: int) -> Iterator[AlertRecommendation]:
        """Yield for each monthly alert the amount that is reached `days` days before traffic stops.

        None for a hard limit: its amount stops traffic and warns of nothing.
        """
        monthly = [budget for budget in self.question.alerts_desired if budget.period == "monthly"]
        budgets = [budget for budget in monthly if not budget.hard_limit]
        before = self._spent_before(days) if budgets else None
        for budget in budgets:
            for percentage in budget.alert_percentages:
                value, told = self._advised(budget, percentage, before, days)
                yield AlertRecommendation(
                    team=self.question.wallet.team,
                    environment=self.question.wallet.environment,
                    name=budget.name,
                    percentage=percentage,
                    currency=budget.currency,
                    current=budget.amount,
                    amount=value if value > 0 else budget.amount,
                    reaction_days=days,
                    reason=told,
                    possible=value > 0,
                )

    def _advised(
        self, budget: BillingBudget, percentage: AlertPercentage, before: Floats | None, days: int
    ) -> tuple[Decimal, str]:
        """Return the amount, nothing where none is possible, and why that one."""
        kept = min(budget.amount, self._most(budget))
        if before is None:
            idle = self._is_idle and self._spent <= 0
            return (Decimal(0), _IDLE) if idle else (kept, _LASTS)
        threshold = money(float(np.quantile(before, 0.1)))
        spent = f"{days} days before the money is gone, spend has reached {amount(threshold, budget.currency)}"
        value, where = self._amount(budget, percentage, threshold)
        why = f"{percentage}% of {amount(value, budget.currency)} fires {where}{self._fired(value * percentage / 100)}"
        if value <= 0:
            why = f"no amount leaves {days} days"
        elif value < kept and self.is_rule and self.is_rule(value * max(budget.alert_percentages) / 100):
            value, why = kept, f"{amount(value, budget.currency)} {_RULE}"
        return value, f"{spent} in 9 of 10 cases; {why}"

    @property
    def _is_idle(self) -> bool:
        """Whether the wallet is expected to spend nothing more."""
        return not self.wanted.total.size or float(np.quantile(self.wanted.total[-1], IDLE)) <= 0

    @property
    def _spent(self) -> Decimal:
        """What the period has spent by now: nothing of one that has not begun."""
        if self.wanted.opens:
            return Decimal(0)
        return self.course.exact(self.period.first, self.course.as_of) + Decimal(repr(float(self.course.paid)))

    def _fired(self, fires_at: Decimal) -> str:
        """Say where so much is spent already that the alert comes too late this month."""
        spent, currency = self._spent, self.question.wallet.currency
        late = f"; {amount(spent, currency)} is spent already, so that this month it fires at once"
        return late if 0 < fires_at <= spent else ""

    def _amount(self, budget: BillingBudget, percentage: AlertPercentage, threshold: Decimal) -> tuple[Decimal, str]:
        """Return the amount, and where it fires: at the threshold, or before it where the wallet gets less."""
        most = self._most(budget)
        value = three_digits(threshold * 100 / percentage, ROUND_FLOOR)
        if abs(value - budget.amount) <= NEAR_ENOUGH * budget.amount and budget.amount <= most:
            return budget.amount, "there"
        return (value, "there") if value <= most else (most, "before that")

    def _most(self, budget: BillingBudget) -> Decimal:
        """Return the most at which all alerts of `budget` still fire."""
        return payable(whole_cents_of(self.most * 100 / max(100, *budget.alert_percentages)), budget.currency)

    def _spent_before(self, days: int) -> Floats | None:
        """Return float64[paths]: the month's spend `days` days before exhaustion; None where that is rare."""
        course, period, total = self.course, self.period, self.wanted.total
        spent: Floats | float = 0.0
        if not self.wanted.opens:
            known = float(course.exact(period.first, course.as_of) + course.paid)
            spent = known + course.rest(period.first, course.as_of) - self.wanted.owed
        gone = depletion(self.wanted, self.purse, room=self.room).day
        chosen = np.isfinite(gone)
        if float(chosen.mean()) < ENOUGH_PATHS:
            return None
        last = np.where(chosen, gone, len(total) - 1)
        column = np.clip(last - days, -1, None).astype(np.intp)
        before = np.concatenate([np.zeros((1, course.count)) + self.wanted.owed, total])
        return np.asarray((spent + np.take_along_axis(before, column[None, :] + 1, axis=0)[0])[chosen])
