"""How much a team asks for, at what a request costs now: a price, a cache, another model and longer answers are none.

Reviews count demand in the same way. Spend of a workload that is new is an investment, and no growth of what was there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.forecast.windows import DAYS_OF_A_MONTH, HISTORY_DAYS, WINDOW_DAYS, Window
from reconciler.model.usage import NANO, DailyUsage

if TYPE_CHECKING:
    from reconciler.forecast.observed import Rows
    from reconciler.forecast.team_usage import TeamUsage

Unit = tuple[str, str]
"""A wallet and a workload in it."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a month cost before and costs now, in major units, both at what a request costs now."""

    before: float
    now: float


@dataclass(frozen=True, slots=True)
class _Asked:
    """The `cost` of some days in major units, credits left out, and their `requests`: 0 where rows are none."""

    cost: float
    requests: int

    def at_the_price_of(self, now: _Asked | None) -> float:
        """Return what these days cost where a request costs what it does `now`; as they did, where that is unknown."""
        if now is None or not now.requests or not self.requests:
            return self.cost
        return self.requests * now.cost / now.requests


def demand_since(view: TeamUsage, window: Window) -> Demand | None:
    """Return the days of `window` beside the four weeks before its month; None where these have no cost."""
    usage = view.observations.usage
    if usage is None:
        return None
    start, end = window.before_days
    earlier, later = view.rows_between(start, end), view.rows_between(window.start, window.end)
    known = view.rows_between(end - timedelta(days=HISTORY_DAYS), end)
    names = frozenset(usage.workload[known].tolist()) if usage.workload[earlier].any() else frozenset[str]()
    before, now = (dict(_asked(usage, rows, names)) for rows in (earlier, later))
    then = sum(each.at_the_price_of(now.get(unit)) for unit, each in before.items())
    if then <= 0:
        return None
    cost = sum(each.cost for each in now.values())
    return Demand(then / WINDOW_DAYS * DAYS_OF_A_MONTH, cost / window.days * DAYS_OF_A_MONTH)


def _asked(usage: DailyUsage, rows: Rows, names: frozenset[str]) -> Iterator[tuple[Unit, _Asked]]:
    """Yield what each of the workloads `names` asked for; without names what each wallet did.

    Where each day is one row, rows are sums and no requests.
    """
    cost = usage.cost[rows] - usage.credits[rows]
    requests = usage.requests[rows] - (0 if usage.apart is None else usage.apart.credit_rows[rows])
    units = list(zip(usage.wallet[rows].tolist(), usage.workload[rows].tolist(), strict=True))
    places: dict[Unit, list[int]] = {}
    for place, (wallet, workload) in enumerate(units):
        if not names or workload in names:
            places.setdefault((wallet, workload if names else ""), []).append(place)
    for unit, own in places.items():
        is_counted = bool((requests[own] > 1).any())
        yield unit, _Asked(float(cost[own].sum()) / NANO, int(requests[own].sum()) if is_counted else 0)
