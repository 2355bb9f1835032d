"""What some days of a team came to: ordinary traffic by workload, and apart from it fallbacks and one-offs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from reconciler.review.one_offs import one_off_days, usual
from reconciler.review.side import NONE, Side, completed
from reconciler.review.traffic import Bools, Seen, Traffic, Unit

AROUND = 28


@dataclass(frozen=True, slots=True)
class Account:
    """One unit's days, or what they were expected to be: ordinary traffic, fallback premium, and all else (credits,
    what ran away). `total` is the sum of the three."""

    side: Side
    fallback: Decimal = NONE
    one_off: Decimal = NONE

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
        return Account(side, premium, traffic.money("cost", days) - side.cost - premium)


def known(seen: Seen) -> Known:
    weekdays = seen.weekdays
    away = {unit: one_off_days(traffic.ordinary, weekdays) for unit, traffic in seen.units.items()}
    return Known(
        seen,
        away,
        {
            unit: usual(traffic.requests.astype(np.float64), weekdays, away[unit])
            if away[unit].any()
            else np.zeros(len(weekdays))
            for unit, traffic in seen.units.items()
        },
    )


def is_burst(traffic: Traffic, *, longest: int, silent: int) -> bool:
    """Return whether all of a unit's traffic was on a few days, and has been over for some time."""
    active = np.flatnonzero(traffic.requests)
    return bool(len(active)) and active[-1] - active[0] < longest and len(traffic.hits) - active[-1] > silent


def _around(days: Bools) -> Bools:
    at = np.flatnonzero(days)
    wide = np.zeros_like(days)
    wide[max(int(at[0]) - AROUND, 0) : int(at[-1]) + AROUND + 1] = True
    return wide
