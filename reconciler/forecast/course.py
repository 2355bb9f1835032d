"""One wallet's course: exact days up to now, simulated days after it, and sums over both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from reconciler.forecast.history import Spend
from reconciler.forecast.panel import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """`paths` is float64[paths, days]: the net cost of each day from `start`, the first day not known in full.

    `start` is at most `as_of`. `paid` is what of the day `as_of` is already spent, and so no longer in the balance.
    """

    as_of: date
    start: date
    spend: Spend
    paths: Floats
    paid: float = 0.0

    @property
    def count(self) -> int:
        return int(self.paths.shape[0])

    def exact(self, start: date, end: date) -> Decimal:
        """Return the exact spend of the days in [start, end) that are known in full."""
        return self.spend.between(start, min(end, self.start))

    def simulated(self, start: date, end: date) -> Floats:
        """Return float64[paths, days] of the simulated days in [start, end)."""
        low, high = max((start - self.start).days, 0), max((end - self.start).days, 0)
        return self.paths[:, low:high]

    def rest(self, start: date, end: date) -> Floats:
        """Return float64[paths]: what the simulated days in [start, end) add to the exact ones."""
        return np.asarray(self.simulated(start, end).sum(axis=1))

    def ahead(self, end: date) -> Floats:
        """Return float64[paths, days]: what is still to be paid on each day of [as_of, end)."""
        ahead = self.simulated(self.as_of, end)
        if self.paid and ahead.shape[1]:
            ahead = ahead.copy()
            ahead[:, 0] = np.maximum(ahead[:, 0] - self.paid, 0.0)
        return ahead


def make_course(simulated: Floats, *, spend: Spend, start: date, as_of: date) -> Course:
    """Return the course of a wallet: on a day known in part, at least what is known is spent."""
    paths = simulated
    for column in range(min((as_of - start).days + 1, paths.shape[1])):
        net, gross = spend.on(date.fromordinal(start.toordinal() + column))
        if gross or net:
            paths[:, column] = net + np.maximum(paths[:, column] - gross, 0.0)
    return Course(as_of, start, spend, paths, paid=spend.on(as_of)[0])
