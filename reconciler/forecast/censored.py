"""Days that show a ceiling and not the demand: told by the shape of the past, where no ledger says so.

A wallet that ran dry leaves a mark that little else leaves: an active wallet falls silent for the rest of the month and
is back as soon as the next month's money is there. Such days teach nothing about demand. Credits are no silence: what
counts is what was spent before them. Days that exports leave out are none: what was spent on them nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from reconciler.forecast.history import Spend
from reconciler.forecast.panel import Floats
from reconciler.model.period import Period

FEWEST_SILENT_DAYS = 3
"""A month may end on a weekend."""
SILENT_SHARE = 0.05
BACK_SHARE = 0.4
BACK_DAYS = 3
ACTIVE_DAYS = 7
INTERMITTENT_SHARE = 0.25
MONTHS = 13


def censored_days(spend: Spend, *, known_until: date, is_empty: bool) -> frozenset[date]:
    """Return the days before `known_until` on which the wallet looks exhausted, the day it ran dry included.

    `is_empty` says that the wallet holds no money now, so that a silence that lasts until now is one of them; one that
    began before the last month is not, for nobody asked for money all that time.
    """
    first = spend.first_event()
    if first is None:
        return frozenset()
    found: set[date] = set()
    months = _months(known_until)
    oldest = months[-1].first
    spent = spend.charged(oldest, known_until).tolist()
    for period in months:
        start, end = max(period.first, first), min(period.end, known_until)
        if (end - start).days < ACTIVE_DAYS or _is_busy(spent[(start - oldest).days : (end - oldest).days]):
            continue
        closed = _is_back(spend, period, known_until) if period.end <= known_until - timedelta(days=1) else is_empty
        if closed:
            found.update(_silence(spend, start, end))
    if is_empty and known_until - timedelta(days=1) not in found:
        found.update(_silence(spend, max(months[1].first, first), known_until, apart=frozenset(found)))
    return frozenset(found)


@lru_cache(maxsize=8)
def _months(known_until: date) -> tuple[Period, ...]:
    """Return the months to look at, the present one first."""
    current = Period.of(known_until)
    return tuple(current.plus(-back) for back in range(MONTHS + 1))


def _is_busy(days: list[float]) -> bool:
    """Return whether the last days are no silence, whatever the usual day: the quick look before the slow one."""
    return max(days[-FEWEST_SILENT_DAYS:]) > SILENT_SHARE * max(days) > 0


def _silence(spend: Spend, start: date, end: date, *, apart: frozenset[date] = frozenset()) -> Iterator[date]:
    """Yield the silent end of [start, end) and the day before it, if the days before were active; not those `apart`."""
    every = [start + timedelta(days=step) for step in range((end - start).days)]
    told = np.array([spend.is_told(day) for day in every], dtype=np.bool_)
    days = spend.charged(start, end)[told]
    dates = [day for day in every if spend.is_told(day)]
    usual = _usual(days)
    active = np.flatnonzero(days > SILENT_SHARE * usual)
    if usual <= 0 or not len(active):
        return
    last = int(active[-1])
    before = np.array([days[step] for step in range(last + 1) if dates[step] not in apart])
    often_zero = float((before == 0).mean()) > INTERMITTENT_SHARE
    if len(days) - 1 - last >= FEWEST_SILENT_DAYS and len(before) >= ACTIVE_DAYS and not often_zero:
        yield from dates[last:]


def _is_back(spend: Spend, period: Period, known_until: date) -> bool:
    """Return whether spend is at its usual height within the first days of the next month."""
    usual = _usual(spend.charged(period.first, period.end))
    after = spend.charged(period.end, min(period.end + timedelta(days=BACK_DAYS), known_until))
    return bool(len(after) and after.max() >= BACK_SHARE * usual)


def _usual(days: Floats) -> float:
    positive = days[days > 0]
    return float(np.median(positive)) if len(positive) else 0.0
