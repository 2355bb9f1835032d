"""The wallet under one amount of money: whether and when it runs out, and the demand that finds it empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from reconciler.forecast.course import Course
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import NEVER, date_quantiles, money_quantiles, probability
from reconciler.model.forecast import Exhaustion, WalletOutlook
from reconciler.model.money import Money
from reconciler.model.period import Period

HALF_A_CENT = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Drain:
    """How a wallet empties: `day` float64[paths] counts from as_of, infinite where the money lasts.

    `served` is float64[paths, days]: what is paid on each day of [as_of, period end) before the money is gone.
    """

    day: Floats
    served: Floats
    unserved: Floats
    certain: bool


def drain(course: Course, *, money_left: Money, period: Period, since: date | None = None) -> Drain:
    """Return how `money_left` drains to the end of `period`: from as_of on, or from a later day `since`."""
    ahead = course.ahead(period.end)
    if since is not None and since > course.as_of:
        ahead = ahead.copy()
        ahead[:, : (since - course.as_of).days] = 0.0
    total = np.cumsum(ahead, axis=1)
    available = float(max(money_left.amount, Decimal(0)))
    demand = bool(ahead.size and total[:, -1].max() >= HALF_A_CENT)
    served = np.diff(np.minimum(total, available), axis=1, prepend=0.0)
    unserved = np.maximum(total[:, -1] - available, 0.0) if ahead.size else np.zeros(course.count)
    if not demand:
        return Drain(np.full(course.count, NEVER), served, unserved, certain=True)
    if available == 0:
        first = max(((since or course.as_of) - course.as_of).days, 0)
        return Drain(np.full(course.count, float(first)), served, unserved, certain=True)
    over = total > available
    day = np.where(over.any(axis=1), over.argmax(axis=1), NEVER)
    return Drain(day, served, unserved, certain=False)


def wallet_outlook(
    course: Course, emptied: Drain, *, target: Money, money_left: Money, spent: Decimal, keys: Sequence[str]
) -> WalletOutlook:
    """Return the outlook in the form that documents carry."""
    gone = np.isfinite(emptied.day)
    return WalletOutlook(
        target=target.amount,
        ceiling=spent + money_left.amount,
        money_left=money_left.amount,
        exhaustion=Exhaustion(
            probability=float(gone[0]) if emptied.certain else probability(gone),
            date=date_quantiles(emptied.day, start=course.as_of),
        ),
        unserved=money_quantiles(emptied.unserved, exact=Decimal(0), keys=keys),
    )
