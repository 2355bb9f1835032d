"""The wallet under one amount of money: whether and when it runs out, and the demand that finds it empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from reconciler.forecast.calendar import running_sum
from reconciler.forecast.course import Course
from reconciler.forecast.document import document
from reconciler.forecast.panel import Bools, Floats
from reconciler.forecast.quantiles import NEVER, date_quantiles, share_of_paths
from reconciler.model.forecast import Exhaustion, WalletOutlook
from reconciler.model.money import Money, cents
from reconciler.model.period import Period

HALF_A_CENT = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """What is to be paid: `total` float64[days, paths] is the running sum over [as_of, period end), never falling.

    `opens` counts the days from as_of to the one from which the money drains. `owed`, for each path, was spent before
    as_of and is still in the money. `backed`: what the wallet cannot pay is paid all the same, by the organization's.
    """

    as_of: date
    total: Floats
    opens: int
    owed: Floats | float = 0.0
    backed: bool = False

    @property
    def paths(self) -> int:
        return int(self.total.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Drain:
    """How a wallet empties: `day` float64[paths] counts from as_of, infinite where the money lasts.

    `paid` is float64[days, paths]: what is paid up to each day of [as_of, period end), by the wallet or for it.
    """

    day: Floats
    paid: Floats
    unserved: Floats
    certain: bool

    def served(self) -> Floats:
        """Return float64[days, paths]: what is paid on each day."""
        served = self.paid.copy()
        served[1:] -= self.paid[:-1]
        return served


def demand(
    course: Course,
    *,
    period: Period,
    since: date | None = None,
    unpaid_since: date | None = None,
    backed: bool = False,
) -> Demand:
    """Return what is to be paid to the end of `period`: from as_of on, or from a later day `since`."""
    ahead = course.ahead(period.end)
    opens = max(((since or course.as_of) - course.as_of).days, 0)
    if opens:
        ahead = ahead.copy()
        ahead[:opens] = 0.0
    owed = course.simulated(unpaid_since, course.as_of).sum(axis=0) if unpaid_since and not opens else 0.0
    return Demand(course.as_of, running_sum(ahead), opens, owed, backed)


def drain(wanted: Demand, *, money_left: Money) -> Drain:
    """Return how `money_left` drains."""
    total = wanted.total
    available = np.maximum(float(max(money_left.amount, Decimal(0))) - wanted.owed, 0.0)
    paid = total if wanted.backed else np.minimum(total, available)
    unserved = np.maximum(total[-1] - available, 0.0) if total.size else np.zeros(wanted.paths)
    if not (total.size and total[-1].max() >= HALF_A_CENT):
        return Drain(np.full(wanted.paths, NEVER), paid, unserved, certain=True)
    if not available.any():
        return Drain(np.full(wanted.paths, float(wanted.opens)), paid, unserved, certain=True)
    return Drain(days_until(total > available), paid, unserved, certain=False)


def days_until(reached: Bools) -> Floats:
    """Return float64[..., paths]: on which day of `reached` bool[..., days, paths] it first holds, infinite if never.

    What is reached stays reached, so that the days before are simply counted.
    """
    counter = np.uint8 if reached.shape[-2] < 256 else np.uint32
    before = np.add.reduce(np.logical_not(reached).view(np.uint8), axis=-2, dtype=counter)
    return np.where(reached[..., -1, :], before, NEVER)


def wallet_outlook(
    emptied: Drain, *, start: date, target: Money, money_left: Money, spent: Decimal, unserved: Mapping[str, Decimal]
) -> WalletOutlook:
    """Return the outlook in the form that documents carry."""
    ordered = np.sort(emptied.day)
    gone = int(np.searchsorted(ordered, NEVER))
    chance = float(emptied.day[0] < NEVER) if emptied.certain else share_of_paths(gone, len(ordered))
    return document(
        WalletOutlook,
        {
            "target": target.amount,
            "ceiling": cents(spent + money_left.amount),
            "money_left": money_left.amount,
            "exhaustion": document(Exhaustion, {"probability": chance, "date": date_quantiles(ordered, start=start)}),
            "unserved": unserved,
        },
    )
