"""What the days of a wallet are counted at: today's prices, and today's cache."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from reconciler.forecast.cache_ramp import CacheRamp, Floats
from reconciler.forecast.launches import Launch


@dataclass(frozen=True, slots=True)
class Repricing:
    """Since the day `since` what is asked costs `factor` times what it did: a token of `model`, or by the cache.

    `rates` are the cache hit rates before and now, and `model` is empty then; `goes_on` is how likely they
    still move.
    """

    model: str
    since: date
    factor: float
    rates: tuple[float, float] | None = None
    goes_on: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class PriceIndex:
    """`worth` is float64[days], newest day first: what each day's cost is multiplied with; older days have the last.

    `ramp` is how the cache's share of the requests moved, `launch` a workload that is new, None where there is none or
    nothing tells.
    """

    worth: Floats
    changes: tuple[Repricing, ...]
    ramp: CacheRamp | None = None
    launch: Launch | None = None

    def over(self, days: int) -> Floats:
        """Return float64[days], newest day first."""
        padded = np.full(max(days, len(self.worth)), self.worth[-1])
        padded[: len(self.worth)] = self.worth
        return padded[:days]
