"""What stands out once: months far above their neighbours, and the workload and days that most of it is.

A month is compared with the usual day of the months before it and of those after it, whichever is higher: so neither
growth nor a new level stands out, and only what comes and goes does. At either end of what is known nobody can tell.
It asks a person about months that the year's shape does not explain, however long they lasted; which days ran away and
are left out of causes is asked day by day, in `reconciler.review.one_offs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from reconciler.forecast.annual.evidence import Evidence
from reconciler.forecast.panel import Floats
from reconciler.model.money import cents
from reconciler.model.period import Period

NEIGHBOURS = 5
"""Months on each side: an expensive quarter does not become the usual."""
LEAST = 0.05
AT_AN_END = 3
"""With one neighbour, growth or decline of a month looks the same: there it has to be so many times as much."""
NOISE = 3.5
TO_SIGMA = 1.4826
"""The median absolute deviation times this is the standard deviation of normal noise."""
CONCENTRATED = 0.25
"""On single days it is when they are at least this share of it; else it is spread over the month."""
FEWEST_MONTHS = 4


@dataclass(frozen=True, slots=True)
class StandingOut:
    """A month, by how much it is above a usual one in major units, and what most of that is."""

    month: Period
    excess: Decimal
    workload: str
    days: tuple[date, ...]
    share: float
    once: bool


def standing_out(evidence: Evidence) -> tuple[StandingOut, ...]:
    """Return the months that stand out, oldest first."""
    months = sorted(evidence.months)
    if len(months) < FEWEST_MONTHS or not evidence.workloads:
        return ()
    daily = np.array([evidence.days(row) for row in range(len(evidence.workloads))])
    means = np.array([daily[:, evidence.columns(month)].sum() / month.days for month in months])
    usual = np.array([_usual(means, place) for place in range(len(months))])
    relative = np.divide(means - usual, usual, out=np.zeros_like(means), where=usual > 0)
    return tuple(_found(evidence, daily, months, relative, usual, max(LEAST, NOISE * _noise(means))))


def _usual(means: Floats, place: int) -> float:
    """Return the usual of a month's neighbours; of one at the end, that of the month next to it where it is higher."""
    before, after = means[max(place - NEIGHBOURS, 0) : place], means[place + 1 : place + 1 + NEIGHBOURS]
    sides = [float(np.sort(side)[(len(side) - 1) // 2]) for side in (before, after) if len(side) > 1]
    if len(after) < 2:
        sides.append(float(before[-1]))
    if len(before) < 2:
        sides.append(float(after[0]))
    return max(sides)


def _noise(means: Floats) -> float:
    """Return by how much a month usually differs from the one before it, growth and a few jumps aside, as a share."""
    steps = np.diff(np.log(np.maximum(means, 1e-9)))
    return TO_SIGMA * float(np.median(np.abs(steps - np.median(steps)))) / 2**0.5


def _found(
    evidence: Evidence, daily: Floats, months: Sequence[Period], relative: Floats, usual: Floats, least: float
) -> Iterator[StandingOut]:
    for place, month in enumerate(months):
        inside = 2 <= place < len(months) - 2
        if relative[place] <= (least if inside else AT_AN_END * least):
            continue
        excess = float(relative[place] * usual[place]) * month.days
        workload, days, share = _most_of_it(evidence, daily, month, excess)
        yield StandingOut(month, cents(repr(excess)), workload, days, share, inside)


def _most_of_it(evidence: Evidence, daily: Floats, month: Period, excess: float) -> tuple[str, tuple[date, ...], float]:
    """Return the workload that most of the excess is, the days of it that stand out, and their share."""
    above = [_above(row, evidence, month) for row in daily]
    single = [float(days[days > threshold].sum()) for days, threshold in above]
    row = int(np.argmax(single))
    share = min(single[row] / excess, 1.0)
    if share >= CONCENTRATED:
        days, threshold = above[row]
        places = np.flatnonzero(days > threshold).tolist()
        return evidence.workloads[row], tuple(month.first + timedelta(days=place) for place in places), share
    spread = np.array([max(float(days.sum()), 0.0) for days, _ in above])
    if not spread.any():
        spread = daily[:, evidence.columns(month)].sum(axis=1)
    row = int(np.argmax(spread))
    return evidence.workloads[row], (), float(spread[row] / spread.sum())


def _above(row: Floats, evidence: Evidence, month: Period) -> tuple[Floats, float]:
    """Return by how much each day of a month is above the usual one of its weekday, and from where on that is much."""
    found = evidence.columns(month)
    weekday = (np.arange(len(row)) + evidence.start.weekday()) % 7
    sides = [slice(max(found.start - 8 * 7, 0), found.start), slice(found.stop, found.stop + 8 * 7)]
    sides = [side for side in sides if len(row[side]) >= 14]
    if not sides:
        return np.zeros(month.days), np.inf
    usual = np.max([[np.median(row[side][weekday[side] == day]) for day in range(7)] for side in sides], axis=0)
    around = np.concatenate([row[side] - usual[weekday[side]] for side in sides])
    noise = TO_SIGMA * float(np.median(np.abs(around - np.median(around))))
    return row[found] - usual[weekday[found]], max(NOISE * noise, 0.5 * float(usual.mean()), 1e-9)
