"""Calendar charges: a subscription or a batch that comes on one day of each month is neither level nor noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from reconciler.forecast.draws import Draws
from reconciler.forecast.happenings.happening import Happening
from reconciler.forecast.happenings.month_days import (
    ENDS,
    LAST_THREE,
    SLOTS,
    Ints,
    Peaks,
    ages_of,
    day_words,
    days_ahead,
    peaks,
)
from reconciler.forecast.panel import DAY, Bools, Days, Floats, Panel, median
from reconciler.forecast.turns import Charge
from reconciler.forecast.windows import WEEK
from reconciler.model.forecast import WalletNotice

SEARCHED_DAYS = 25 * WEEK
MONTHS = 4
ENOUGH = 3
FEWEST = 2
ODD_DAYS = 0.06
"""The share of other days that peak from which on a peak on the same day of some months is chance."""
MONTH_END_DAYS = 2
"""So many of the last three days that are dearer are the month end's, not a charge."""
ALIKE = 0.15
"""The part of the dearest of the last three days from which on another belongs to the same month end."""
SPREAD = 0.1
SPREAD_MONTHS = 2.0
AMOUNTS = 6


@dataclass(frozen=True, slots=True, eq=False)
class MonthlyCharge:
    """What comes on the slot `slot` of each month: `amount` is its median, `spread` the deviation of its logarithm.

    `missed` is how likely a month goes without; `times` is how often it came, on `since` first.
    """

    slot: int
    amount: float
    spread: float
    missed: float
    times: int
    since: np.datetime64


@dataclass(frozen=True, slots=True, eq=False)
class CalendarCharges(Happening):
    """The monthly charges of each series, by row."""

    ends: Days
    found: tuple[tuple[MonthlyCharge, ...], ...]

    def part(self, chosen: slice) -> CalendarCharges:
        return CalendarCharges(self.ends[chosen], self.found[chosen])

    def charges(self, row: int, draws: Draws, *, days: int) -> Iterator[Charge]:
        """Yield the charges to come, the next one first, so that a longer horizon keeps those before."""
        if not self.found[row]:
            return
        random = draws.more(row, "charges")
        lasts = {charge.slot: random.geometric(ENDS, draws.paths) for charge in self.found[row]}
        coming = (
            (day, number, charge)
            for charge in self.found[row]
            for number, day in enumerate(days_ahead(self.ends[row], charge.slot, days), start=1)
        )
        for day, number, charge in sorted(coming, key=lambda one: one[:2]):
            size = charge.amount * np.exp(charge.spread * random.standard_normal(draws.paths))
            comes = (lasts[charge.slot] > number) & (random.random(draws.paths) >= charge.missed)
            yield Charge(day, np.where(comes, size, 0.0))

    def notices(self, row: int) -> Iterator[WalletNotice]:
        for charge in self.found[row]:
            yield WalletNotice(
                code="calendar-charge",
                message=f"is charged about {_rounded(charge.amount):,.2f} on {day_words(charge.slot)} of each month,"
                f" {charge.times} times so far; the forecast has it",
                hint="if it is cancelled, the forecast has it until a month goes by without it",
                since=date.fromisoformat(str(charge.since)),
                probability=round((1.0 - charge.missed) * (1.0 - ENDS), 4),
            )


def find_charges(panel: Panel) -> tuple[CalendarCharges, Panel]:
    """Return the monthly charges of each series, and the panel without what they cost.

    A charge came in the last two months and in three of the last four; where fewer than four are known, in all.
    """
    span = min(SEARCHED_DAYS, panel.values.shape[1])
    recent = panel.values[:, :span]
    slots = _regular(recent, peaks(recent), ages_of(panel.ends, span))
    rows = np.flatnonzero(slots.any(axis=1))
    found: list[tuple[MonthlyCharge, ...]] = [()] * panel.series
    if not len(rows):
        return CalendarCharges(panel.ends, tuple(found)), panel
    kept, values = panel.values.copy(), panel.values[rows]
    seen, ages = peaks(values), ages_of(panel.ends[rows], values.shape[1])
    for place, row in enumerate(rows.tolist()):
        chosen = np.flatnonzero(slots[row]).tolist()
        found[row] = tuple(_charge(slot, seen, place, ages[place, slot], panel.ends[row]) for slot in chosen)
        for slot in chosen:
            days = _hits(seen, place, ages[place, slot])
            kept[row, days] = values[place, days] - seen.excess[place, days]
    return CalendarCharges(panel.ends, tuple(found)), replace(panel, values=kept, charged=panel.values > kept)


