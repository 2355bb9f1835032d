"""Shifts that pass: how likely that is, when, and what a path costs until then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconciler.forecast.draws import Draws
from reconciler.forecast.fit import Fit
from reconciler.forecast.level import MIX
from reconciler.forecast.panel import Bools, Floats
from reconciler.forecast.turns import Ints, Turn

SOON = 2.5
"""Days after which a shift has a good part of its chance to pass behind it."""
TAIL = 1.6
SMALL, MIDDLE, GREAT = (0.9, 0.75), (1.6, 2.0), 6.0
"""Log changes up to which a shift has such odds to pass at once; greater ones have the last."""
HOLIDAY_ODDS = 15.0
HOLIDAY_SPREAD = 7.0
"""Days within which wallets come back from Christmas."""
NOTICEABLE = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Passing:
    """`paths` bool[paths] are those on which the shift passes, `level` float64[paths] what they cost after `turn`."""

    paths: Bools
    level: Floats
    turn: Turn


def passing(fit: Fit, row: int, picks: Ints, draws: Draws) -> Passing | None:
    """Return on which of a series' paths its shift passes; None where there is none. `picks` int[paths] are levels."""
    if fit.shift.probability[row] < NOTICEABLE:
        return None
    place = picks - len(MIX)
    shifted = place >= 0
    place = np.maximum(place, 0)
    ages = fit.shift.ages[row, place]
    before, now = fit.level.before[row, place], fit.level.values[row, picks]
    random = draws.more(row, "shift")
    passes = random.random(len(picks)) < chance_to_pass(fit, row)[place]
    when = random.random(len(picks))
    life = (SOON + ages) * (when ** (-1.0 / TAIL) - 1.0)
    back = fit.shift.back[row, place]
    life = np.where(is_holiday(fit, row)[place], np.maximum(back + HOLIDAY_SPREAD * when, 0.0), life)
    paths = shifted & passes & (before > 0)
    day = np.where(paths, np.minimum(life, 10_000.0), 0.0).astype(np.intp)
    return Passing(paths, before, Turn(day, np.divide(now, before, out=np.ones_like(now), where=paths)))


def chance_to_pass(fit: Fit, row: int) -> Floats:
    """Return float64[ages]: how likely a shift of so many days is to pass: the greater and the younger the more."""
    size = np.abs(fit.shift.sizes[row])
    at_once = np.select([size < SMALL[0], size < MIDDLE[0]], [SMALL[1], MIDDLE[1]], GREAT)
    odds = at_once * (1.0 + fit.shift.ages[row] / SOON) ** -TAIL + np.where(is_holiday(fit, row), HOLIDAY_ODDS, 0.0)
    return np.asarray(odds / (1.0 + odds))


def is_holiday(fit: Fit, row: int) -> Bools:
    """Return bool[ages]: whether it is a drop that began over Christmas, before it should have passed."""
    back = fit.shift.back[row]
    return np.asarray((fit.shift.sizes[row] < 0) & np.isfinite(back) & (back > -HOLIDAY_SPREAD))
