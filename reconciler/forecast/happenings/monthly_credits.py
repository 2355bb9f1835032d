"""Credits of one day of each month: an invoice's discount comes back at once, as a share of the days before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reconciler.forecast.happenings.month_days import ENDS, SLOTS, Ints, ages_of, days_ahead
from reconciler.forecast.panel import Floats, Panel
from reconciler.forecast.turns import Charge

BEFORE = 30
"""The days before a credit that it is a share of."""
FEWEST_KNOWN = 15
FEWEST = 2
TIMES = 6
SPREAD = 0.05
SPREAD_TIMES = 2.0
MOST_OF_IT = 0.75
"""The share of all credits of the last months that must come on such days: the rest may meet by chance."""


@dataclass(frozen=True, slots=True, eq=False)
class MonthlyCredit:
    """What comes back on the slot `slot` of each month: `share` of the 30 days before, give or take `spread` of it.

    `ages` int[times] are the days on which it came, the newest first.
    """

    slot: int
    share: float
    spread: float
    ages: Ints


def monthly_credits(spent: Floats, credits: Floats, end: np.datetime64) -> tuple[MonthlyCredit, ...]:
    """Return what comes back on the same day of each month; both float64[days], the newest day, `end`, first."""
    before, ages = np.nan_to_num(spent_before(spent)), ages_of(np.array([end]), len(spent))[0]
    came = (ages >= 0) & (before[ages] > 0) & (credits[ages] > 0)
    slots = np.flatnonzero(came[:, :FEWEST].all(axis=1))
    days = np.unique(ages[slots, :FEWEST])
    lately = credits[: int(days.max(initial=0)) + 1].sum()
    if not credits[days].sum() >= MOST_OF_IT * lately > 0:
        return ()
    hits = [ages[slot][np.logical_and.accumulate(came[slot])] for slot in slots]
    return tuple(
        _credit(SLOTS[slot], days, credits[days[:TIMES]] / before[days[:TIMES]])
        for slot, days in zip(slots.tolist(), hits, strict=True)
    )


def _credit(slot: int, ages: Ints, shares: Floats) -> MonthlyCredit:
    middle = float(np.median(shares))
    around = float(np.square(np.log(shares / middle)).sum()) + SPREAD_TIMES * SPREAD**2
    return MonthlyCredit(slot, middle, float(np.sqrt(around / (len(shares) + SPREAD_TIMES))), ages)


def spent_before(spent: Floats) -> Floats:
    """Return float64[days]: what the 30 days before each day cost, NaN where fewer than 15 of them are known."""
    known = np.isfinite(spent)
    sums, counts = (_running(values) for values in (np.nan_to_num(spent), known.astype(np.float64)))
    before = np.full(len(spent), np.nan)
    np.divide(BEFORE * sums, counts, out=before, where=counts >= FEWEST_KNOWN)
    return before


def _running(values: Floats) -> Floats:
    """Return the sums of the 30 days before each day, which are the ones of higher age."""
    totals = np.concatenate([[0.0], np.cumsum(values), np.zeros(BEFORE)])
    totals[len(values) + 1 :] = totals[len(values)]
    return np.asarray(totals[BEFORE + 1 :] - totals[1 : len(values) + 1])


def to_come(
    credits: Sequence[MonthlyCredit], panel: Panel, row: int, days: Floats, *, random: np.random.Generator
) -> Iterator[Charge]:
    """Yield what comes back of `days` float64[days, paths], the next day first; never more than was spent."""
    horizon, paths = days.shape
    together = max(sum(credit.share for credit in credits), 1.0)
    lasts = {credit.slot: random.geometric(ENDS, paths) for credit in credits}
    coming = (
        (day, number, credit)
        for credit in credits
        for number, day in enumerate(days_ahead(panel.ends[row], credit.slot, horizon), start=1)
    )
    for day, number, credit in sorted(coming, key=lambda one: one[:2]):
        share = np.minimum(credit.share * np.exp(credit.spread * random.standard_normal(paths)), 1.0) / together
        share[lasts[credit.slot] <= number] = 0.0
        yield Charge(day, -share * _before(day, panel.values[row], days))


def _before(day: int, spent: Floats, days: Floats) -> Floats:
    """Return float64[paths]: what the 30 days before the simulated `day` cost; `spent` are those before them."""
    simulated = days[max(day - BEFORE, 0) : day].sum(axis=0)
    older = spent[: max(BEFORE - day, 0)]
    known = older[np.isfinite(older)]
    return np.asarray(simulated + (float(known.mean()) * len(older) if len(known) else 0.0))
