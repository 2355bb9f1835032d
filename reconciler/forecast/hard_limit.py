"""Hard limits: of a month's spend no more than the amount is served, however much money the wallet has.

Limits of other windows than a month, and those of other scopes than the wallet's team, are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

import numpy as np

from reconciler.forecast.alerts import Month
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
    """The lowest hard limit of a wallet. `room` is what of it is left from as_of on: one amount, or float64[paths]."""

    budget: BillingBudget
    room: Floats | float


def stop_of(month: Month, budgets: Iterable[BillingBudget]) -> Stop | None:
    """Return what stops a wallet's traffic in `month`; None where nothing does but its money."""
    limits = [budget for budget in budgets if budget.hard_limit and budget.period == "monthly"]
    if not limits:
        return None
    lowest = min(limits, key=lambda budget: (budget.amount, budget.name))
    exact, simulated = month.missing(lowest.amount)
    return Stop(lowest, max(float(exact), 0.0) if simulated is None else np.maximum(simulated, 0.0))


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
    """Yield that a hard limit stops traffic before the month is over, where that is likely and money is left."""
    if stop is None or not wanted.total.size:
        return
    stops = stop.room + wanted.owed
    stopped = (emptied.day < NEVER) & (stops < emptied.held)
    probability = float(stopped.mean())
    if probability < LIKELY:
        return
    budget = stop.budget
    middle = date_quantiles(np.sort(np.where(stopped, emptied.day, NEVER)), start=as_of)["0.5"]
    when = f" on {middle}" if middle else ""
    lacking = Decimal(repr(max(float(np.quantile(wanted.total[-1] - stops, 0.9)), 0.0)))
    missing = Money(lacking.to_integral_value(ROUND_CEILING), budget.currency)
    yield WalletNotice(
        code=HARD_LIMIT,
        message=f"reaches its hard limit {budget.name} of {Money(budget.amount, budget.currency)}{when}, before the"
        f" month is over, with probability {chance(probability)}: traffic stops there, whatever the wallet holds",
        hint=f"raise its `amount` by {missing} to last the month in 9 of 10 cases, or write `hard_limit: false`",
        since=middle,
        probability=round(probability, 4),
    )
