"""Quarter ends: the last days of every third month cost a multiple, where earlier quarters show that they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from reconciler.forecast.panel import DAY, MONTH, Bools, Days, Floats, running_sums, zero_share
from reconciler.forecast.turns import Ints
from reconciler.forecast.words import listed
from reconciler.model.forecast import WalletNotice

LAST_DAYS = 5
QUARTER = 3
STRETCH, KNOWN_OF_STRETCH = 3, 2
"""The last days of a month that are held against those of other months, and how many of them must be known."""
FEWEST_QUARTERS, FEWEST_OTHERS = 2, 3
APART = 1.2, 1.5
"""The least of three or more quarter ends, or of two, is dearer than the dearest other month end by this factor."""
DEARER = 1.6
"""It is dearer than the days around by this factor."""
MOST_ZEROS = 0.3
AROUND = 14
PRIOR_DAYS = 0.25
EARLY_DEARER = 1.3
"""Days before the last three belong to the quarter end where they cost so much more than the days around."""


@dataclass(frozen=True, slots=True, eq=False)
class QuarterEnds:
    """`factors` float64[series, 3, 5]: what a day costs by the month of a quarter and the days left in that month.

    Months count back from the last of a calendar quarter. NaN where quarters say nothing. `since` is the first quarter
    end that was seen, NaT where there is none; `times` how many there were.
    """

    factors: Floats
    since: Days
    times: Ints

    @property
    def is_found(self) -> Bools:
        return self.times > 0

    def part(self, chosen: slice) -> QuarterEnds:
        return QuarterEnds(self.factors[chosen], self.since[chosen], self.times[chosen])

    def inside(self, days: Days) -> Bools:
        """Return bool[series, days]: which of `days` datetime64[series, days] are in months of these quarter ends."""
        of_quarter, _ = _places(days)
        dear = np.isfinite(self.factors[:, :, 0])
        return np.asarray(np.take_along_axis(dear, of_quarter, axis=1))

    def notices(self, row: int) -> Iterator[WalletNotice]:
        """Yield what there is to say of quarter ends that were found."""
        for place in np.flatnonzero(np.isfinite(self.factors[row, :, 0])).tolist():
            factor, times = float(np.nanmean(self.factors[row, place])), int(self.times[row])
            months = [f"{date(2000, month, 1):%B}" for month in range(QUARTER - place, 13, QUARTER)]
            yield WalletNotice(
                code="quarter-end",
                message=f"costs {factor:.1f} times the usual a day in the last days of"
                f" {listed(months)}, {times} times so far; the forecast has it",
                since=date.fromisoformat(str(self.since[row])),
                factor=round(factor, 3),
                probability=round((times + 1) / (times + 2), 4),
            )

    def put(self, shape: Floats, days: Days) -> None:
        """Write over the `shape` float64[series, days] of `days` what quarter ends say of them."""
        of_quarter, left = _places(days)
        padded = np.pad(self.factors, ((0, 0), (0, 0), (0, 1)), constant_values=np.nan)
        found = padded[np.arange(len(days))[:, None], of_quarter, np.minimum(left, LAST_DAYS)]
        np.copyto(shape, found, where=np.isfinite(found))


def no_quarters(series: int) -> QuarterEnds:
    nothing = np.full(series, "NaT", dtype="datetime64[D]")
    return QuarterEnds(np.full((series, QUARTER, LAST_DAYS), np.nan), nothing, np.zeros(series, dtype=np.intp))


def find_quarter_ends(flat: Floats, ratio: Floats, used: Bools, ends: Days) -> QuarterEnds:
    """Return the quarter ends of each series, newest day first.

    `flat` float64[series, days] is what days cost without their week, NaN where unknown, `ratio` that of the `used`
    last days of months to the ordinary days around them.
    """
    ages = _ages_of(ends, flat.shape[1])
    months = _month_ratios(ratio, used, ages[:, :, :STRETCH])
    of_quarter = _months_of_quarter(ends, ages.shape[1])
    busy = zero_share(flat) < MOST_ZEROS
    found = no_quarters(len(flat))
    for place in range(QUARTER):
        inside = of_quarter == place
        quarters, others = np.where(inside, months, np.nan), np.where(inside, np.nan, months)
        rows = np.flatnonzero(_stands_out(quarters, others) & busy)
        if len(rows):
            seen = np.isfinite(quarters[rows])
            found.factors[rows, place] = _factors(flat[rows], ages[rows], seen)
            first = np.where(seen, ages[rows, :, 0], -1).max(axis=1)
            found.since[rows], found.times[rows] = ends[rows] - first, seen.sum(axis=1)
    return found


def _stands_out(quarters: Floats, others: Floats) -> Bools:
    """Return bool[series]: whether each of the `quarters` float64[series, months] is dearer than all `others`."""
    least = np.where(np.isfinite(quarters), quarters, np.inf).min(axis=1)
    most = np.where(np.isfinite(others), others, 1.0).max(axis=1)
    count = np.isfinite(quarters).sum(axis=1)
    enough = (count >= FEWEST_QUARTERS) & (np.isfinite(others).sum(axis=1) >= FEWEST_OTHERS)
    apart = np.where(count > FEWEST_QUARTERS, *APART)
    return np.asarray(enough & (least > np.maximum(DEARER, apart * most)))


def _month_ratios(ratio: Floats, used: Bools, ages: Ints) -> Floats:
    """Return float64[series, months]: the mean ratio of each month's last days, NaN where too few are known."""
    rows, inside = np.arange(len(ratio))[:, None, None], np.maximum(ages, 0)
    known = (ages >= 0) & used[rows, inside]
    count = known.sum(axis=2)
    total = np.where(known, ratio[rows, inside], 0.0).sum(axis=2)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count >= KNOWN_OF_STRETCH))