def _hits(seen: Peaks, row: int, ages: Ints) -> Ints:
    """Return the ages of a slot's days that peak, the newest first."""
    days = ages[ages >= 0]
    return np.asarray(days[seen.is_peak[row, days]])


def _charge(slot: int, seen: Peaks, row: int, ages: Ints, end: np.datetime64) -> MonthlyCharge:
    days = ages[ages >= 0]
    days = days[np.isfinite(seen.excess[row, days])]
    hits = _hits(seen, row, ages)
    last = days[:MONTHS]
    came = int(seen.is_peak[row, last].sum())
    sizes = np.log(seen.excess[row, hits[:AMOUNTS]])
    middle = float(np.median(sizes))
    around = float(np.square(sizes - middle).sum()) + SPREAD_MONTHS * SPREAD**2
    return MonthlyCharge(
        slot=SLOTS[slot],
        amount=float(np.exp(middle)),
        spread=float(np.sqrt(around / (len(sizes) + SPREAD_MONTHS))),
        missed=(len(last) - came) / (len(last) + 1),
        times=len(hits),
        since=end - int(hits[-1]) * DAY,
    )


def _regular(values: Floats, seen: Peaks, ages: Ints) -> Bools:
    """Return bool[series, slots]: on which days of the month there is a charge."""
    rows, days = np.arange(len(values))[:, None, None], np.maximum(ages, 0)
    known = (ages >= 0) & np.isfinite(values)[rows, days]
    hit, dearer = known & seen.is_peak[rows, days], known & seen.is_dearer[rows, days]
    order = np.argsort(~known, axis=2, kind="stable")[:, :, :MONTHS]
    known_last, hit_last, dearer_last = (np.take_along_axis(one, order, axis=2) for one in (known, hit, dearer))
    count, came = known_last.sum(axis=2), hit_last.sum(axis=2)
    regular = hit_last[:, :, :FEWEST].all(axis=2) & (came >= np.where(count >= MONTHS, ENOUGH, count))
    regular &= count >= FEWEST
    sizes = np.take_along_axis(np.where(known, seen.excess[rows, days], np.nan), order, axis=2)
    dear = 2 * dearer_last.sum(axis=2) >= count
    regular[_month_end(dear[:, LAST_THREE], sizes[:, LAST_THREE]), LAST_THREE] = False
    counted, others = regular[:, :, None], np.isfinite(values).sum(axis=1)
    odd = (seen.is_peak.sum(axis=1) - (hit & counted).sum(axis=(1, 2))) / np.maximum(others, 1)
    return np.asarray(regular & (odd < ODD_DAYS)[:, None])


def _month_end(dear: Bools, sizes: Floats) -> Bools:
    """Return bool[series]: whether more than one of the last three days is dearer, and none by far the dearest.

    `dear` bool[series, 3], `sizes` float64[series, 3, months] above an ordinary day.
    """
    size = np.nan_to_num(median(sizes.reshape(-1, sizes.shape[2])).reshape(dear.shape))
    alike = dear & (size >= ALIKE * size.max(axis=1, keepdims=True))
    return np.asarray(alike.sum(axis=1) >= MONTH_END_DAYS)


def _rounded(amount: float) -> float:
    """Return an amount at three significant digits: what the days around it cost is not known to the cent."""
    return float(f"{amount:.3g}")
