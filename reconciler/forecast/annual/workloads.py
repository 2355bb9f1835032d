"""Each workload at first and now: requests, what they cost, what the cache answers, and the lanes it runs in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from reconciler.forecast.windows import DAYS_OF_A_MONTH
from reconciler.model.annual import WorkloadMonths
from reconciler.model.money import cents
from reconciler.model.period import Period
from reconciler.model.usage import NANO, DailyUsage, tells

_MONTH = Decimal(repr(DAYS_OF_A_MONTH))


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """The rows of one team's usage. `codes` int64[rows] are places in its workloads."""

    usage: DailyUsage
    rows: npt.NDArray[np.intp]
    codes: npt.NDArray[np.int64]

    def of(self, workload: int, months: Collection[Period]) -> WorkloadMonths | None:
        """Return what a workload was in `months`, credits left out; None where it was not asked at all."""
        rows = self.rows[self.codes == workload]
        if not months or not len(rows):
            return None
        usage = self.usage
        days = usage.day[rows].astype("datetime64[M]")
        rows = rows[np.isin(days, np.array([str(month) for month in months], dtype="datetime64[M]"))]
        requests, hits = int(usage.requests[rows].sum()), int(usage.cache_hits[rows].sum())
        if not requests:
            return None
        gross, lanes = usage.cost[rows] - usage.credits[rows], usage.lane[rows]
        cost = int(gross.sum())
        known = cost > 0 and tells(usage.source.absent, "lane")
        part = {lane: int(gross[lanes == lane].sum()) / cost if known else None for lane in ("premium", "off_peak")}
        count = sum(month.days for month in months)
        return WorkloadMonths(
            first=min(months),
            last=max(months),
            monthly=cents(Decimal(cost) / NANO / count * _MONTH),
            requests=round(requests / count * DAYS_OF_A_MONTH),
            thousand=cents(Decimal(cost) / NANO / requests * 1000),
            cache_hit_rate=hits / requests if tells(usage.source.absent, "cache_hit") else None,
            premium_share=part["premium"],
            off_peak_share=part["off_peak"],
        )