def _factors(flat: Floats, ages: Ints, seen: Bools) -> Floats:
    """Return float64[series, 5]: the factor of each of the last days of the months that are `seen`."""
    rows, days = np.arange(len(flat))[:, None, None], flat.shape[1]
    inside = np.maximum(ages, 0)
    ordinary = np.isfinite(flat)
    ordinary[rows, inside] &= ages < 0
    total, count = running_sums(np.where(ordinary, flat, 0.0)), running_sums(ordinary.astype(np.float64))
    middle = ages.max(axis=2)
    high, low = np.clip(middle + AROUND, 0, days), np.clip(middle - AROUND, 0, days)
    place = np.arange(len(flat))[:, None]
    around, known = (sums[place, high] - sums[place, low] for sums in (total, count))
    local = np.divide(around, known, out=np.full(around.shape, np.nan), where=(known > 0) & seen & (around > 0))
    found = np.where(ages >= 0, flat[rows, inside], np.nan) / local[:, :, None]
    told = np.isfinite(found)
    factor = (np.where(told, found, 0.0).sum(axis=1) + PRIOR_DAYS) / (told.sum(axis=1) + PRIOR_DAYS)
    factor[:, STRETCH:] = np.where(factor[:, STRETCH:] > EARLY_DEARER, factor[:, STRETCH:], np.nan)
    return np.asarray(factor)


def _places(days: Days) -> tuple[Ints, Ints]:
    """Return of each day the months that its quarter goes on after its own, and the days that are left in its month."""
    months = days.astype("datetime64[M]")
    left = ((months + MONTH).astype("datetime64[D]") - days).astype(np.intp) - 1
    return (QUARTER - 1 - months.astype(np.intp)) % QUARTER, left


def _months_of_quarter(ends: Days, months: int) -> Ints:
    newest = ends.astype("datetime64[M]").astype(np.intp)
    return np.asarray((QUARTER - 1 - (newest[:, None] - np.arange(months))) % QUARTER)


def _ages_of(ends: Days, width: int) -> Ints:
    """Return int[series, months, 5]: the ages of the last days of months, the newest month first, -1 where unknown."""
    unique, rows = np.unique(ends, return_inverse=True)
    return np.stack([_ages(end, width) for end in unique])[rows]


@lru_cache(maxsize=64)
def _ages(end: np.datetime64, width: int) -> Ints:
    months = end.astype("datetime64[M]") - np.arange(width // 28 + 2) * MONTH
    lasts = (months + MONTH).astype("datetime64[D]") - DAY
    ages = (end - lasts).astype(np.intp)[:, None] + np.arange(LAST_DAYS)
    ages[(ages < 0) | (ages >= width)] = -1
    return np.asarray(ages)
