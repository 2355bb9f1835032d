"""Interludes: days of another level that are over, a burst or an outage. They say nothing of what days cost now."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reconciler.forecast.panel import Bools, Floats
from reconciler.forecast.shift import Shift
from reconciler.forecast.windows import WEEK

NOTICEABLE = 0.2
BACK_DAYS, SHORT = 2, 3
"""So many days are back at the usual level, or one after at most so many others."""
APART = 0.45
"""A day belongs to the interlude if it is by more than this part of the change away from the usual level."""
USUAL_DAYS = 10 * WEEK
LONGEST = 4 * WEEK
OVER = 3
"""So many usual days, one after the other, are before the interlude."""


def find_interludes(values: Floats, shape: Floats, shift: Shift) -> tuple[Floats, Shift]:
    """Return `values` with the days of interludes unknown, and `shift` without what was taken for a shift."""
    odds, kept = shift.odds, values
    since, size = shift.best_days, shift.best_size
    for row in np.flatnonzero(shift.probability > NOTICEABLE):
        apart = _interlude(values[row], shape[row], int(since[row]), float(size[row]))
        if apart is not None:
            if kept is values:
                odds, kept = odds.copy(), values.copy()
            kept[row, apart] = np.nan
            odds[row] = 0.0
    return kept, replace(shift, odds=odds)


def _interlude(values: Floats, shape: Floats, since: int, change: float) -> Bools | None:
    """Return bool[days]: the interlude near a shift `since` so many days, by age; None where it is no interlude."""
    logs = np.log(np.maximum(values, 1e-12) / shape)
    away = (logs - np.nanmedian(logs[since : since + USUAL_DAYS])) / abs(change)
    apart, back, quiet, sign = np.zeros(len(values), dtype=np.bool_), 0, 0, 0.0
    for age in np.flatnonzero(np.isfinite(away[: since + LONGEST + OVER])):
        if abs(away[age]) > APART and sign * away[age] >= 0:
            back = back if sign else quiet
            apart[age], sign, quiet = True, np.sign(away[age]), 0
        else:
            quiet += 1
            if sign and quiet == OVER:
                is_over = back >= BACK_DAYS or (back and apart.sum() <= SHORT)
                return apart if is_over else None
    return None
