"""One wallet's simulated weeks: a height for each path and week, and which observed week gives it its days."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from reconciler.forecast.panel import Floats

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Weeks:
    """A day costs residual · height · shape, and never more than `cap`.

    `height` is float64[weeks, paths]; `chosen` int[weeks, paths] picks a row of `pool` float64[observed weeks, 7] of
    residuals, None where there is only one; `shape` is float64[weeks, 7], 0 on days that nobody asks about.
    """

    height: Floats
    chosen: Ints | None
    pool: Floats
    shape: Floats
    cap: float

    def __len__(self) -> int:
        return int(self.height.shape[0])

    def daily(self, first: int, last: int) -> Floats:
        """Return float64[days, paths]: the days of the weeks in [first, last)."""
        height = self.height[first:last]
        if self.chosen is None:
            days = self.pool[0][None, :, None] * height[:, None, :]
        else:
            drawn = np.take(self.pool, self.chosen[first:last], axis=0)
            days = np.ascontiguousarray(drawn.transpose(0, 2, 1))
            days *= height[:, None, :]
        days *= self.shape[first:last, :, None]
        np.minimum(days, self.cap, out=days)
        return np.asarray(days.reshape(-1, self.height.shape[1]))

    def times(self, factor: float) -> Weeks:
        """Return the weeks with every day `factor` times as dear."""
        return replace(self, height=self.height * factor, cap=self.cap * factor)

    def single(self, week: Ints, path: Ints) -> Floats:
        """Return float64[entries, 7]: the days of single weeks of single paths."""
        residual = self.pool[0] if self.chosen is None else self.pool[self.chosen[week, path]]
        return np.asarray(np.minimum(residual * self.height[week, path][:, None] * self.shape[week], self.cap))
