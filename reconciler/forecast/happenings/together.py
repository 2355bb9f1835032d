"""Shared events: a wallet that moved with many others on the same days has no new level of its own. Decision 0115."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reconciler.forecast.draws import Draws
from reconciler.forecast.happenings.happening import Happening
from reconciler.forecast.panel import Bools, Days, Floats, Panel
from reconciler.forecast.shared_event import BEFORE, SharedEvent
from reconciler.forecast.turns import Ints, Turn
from reconciler.forecast.windows import WEEK
from reconciler.forecast.words import chance
from reconciler.model.forecast import WalletNotice

TOGETHER = "together"
MOVED = 0.2
"""The log change from which on a wallet counts as moved with the others."""
FEWEST_WEEKS = 3
LESS, MORE = 12.0, 3.0
"""Odds that an event passes on the day it begins: days off and outages do, what makes all dearer often stays."""
SOON, TAIL = 2.5, 1.6
GOLDEN = 0.6180339887498949
FIRST, LAST = (12, 19), (1, 5)
"""Over Christmas, when wallets come back is known better: `holidays.py` and `passing.py`."""


@dataclass(frozen=True, slots=True, eq=False)
class Together(Happening):
    """`factor` float64[series]: what the days of the `event` that goes on cost, by the usual; NaN of those apart."""

    event: SharedEvent | None
    factor: Floats

    def part(self, chosen: slice) -> Together:
        return Together(self.event, self.factor[chosen])

    def turns(self, row: int, draws: Draws) -> Iterator[Turn]:
        """Yield when it passes on each path: all wallets' paths of one number on the same day."""
        if self.event is not None and np.isfinite(self.factor[row]):
            yield Turn(days_left(self.event, draws.paths), np.full(draws.paths, self.factor[row]))

    def notices(self, row: int) -> Iterator[WalletNotice]:
        event, factor = self.event, float(self.factor[row])
        if event is None or not np.isfinite(factor):
            return
        passes = chance_to_pass(event)
        yield WalletNotice(
            code=TOGETHER,
            message=f"is one of {event.moved} wallets, of {event.looked_at} looked at, that have all cost"
            f" {'more' if event.more else 'less'} since {event.first}: {chance(passes)} that it passes",
            hint="ask what all of them have in common: a price, a release, a campaign"
            if event.more
            else "a day off or an outage of all: judge its target by the days before",
            since=event.first,
            factor=round(factor, 3),
            probability=round(passes, 4),
        )


def chance_to_pass(event: SharedEvent) -> float:
    odds = (MORE if event.more else LESS) / (1.0 + event.days / SOON) ** TAIL
    return float(odds / (1.0 + odds))


def days_left(event: SharedEvent, paths: int) -> Ints:
    """Return int[paths]: how many days the event still lasts, spread evenly and not drawn; far away where it stays."""
    passes = chance_to_pass(event)
    place = (np.arange(paths) + 0.5) * GOLDEN % 1.0
    left = np.maximum(1.0 - place / passes, 1e-9)
    life = (SOON + event.days) * (left ** (-1.0 / TAIL) - 1.0)
    return np.where(place < passes, np.minimum(life, 10_000.0), 10_000.0).astype(np.intp)


def find_together(panel: Panel) -> tuple[Together, Panel]:
    """Return the event that goes on, and `panel` with the days of events unknown where a series moved with them."""
    found, values = Together(None, np.full(panel.series, np.nan)), panel.values
    if not panel.events:
        return found, panel
    days = panel.days()
    for event in panel.events:
        if (event.first.month, event.first.day) >= FIRST or (event.first.month, event.first.day) <= LAST:
            continue
        inside = (days >= np.datetime64(event.first)) & (days <= np.datetime64(event.last))
        factor = _factor(values, inside, days, event)
        values = np.where(inside & np.isfinite(factor)[:, None], np.nan, values)
        if event.goes_on:
            found = Together(event, factor)
    return found, panel.with_values(values)


def _factor(values: Floats, inside: Bools, days: Days, event: SharedEvent) -> Floats:
    """Return float64[series]: what the days `inside` cost, by the same weekdays before; NaN where it did not move."""
    since = np.datetime64(event.first)
    before = np.where((days < since) & (days >= since - np.timedelta64(BEFORE, "D")), values, np.nan)
    usual, known = _weekdays(before)
    usual = np.tile(usual, (1, values.shape[1] // WEEK))
    told = inside & np.isfinite(values) & np.tile(known >= FEWEST_WEEKS, (1, values.shape[1] // WEEK))
    expected = np.where(told, usual, 0.0).sum(axis=1)
    cost = np.where(told, values, 0.0).sum(axis=1)
    factor = np.divide(cost, expected, out=np.full(len(values), np.nan), where=expected > 0)
    moved = factor > np.exp(MOVED) if event.more else factor < np.exp(-MOVED)
    return np.where(moved, factor, np.nan)


def _weekdays(values: Floats) -> tuple[Floats, Ints]:
    """Return the mean of each phase of the week, float64[series, 7], and of how many days."""
    weeks = values.reshape(len(values), -1, WEEK)
    known = np.isfinite(weeks).sum(axis=1)
    return np.nansum(weeks, axis=1) / np.maximum(known, 1), known
