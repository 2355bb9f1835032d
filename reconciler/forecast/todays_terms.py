"""A history in today's terms: what its days would cost with the savings that have come by now.

A saving on its way lowers a history day by day. The trend that is learned from it would count it a second time, beside
the lever that carries it on (decision 0102).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reconciler.forecast.calendar import DayRange
from reconciler.forecast.levers.effect import Setting
from reconciler.forecast.levers.registry import effects_of
from reconciler.forecast.panel import Floats
from reconciler.model.team import AnnualPlan


def dearer_before(plan: AnnualPlan, setting: Setting, days: DayRange) -> Floats | float:
    """Return float64[days]: as a multiple of a day of now, what each past day of `days` cost without these savings.

    Savings are counted as far as they are believed to have come by each day.
    """
    found = effects_of(plan, replace(setting, days=days))
    factors = [effect.kept.rows.mean(axis=0) for effect in found if effect.kept]
    return np.asarray(np.prod(factors, axis=0), dtype=np.float64) if factors else 1.0
