"""What the days of a wallet are counted at: today's prices, and today's cache."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Repricing:
    """Since the day `since` what is asked costs `factor` times what it did: a token of `model`, or by the cache.

    `rates` are the cache hit rates before and now, and `model` is empty then.
    """

    model: str
    since: date
    factor: float
    rates: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PriceIndex:
    """`worth` is float64[days], newest day first: what each day's cost is multiplied with; older days have the last."""

    worth: Floats
    changes: tuple[Repricing, ...]

    def over(self, days: int) -> Floats:
        """Return float64[days], newest day first."""
        padded = np.full(max(days, len(self.worth)), self.worth[-1])
        padded[: len(self.worth)] = self.worth
        return padded[:days]
