"""The wallet under one amount of money: whether and when it runs out, and the demand that finds it empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from reconciler.forecast.calendar import running_sum
from reconciler.forecast.course import Course
from reconciler.forecast.panel import Bools, Floats
from reconciler.forecast.quantiles import NEVER, date_quantiles, money, share_of_paths
from reconciler.model.forecast import Exhaustion, WalletOutlook
from reconciler.model.frozen import document
from reconciler.model.money import Money, cents
from reconciler.model.period import Period
from reconciler.model.purse import Purse

HALF_A_CENT = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """What is to be paid: `total` float64[days, paths] is the running sum over [as_of, period end), never falling:
    what comes back on a day pays for days after it.

    `opens` counts the days from as_of to the period's first; before it nothing is counted, and `earlier` holds what
    each month up to then costs, float64[paths] from as_of on. `owed`, for each path, was spent before as_of and is
    still in the money: it is in `total`, or in the first of the earlier months. `pool_pays`: what the wallet cannot pay
    is paid all the same, by the organization's.
    """

    as_of: date
    total: Floats
    opens: int
    earlier: tuple[Floats, ...] = ()
    owed: Floats | float = 0.0
    pool_pays: bool = False

    @property
    def paths(self) -> int:
        return int(self.total.shape[1])

    def carried(self, purse: Purse) -> Floats | float:
        """Return what is left when the period opens, before its own money comes in: now, where it has begun."""
        held: Floats | float = float(purse.held)
        openings = {opening.period: opening for opening in purse.openings}
        month = Period.of(self.as_of)
        for place, spent in enumerate(self.earlier):
            month = month.plus(1)
            opening = openings.get(month)
            held = np.maximum(held - spent, 0.0) if opening is None or opening.keeps else 0.0
            if opening is not None and place < len(self.earlier) - 1:
                held = np.maximum(held + float(opening.added), 0.0)
        return held

    def holds(self, purse: Purse) -> Floats | float:
        """Return what the period can spend of `purse`, from as_of or from when it opens."""
        held = self.carried(purse)
        if not self.earlier or not purse.openings:
            return held
        return np.maximum(held + float(purse.openings[-1].added), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Depletion:
    """How a wallet empties: `day` float64[paths] counts from as_of, infinite where the money lasts.

    `paid` is float64[days, paths]: what is paid up to each day of [as_of, period end), by the wallet or for it, with
    what is `owed` from before. `held` is what the wallet had to pay it from.
    """

    day: Floats
    paid: Floats
    unserved: Floats
    held: Floats | float
    owed: Floats | float
    certain: bool

    def served(self) -> Floats:
        """Return float64[days, paths]: what is paid on each day."""
        served = self.paid.copy()
        served[1:] -= self.paid[:-1]
        if len(served):
            served[0] -= self.owed
        return served


def demand(course: Course, *, period: Period, unpaid_since: date | None = None, pool_pays: bool = False) -> Demand:
    """Return what is to be paid of `period`, and before it from as_of on; `unpaid_since`: the first day still owed."""
    ahead = course.ahead(period.end)
    opens = max((period.first - course.as_of).days, 0)
    owed = course.simulated(unpaid_since, course.as_of).sum(axis=0) if unpaid_since else 0.0
    if not opens:
        total = _running(ahead)
        if unpaid_since:
            total += owed
        return Demand(course.as_of, total, 0, owed=owed, pool_pays=pool_pays)
    earlier = tuple(_months(ahead, course.as_of, period))
    ahead = ahead.copy()
    ahead[:opens] = 0.0
    return Demand(course.as_of, _running(ahead), opens, (earlier[0] + owed, *earlier[1:]), pool_pays=pool_pays)


def _running(ahead: Floats) -> Floats:
    """Return float64[days, paths]: the most that was to be paid by each day."""
    total = running_sum(ahead)
    return np.maximum.accumulate(total, axis=0) if ahead.size and ahead.min() < 0.0 else total


def _months(ahead: Floats, as_of: date, period: Period) -> Iterator[Floats]:
    """Yield float64[paths]: what each month from as_of up to `period` costs."""
    first = as_of
    while first < period.first:
        end = Period.of(first).end
        yield np.add.reduce(ahead[(first - as_of).days : (end - as_of).days], axis=0)
        first = end


def depletion(wanted: Demand, purse: Purse, *, room: Floats | float = NEVER) -> Depletion:
    """Return how `purse` drains. One without money and without more to come is empty from the start where it is needed.

    No more than `room` is served from as_of on, whoever pays: there a hard limit stops traffic. Without any it stands
    still from the start as well.
    """
    total, held = wanted.total, wanted.holds(purse)
    owed = wanted.owed if wanted.pool_pays else np.minimum(wanted.owed, held)
    stops = room + wanted.owed
    served = np.minimum(held, stops)
    paid = np.minimum(total, stops if wanted.pool_pays else served)
    unserved = np.maximum(total[-1] - np.maximum(served, wanted.owed), 0.0) if total.size else np.zeros(wanted.paths)
    if not (total.size and (total[-1] - wanted.owed).max() >= HALF_A_CENT):
        return Depletion(np.full(wanted.paths, NEVER), paid, unserved, held, owed, certain=True)
    if purse.is_empty:
        needed = total[-1] > served
        day = np.where(needed, float(wanted.opens), NEVER)
        return Depletion(day, paid, unserved, held, owed, certain=bool(needed.all()))
    day = days_until(total > served)
    day = np.where((day < NEVER) & (np.asarray(room) <= 0), float(wanted.opens), day)
    return Depletion(day, paid, unserved, held, owed, certain=False)


def days_until(reached: Bools) -> Floats:
    """Return float64[..., paths]: on which day of `reached` bool[..., days, paths] it first holds, infinite if never.

    What is reached stays reached, so that the days before are simply counted.
    """
    counter = np.uint8 if reached.shape[-2] < 256 else np.uint32
    before = np.add.reduce(np.logical_not(reached).view(np.uint8), axis=-2, dtype=counter)
    return np.where(reached[..., -1, :], before, NEVER)


def wallet_outlook(
    emptied: Depletion,
    purse: Purse,
    *,
    start: date,
    target: Money,
    funded: Decimal,
    unserved: Mapping[str, Decimal],
) -> WalletOutlook:
    """Return the outlook in the form that documents carry: of a period to come, what it can spend is the median."""
    ordered = np.sort(emptied.day)
    gone = int(np.searchsorted(ordered, NEVER))
    chance = float(emptied.day[0] < NEVER) if emptied.certain else share_of_paths(gone, len(ordered))
    left = money(float(np.median(emptied.held))) if purse.openings else purse.held
    return document(
        WalletOutlook,
        {
            "target": target.amount,
            "funded": cents(funded),
            "ceiling": cents(purse.gone + left),
            "money_left": cents(left),
            "exhaustion": document(Exhaustion, {"probability": chance, "date": date_quantiles(ordered, start=start)}),
            "unserved": unserved,
        },
    )
