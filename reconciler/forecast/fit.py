"""What is learned from a history: level, shape, trend, residuals, and how uncertain each of them is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reconciler.forecast.level import Level, fit_level
from reconciler.forecast.panel import Floats, Panel
from reconciler.forecast.regime import Regime, fit_regime
from reconciler.forecast.residuals import ResidualPool, fit_pool, fit_volatility
from reconciler.forecast.shape import CalendarShape, fit_shape
from reconciler.forecast.trend import Trend, fit_trend

SHOCK_FLOOR = 0.07
SHOCK_HISTORY = 0.8
FEWEST_DAYS = 3
WALK = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """One row a series. `largest` is the largest observed day, `history_days` the number of known ones."""

    panel: Panel
    shape: CalendarShape
    regime: Regime
    level: Level
    trend: Trend
    pool: ResidualPool
    volatility: Floats
    history_days: npt.NDArray[np.intp]
    largest: Floats

    @property
    def shock_scale(self) -> Floats:
        """The standard deviation of the log shock that a path keeps: wider for short histories and young regimes."""
        days = np.maximum(np.minimum(self.history_days, self.regime.settled), FEWEST_DAYS)
        return np.asarray(self.volatility * (SHOCK_FLOOR + SHOCK_HISTORY / np.sqrt(days)))

    @property
    def walk_scale(self) -> Floats:
        """The standard deviation of one day's step of the log level."""
        return np.asarray(self.volatility * WALK)

    def only(self, row: int) -> Fit:
        """Return what the history of one series teaches."""
        chosen = slice(row, row + 1)
        level, pool = self.level, self.pool
        return Fit(
            panel=self.panel.rows(chosen),
            shape=CalendarShape(self.shape.week[chosen], self.shape.month_end[chosen]),
            regime=Regime(self.regime.days[chosen], self.regime.certainty[chosen], self.regime.width),
            level=Level(level.values[chosen], level.lags[chosen], level.tamed[chosen], level.intermittent[chosen]),
            trend=Trend(self.trend.slope[chosen], self.trend.spread[chosen]),
            pool=ResidualPool(pool.weeks[chosen], pool.count[chosen]),
            volatility=self.volatility[chosen],
            history_days=self.history_days[chosen],
            largest=self.largest[chosen],
        )


def fit(panel: Panel, *, usual_week: Floats | None = None) -> Fit:
    """Return what the histories of `panel` teach; short ones lean on `usual_week`."""
    shape = fit_shape(panel, usual_week)
    over = shape.over(panel)
    regime = fit_regime(panel.values, over)
    level = fit_level(panel.values, over, regime=regime)
    return Fit(
        panel=panel,
        shape=shape,
        regime=regime,
        level=level,
        trend=fit_trend(level.tamed, over, since=regime.settled, intermittent=level.intermittent),
        pool=fit_pool(panel, over),
        volatility=fit_volatility(level.tamed, over),
        history_days=panel.known.sum(axis=1),
        largest=np.nan_to_num(panel.values).max(axis=1),
    )
