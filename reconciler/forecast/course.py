"""One wallet's course: exact days up to now, simulated days after it, and sums over both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

import numpy as np

from reconciler.forecast.history import Spend
from reconciler.forecast.later import LaterCourse, LaterDays
from reconciler.forecast.panel import Floats
from reconciler.model.period import Period

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """`days` is float64[days, paths]: the net cost of each day from `start`, the first day not known in full.

    `start` is at most `as_of`. `later` are the days after them, of which there are sums only; None if there are none.
    `paid` is what of the day `as_of` is already spent or reserved, and so no longer in the balance.
    """

    as_of: date
    start: date
    spend: Spend
    days: Floats
    later: LaterCourse | LaterDays | None = None
    paid: Decimal = NOTHING
    _sums: dict[tuple[int, int], Floats] = field(default_factory=dict)
    _rests: dict[tuple[date, date], Floats] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return int(self.days.shape[1])

    def exact(self, start: date, end: date) -> Decimal:
        """Return the exact spend of the days in [start, end) that are known in full."""
        return self.spend.between(start, min(end, self.start)) if start < self.start else NOTHING

    def simulated(self, start: date, end: date) -> Floats:
        """Return float64[days, paths] of the simulated days in [start, end), which are not among the later ones."""
        low, high = max((start - self.start).days, 0), max((end - self.start).days, 0)
        return self.days[low:high]

    def rest(self, start: date, end: date) -> Floats:
        """Return float64[paths]: what the simulated days in [start, end) add to the exact ones.

        Sums are taken month by month and kept: a year is the sum of its months.
        """
        known = self._rests.get((start, end))
        if known is None:
            known = self._rests[start, end] = self._rest(start, end)
        return known

    def _rest(self, start: date, end: date) -> Floats:
        low, high = max((start - self.start).days, 0), min((end - self.start).days, self._end)
        borders = _borders(self.start, low, high)
        total = self._sum(*borders[:2]) if len(borders) > 1 else np.zeros(self.count)
        for first, last in pairwise(borders[1:]):
            total = total + self._sum(first, last)
        return total

    @property
    def end(self) -> date:
        """The day after the last simulated one."""
        return self.start + timedelta(days=self._end)

    @property
    def _end(self) -> int:
        return self.later.end if self.later is not None else len(self.days)

    def _sum(self, low: int, high: int) -> Floats:
        near = len(self.days)
        if (low, high) not in self._sums:
            if self.later is None or high <= near:
                self._sums[low, high] = np.asarray(np.add.reduce(self.days[low:high], axis=0))
            elif low < near:
                self._sums[low, high] = np.add.reduce(self.days[low:], axis=0) + self._sum(near, high)
            else:
                self._take(self.later, _borders(self.start, near, self.later.end))
        if (low, high) not in self._sums and self.later is not None:
            self._take(self.later, (low, high))
        return self._sums[low, high]

    def _take(self, later: LaterCourse | LaterDays, borders: tuple[int, ...]) -> None:
        self._sums.update(zip(pairwise(borders), later.sums(borders), strict=True))

    def ahead(self, end: date) -> Floats:
        """Return float64[days, paths]: what is still to be paid on each day of [as_of, end)."""
        ahead = self.simulated(self.as_of, end)
        if self.paid and len(ahead):
            ahead = ahead.copy()
            ahead[0] = np.maximum(ahead[0] - float(self.paid), 0.0)
        return ahead


def make_course(
    days: Floats,
    *,
    spend: Spend,
    start: date,
    as_of: date,
    later: LaterCourse | LaterDays | None = None,
    settled: Decimal = NOTHING,
    reserved: Decimal = NOTHING,
    share: float = 1.0,
) -> Course:
    """Return the course of a wallet: on a day known in part, at least what is known is spent.

    Of the day `as_of` the usage and the ledger, `settled`, may know different parts; the larger one counts
    (decision 0040). What is `reserved` is taken for a part of that day which is paid already and not spent yet. Of what
    a day costs, `share` is paid in the end: what is known of it does so too.
    """
    today = spend.between(as_of, as_of + timedelta(days=1))
    for row in range(min((as_of - start).days + 1, len(days))):
        day = date.fromordinal(start.toordinal() + row)
        net, gross = (float(settled),) * 2 if day == as_of and settled > today else spend.on(day)
        if gross or net:
            days[row] = net + np.maximum(days[row] - share * gross, 0.0)
    return Course(as_of, start, spend, days, later, paid=max(today, settled) + reserved)


@lru_cache(maxsize=1024)
def _borders(start: date, low: int, high: int) -> tuple[int, ...]:
    """Return `low`, the firsts of months after it and `high`, as days from `start`; nothing where there is no day."""
    if low >= high:
        return ()
    borders, first = [low], Period.of(start + timedelta(days=low)).end
    while (first - start).days < high:
        borders.append((first - start).days)
        first = Period.of(first).end
    return (*borders, high)
