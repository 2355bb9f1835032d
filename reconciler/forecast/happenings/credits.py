"""Credits: money that comes back on most days belongs to the level; a correction that came once does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from reconciler.forecast.draws import Draws
from reconciler.forecast.happenings.happening import Happening
from reconciler.forecast.happenings.month_days import ENDS, day_words
from reconciler.forecast.happenings.monthly_credits import BEFORE, MonthlyCredit, monthly_credits, to_come
from reconciler.forecast.panel import Bools, Floats, Panel
from reconciler.forecast.shape import decay
from reconciler.forecast.turns import Charge
from reconciler.forecast.windows import WINDOW_DAYS
from reconciler.forecast.words import share
from reconciler.model.forecast import WalletNotice

MOST = 0.5
"""The share of the last active days on which credits recur."""
FEWEST = 3
HALF_LIFE = 14.0
PAUSE = 14
"""Active days without credits that end what recurs."""
TOLD_DAYS = 31
"""How far back credits are told of that the forecast leaves out: every one of a month."""


@dataclass(frozen=True, slots=True, eq=False)
class Credits(Happening):
    """`back` float64[series] is the share of each day that comes back, 0 where that is none on most of them.

    `monthly` is what comes back on one day of each month instead, by series.
    """

    back: Floats
    monthly: tuple[tuple[MonthlyCredit, ...], ...]
    panel: Panel

    def part(self, chosen: slice) -> Credits:
        return Credits(self.back[chosen], self.monthly[chosen], self.panel.rows(chosen))

    def share(self, row: int) -> float:
        return 1.0 - float(self.back[row])

    def credits(self, row: int, draws: Draws, days: Callable[[], Floats]) -> Iterator[Charge]:
        if self.monthly[row]:
            yield from to_come(self.monthly[row], self.panel, row, days(), random=draws.more(row, "credits"))

    def notices(self, row: int) -> Iterator[WalletNotice]:
        given = self.panel.returned
        if given is None or not given[row].any():
            return
        credited, end = given[row] > 0, self.panel.ends[row]
        if self.back[row] > 0:
            since = _day(end, _began(credited, self.panel.values[row] > 0))
            yield _recurring(float(self.back[row]), since)
            return
        yield from (_monthly(credit, end) for credit in self.monthly[row])
        for credit in self.monthly[row]:
            credited[credit.ages] = False
        if credited[:TOLD_DAYS].any():
            yield _left_out(np.where(credited, given[row], 0.0)[:TOLD_DAYS], end)


def find_credits(panel: Panel) -> tuple[Credits, Panel]:
    """Return what of each series' spend comes back, each day or each month; the panel stays gross.

    Credits recur daily where they are on half or more of the last 28 days with spend, and on three at least. What came
    back on days without spend counts as well, from the first of those days on.
    """
    nothing = np.zeros(panel.series)
    if panel.credits is None or not panel.credits.any():
        return Credits(nothing, ((),) * panel.series, panel), panel
    active = panel.values > 0
    recent = active & (np.cumsum(active, axis=1) <= WINDOW_DAYS)
    credited = recent & (panel.credits > 0)
    count = credited.sum(axis=1)
    recurs = (count >= FEWEST) & (count >= MOST * recent.sum(axis=1))
    ages = np.arange(panel.values.shape[1])
    oldest = np.where(credited, ages, -1).max(axis=1)
    weight = np.where(panel.known & (ages <= oldest[:, None]), decay(len(ages), HALF_LIFE), 0.0)
    spent = (weight * np.nan_to_num(panel.values)).sum(axis=1)
    given = (weight * panel.credits).sum(axis=1)
    back = np.divide(given, spent, out=nothing, where=recurs & (spent > 0))
    monthly = [
        monthly_credits(panel.values[row], panel.credits[row], panel.ends[row]) if found else ()
        for row, found in enumerate(panel.credits.any(axis=1) & ~recurs)
    ]
    return Credits(np.minimum(back, 1.0), tuple(monthly), panel), panel


def _began(credited: Bools, active: Bools) -> int:
    """Return the age of the first credit before which there is a long pause without any."""
    ages = np.flatnonzero(credited)
    between = np.cumsum(active & ~credited)[ages]
    pauses = np.flatnonzero(np.diff(between) >= PAUSE)
    return int(ages[pauses[0]] if len(pauses) else ages[-1])


def _day(end: np.datetime64, age: int) -> date:
    return date.fromisoformat(str(end)) - timedelta(days=age)


def _recurring(back: float, since: date) -> WalletNotice:
    part = "all" if back >= 1 else f"about {share(back, places=0 if 0.01 <= back < 0.99 else 1)}"
    return WalletNotice(
        code="recurring-credits",
        message=f"gets {part} of what it spends back as credits, on most days since {since}; the forecast is what is"
        " paid in the end",
        hint="when the credits end, it costs the whole price: ask until when they are granted",
        since=since,
        factor=1.0 - back,
    )


def _monthly(credit: MonthlyCredit, end: np.datetime64) -> WalletNotice:
    times, since = len(credit.ages), _day(end, int(credit.ages[-1]))
    return WalletNotice(
        code="recurring-credits",
        message=f"gets about {share(credit.share, places=0)} of the {BEFORE} days before back as credits on"
        f" {day_words(credit.slot)} of each month, {times} times so far; the forecast is what is paid in the end",
        hint="when the credits end, it costs the whole price: ask until when they are granted",
        since=since,
        probability=round(1.0 - ENDS, 4),
    )


def _left_out(given: Floats, end: np.datetime64) -> WalletNotice:
    ages = np.flatnonzero(given > 0)
    days = f"{len(ages)} day" + ("" if len(ages) == 1 else "s")
    last = _day(end, int(ages[0]))
    return WalletNotice(
        code="credits-left-out",
        message=f"got {given.sum():,.2f} back as credits on {days} of the last {TOLD_DAYS}, the last on {last}; the"
        " forecast takes them for single ones and expects no more",
        since=_day(end, int(ages[-1])),
    )
