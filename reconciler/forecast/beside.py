"""Which paths of the wallets lie beside each other where wallets are added: whole paths change places, none changes.

So a wallet's own figures know nothing of the others, and a sum knows how far they move together. Decision 0115.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from reconciler.forecast.common import Common
from reconciler.forecast.context import ForecastContext
from reconciler.forecast.course import Course
from reconciler.forecast.draws import seed_of, shared_score
from reconciler.forecast.panel import Floats
from reconciler.forecast.simulation import BATCHES
from reconciler.forecast.turns import Ints
from reconciler.forecast.windows import WEEK

MOST_SHARED = 0.95
LOW, HIGH = 0.16, 0.84
"""Quantiles one standard deviation either side of the middle."""


@dataclass(frozen=True, slots=True)
class Beside:
    """How the paths of an organization's wallets are added, as of a day."""

    organization: str
    as_of: date
    common: Common

    @classmethod
    def of(cls, context: ForecastContext) -> Beside:
        return cls(context.organization.organization, context.as_of, context.common)

    def order(self, course: Course, first: date, end: date) -> Ints:
        """Return int[paths]: in which order a wallet's paths are added, by what they cost in [first, end)."""
        total, days = course.rest(first, end), max((end - course.start).days, 1)
        common = _scores(self.organization, self.as_of, -(-days // WEEK))
        return order_beside(total, common, variance=self.common.over(days))


def order_beside(total: Floats, common: Floats, *, variance: float) -> Ints:
    """Return int[paths], the order that puts `total` float64[paths] beside the paths of other wallets.

    `common` float64[paths] is the standard score of what the organization does on each path, the same for all wallets.
    So much of the total's log variance as `variance` then goes with it, and nothing else of the order changes: ranks
    are exchanged for those of normal scores with the correlation that is wanted (Iman and Conover 1982).
    """
    count, order = len(total), total.argsort(kind="stable")
    low, middle, high = (float(total[order[int(part * count)]]) for part in (LOW, 0.5, HIGH))
    if not 0 < low < high:
        return np.arange(count)
    spread = (high - low) / (2.0 * middle)
    share = min(float(np.sqrt(variance)) / spread, MOST_SHARED)
    score = np.empty(count)
    score[order] = _normal(count)
    now = float(score @ common) / count
    apart = (score - now * common) / np.sqrt(max(1.0 - now**2, 1e-9))
    wanted = (share * common + np.sqrt(1.0 - share**2) * apart).argsort(kind="stable")
    beside = np.empty(count, dtype=np.intp)
    beside[wanted] = order
    return beside


@lru_cache(maxsize=8)
def _scores(organization: str, as_of: date, weeks: int) -> Floats:
    """Return the shared score of each path, float64[paths]."""
    batches = [shared_score(seed_of(organization, as_of, *name), paths=paths, weeks=weeks) for name, paths in BATCHES]
    return np.concatenate(batches)


@lru_cache(maxsize=8)
def _normal(count: int) -> Floats:
    """Return the standard normal scores of so many ranks, of variance 1."""
    scores = np.array([NormalDist().inv_cdf((place + 0.5) / count) for place in range(count)])
    return np.asarray(scores / scores.std())
