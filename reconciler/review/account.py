"""What some days of a team came to: ordinary traffic by workload, and apart from it fallbacks and one-offs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from reconciler.review.one_offs import monthly, one_off_days, runs, usual
from reconciler.review.side import NONE, Side, completed
from reconciler.review.traffic import Bools, Floats, Ints, Seen, Traffic, Unit

AROUND = 28

TAKES_PART = 1.25
"""How many times its usual requests a unit has when the team's one-off is its own as well."""


@dataclass(frozen=True, slots=True)
class Account:
    """One unit's days, or what they were expected to be: ordinary traffic, fallback premium, and all else (credits,
    what ran away). `total` is the sum of the three; `credits` is part of the last one."""

    side: Side
    fallback: Decimal = NONE
    one_off: Decimal = NONE
    credits: Decimal = NONE

    @property
    def total(self) -> Decimal:
        return self.side.cost + self.fallback + self.one_off


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A team's traffic with its one-off days, and how many requests those would usually have had."""

    seen: Seen
    away: Mapping[Unit, Bools]
    usual: Mapping[Unit, np.ndarray]

    def side(self, unit: Unit, days: Bools) -> Side:
        """Return the ordinary traffic of a unit on some days; one-off days as they usually are."""
        traffic, away = self.seen.units[unit], self.away[unit]
        side = traffic.side(days & ~away)
        lost = days & away
        if not lost.any():
            return side
        requests = side.requests + Decimal(repr(round(float(self.usual[unit][lost].sum()), 3)))
        if not side.is_known:
            side = traffic.side(_around(lost) & ~away)
        return side.with_requests(requests)

    def account(self, unit: Unit, days: Bools, other: Side) -> Account:
        """Return what a unit spent on some days. Where it paid for nothing as usual, `other` tells what is usual."""
        traffic = self.seen.units[unit]
        side = completed(self.side(unit, days), other)
        usual = (side.tokens or NONE) * side.price
        premium = traffic.money("fallback_cost", days) - traffic.count("fallbacks", days) * usual
        one_off = traffic.money("cost", days) - side.cost - premium
        return Account(side, premium, one_off, traffic.money("credits", days))


def known(seen: Seen) -> Known:
    weekdays, end = seen.weekdays, seen.start + timedelta(days=len(seen.weekdays))
    requests = {unit: traffic.requests.astype(np.float64) for unit, traffic in seen.units.items()}
    none = np.zeros(len(weekdays))
    total = sum((each.ordinary for each in seen.units.values()), none)
    common = _away(sum(requests.values(), none), total, weekdays, end)
    away = {
        unit: _away(requests[unit], traffic.ordinary, weekdays, end) | _with_all(requests[unit], common, weekdays)
        for unit, traffic in seen.units.items()
    }
    return Known(seen, away, {unit: usual(requests[unit], weekdays, days) for unit, days in away.items()})


def _away(requests: Floats, cost: Floats, weekdays: Ints, end: date) -> Bools:
    """Return the one-off days of a series: what runs away shows in its requests, in its cost or in both.

    What comes on one day of each month, a batch or a closing, is none. The last day is the one before `end`.
    """
    found = one_off_days(requests, weekdays) | one_off_days(cost, weekdays)
    return found & ~monthly(found, end)


def _with_all(requests: Floats, common: Bools, weekdays: Ints) -> Bools:
    """Return the team's one-off days, where a unit took part in them."""
    taken = common.copy()
    expected = usual(requests, weekdays, common)
    for start, end in runs(common):
        taken[start:end] = requests[start:end].sum() > TAKES_PART * expected[start:end].sum()
    return taken


def is_burst(traffic: Traffic, *, longest: int, silent: int) -> bool:
    """Return whether all of a unit's traffic was on a few days, and has been over for some time."""
    active = np.flatnonzero(traffic.requests)
    return bool(len(active)) and active[-1] - active[0] < longest and len(traffic.hits) - active[-1] > silent


def _around(days: Bools) -> Bools:
    at = np.flatnonzero(days)
    wide = np.zeros_like(days)
    wide[max(int(at[0]) - AROUND, 0) : int(at[-1]) + AROUND + 1] = True
    return wide
