"""Hard limits: of a month's spend no more than the amount is served, however much money the wallet has.

Limits of other windows than a month, and those of other scopes than the wallet's team, are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

import numpy as np

from reconciler.forecast.alerts import Month, already
from reconciler.forecast.outlook import Demand, Depletion
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import NEVER, date_quantiles
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.words import chance
from reconciler.model.forecast import BUDGET_CURRENCY, HARD_LIMIT, WalletNotice
from reconciler.model.kinds.billing_budget import BillingBudget
from reconciler.model.money import Money

LIKELY = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """The lowest hard limit of a wallet. `left` is what of it is left from as_of on, below zero where more was spent:
    one amount, or float64[paths]. `since` is the day by which it is known to be reached.
    """

    budget: BillingBudget
    left: Floats | float
    since: date | None = None

    @property
    def room(self) -> Floats | float:
        """What is still served: one amount, or float64[paths]."""
        return np.maximum(self.left, 0.0)


def stop_of(month: Month, budgets: Iterable[BillingBudget]) -> Stop | None:
    """Return what stops a wallet's traffic in `month`; None where nothing does but its money."""
    limits = [budget for budget in budgets if budget.hard_limit and budget.period == "monthly"]
    if not limits:
        return None
    lowest = min(limits, key=lambda budget: (budget.amount, budget.name))
    exact, simulated = month.missing(lowest.amount)
    left = float(exact) if simulated is None else simulated
    (since,) = already(month, lowest.period, [lowest.amount]) if np.all(left <= 0) else (None,)
    return Stop(lowest, left, since)


def room_of(stop: Stop | None) -> Floats | float:
    return NEVER if stop is None else stop.room


def currency_notices(question: WalletQuestion) -> Iterator[WalletNotice]:
    """Yield each billing budget that no spend is held against, since it is in another currency."""
    for budget in question.alerts_elsewhere:
        what = "hard limit" if budget.hard_limit else "billing budget"
        stops = " or stops traffic" if budget.hard_limit else ""
        yield WalletNotice(
            code=BUDGET_CURRENCY,
            message=f"is watched by the {what} {budget.name} of {Money(budget.amount, budget.currency)}, which is in no"
            f" figure: what is spent in {question.wallet.currency} is not held against it, so nobody knows when it"
            f" fires{stops}",
            hint=f"give it an amount in {question.wallet.currency} in Keeptrusts, or delete it there",
        )


def limit_notices(stop: Stop | None, wanted: Demand, emptied: Depletion, *, as_of: date) -> Iterator[WalletNotice]:
    """Yield that a hard limit stops traffic before the month is over, where that is likely and money is left.

    One that is reached already stops it for certain, whether or not there is money or anybody asks.
    """
    if stop is None or not wanted.total.size:
        return
    reached = np.broadcast_to(stop.room <= 0, emptied.day.shape)
    stopped = reached | (emptied.day < NEVER) & (stop.room + wanted.owed < emptied.held)
    probability = 1.0 if stop.since else float(stopped.mean())
    if probability < LIKELY:
        return
    budget = stop.budget
    days = np.where(reached, float(wanted.opens), np.where(stopped, emptied.day, NEVER))
    middle = stop.since or date_quantiles(np.sort(days), start=as_of)["0.5"]
    when = f" on {middle}" if middle else ""
    lacking = Decimal(repr(max(float(np.quantile(wanted.total[-1] - (stop.left + wanted.owed), 0.9)), 0.0)))
    missing = Money(lacking.to_integral_value(ROUND_CEILING), budget.currency)
    limit = f"its hard limit {budget.name} of {Money(budget.amount, budget.currency)}{when}"
    yield WalletNotice(
        code=HARD_LIMIT,
        message=f"reached {limit}: traffic stands still until the month is over, whatever the wallet holds"
        if stop.since
        else f"reaches {limit}, before the month is over, with probability {chance(probability)}: traffic stops there,"
        " whatever the wallet holds",
        hint=f"raise its `amount` by {missing} to last the month in 9 of 10 cases, or write `hard_limit: false`",
        since=middle,
        probability=round(probability, 4),
    )
