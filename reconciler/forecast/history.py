"""What is known exactly: daily spend by wallet, as whole billionths, and which of its days teach the forecast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from reconciler.forecast.panel import Floats
from reconciler.forecast.windows import HISTORY_DAYS
from reconciler.model.period import Period
from reconciler.model.usage import NANO, DailyUsage, Nanos
from reconciler.model.wallet_ref import WalletRef

QUIET_DAYS = 120
_MONTHS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Spend:
    """One wallet's exact spend: column 0 is `first`. `net` holds credits and corrections, `gross` does not.

    From `unknown_from` on, if there is such a day, the exports say nothing of this wallet; on the days of `gaps` they
    say nothing of anybody.
    """

    first: date
    net: Nanos
    gross: Nanos
    unknown_from: date | None = None
    gaps: frozenset[date] = frozenset()

    def between(self, start: date, end: date) -> Decimal:
        """Return the exact net spend of the days in [start, end)."""
        low, high = max((start - self.first).days, 0), max((end - self.first).days, 0)
        return Decimal(int(self.net[low:high].sum())) / NANO if low < min(high, len(self.net)) else Decimal(0)

    def totals(self, start: date, end: date) -> Nanos:
        """Return billionths[days] of the exact running net spend at the end of each day of [start, end)."""
        days = np.zeros(max((end - start).days, 0), dtype=self.net.dtype)
        low, high = max((start - self.first).days, 0), max((end - self.first).days, 0)
        known = self.net[low:high]
        if len(known):
            skipped = max((self.first - start).days, 0)
            days[skipped : skipped + len(known)] = known
        return np.cumsum(days)

    def first_event(self) -> date | None:
        """Return the first day on which anything was spent."""
        events = np.flatnonzero(self.gross)
        return self.first + timedelta(days=int(events[0])) if len(events) else None

    def is_told(self, day: date) -> bool:
        """Whether the exports say anything of a day: that nothing was spent on it, too."""
        return day not in self.gaps and (self.unknown_from is None or day < self.unknown_from)

    def on(self, day: date) -> tuple[float, float]:
        """Return the net and the gross spend of one day."""
        column = (day - self.first).days
        if not 0 <= column < len(self.net):
            return 0.0, 0.0
        return float(self.net[column]) / NANO, float(self.gross[column]) / NANO

    def daily(self, start: date, end: date) -> Floats:
        """Return float64[days] of net spend in [start, end), 0 where nothing is known."""
        return self._days(self.net, start, end)

    def charged(self, start: date, end: date) -> Floats:
        """Return float64[days] of gross spend in [start, end), 0 where nothing is known."""
        return self._days(self.gross, start, end)

    def credits(self, end: date, *, days: int) -> Floats:
        """Return float64[days]: what was given back on each of the last `days` before `end`."""
        return self._days(self.gross - self.net, end - timedelta(days=days), end)

    def _days(self, spent: Nanos, start: date, end: date) -> Floats:
        days = np.zeros(max((end - start).days, 0))
        low, high = max(start, self.first), min(end, self.first + timedelta(days=len(spent)))
        if low < high:
            known = spent[(low - self.first).days : (high - self.first).days]
            days[(low - start).days : (high - start).days] = known / NANO
        return days

    def history(self, end: date, *, censored: frozenset[date] = frozenset()) -> Floats:
        """Return float64[days] of gross spend from the first event to `end` (exclusive), NaN where it says nothing."""
        column = max((end - self.first).days, 0)
        events = np.flatnonzero(self.gross[:column])
        if not len(events):
            return np.zeros(0)
        start = max(int(events[0]), column - HISTORY_DAYS)
        values = np.zeros(column - start)
        known = self.gross[start:column]
        values[: len(known)] = known / NANO
        if self.unknown_from is not None:
            values[max((self.unknown_from - self.first).days - start, 0) :] = np.nan
        for day in censored | self.gaps:
            if 0 <= (day - self.first).days - start < len(values):
                values[(day - self.first).days - start] = np.nan
        return values


@dataclass(frozen=True, slots=True, eq=False)
class Spending:
    """The daily spend of every wallet of an export, up to and including `as_of`, and where knowledge ends.

    `known_until` is the first day that is not known in full: at most `as_of`. Rows on `as_of` itself count only when
    the export ends there, as the part of the day that is already spent; later rows are never looked at.
    """

    as_of: date
    known_until: date
    wallets: Mapping[str, Spend]

    def of(self, wallet: str) -> Spend:
        nothing = np.zeros(0, dtype=np.int64)
        return self.wallets.get(wallet) or Spend(self.as_of, nothing, nothing)


def spending(usage: DailyUsage | None, *, as_of: date, unseen: DailyUsage | None = None) -> Spending:
    """Return the spend that `usage` shows, and `unseen` on days of which it says nothing."""
    if usage is None:
        return Spending(as_of, as_of, {})
    end = as_of + timedelta(days=1) if usage.source.last_day == as_of else as_of
    columns = [usage.day, usage.wallet, usage.cost, usage.credits]
    if unseen is not None:
        more = (unseen.day, unseen.wallet, unseen.cost, unseen.credits)
        columns = [np.concatenate(both) for both in zip(columns, more, strict=True)]
    day, wallet, cost, credits = columns
    chosen = day < np.datetime64(end, "D")
    days = day[chosen].astype(np.int64)
    if not len(days):
        complete = usage.source.last_complete_day
        return Spending(as_of, as_of if complete is None else min(complete + timedelta(days=1), as_of), {})
    wallets, codes = np.unique(wallet[chosen], return_inverse=True)
    first = int(days.min())
    spent = cost[chosen]
    charged = spent - credits[chosen]
    shape = (len(wallets), int(days.max()) - first + 1)
    net, gross = np.zeros(shape, dtype=spent.dtype), np.zeros(shape, dtype=charged.dtype)
    np.add.at(net, (codes, days - first), spent)
    np.add.at(gross, (codes, days - first), charged)
    start = date.fromordinal(first + date(1970, 1, 1).toordinal())
    ends = {wallet: last + timedelta(days=1) for wallet, last in usage.source.stale.items()}
    missing = usage.source.left_out(start, end) - (set() if unseen is None else set(unseen.day.tolist()))
    table = {
        str(wallet): Spend(start, net[row], gross[row], ends.get(str(wallet)), missing)
        for row, wallet in enumerate(wallets)
    }
    return Spending(as_of, _known_until(usage, gross.sum(axis=0), start, as_of), table)


def whole_months(
    usage: DailyUsage, wallets: Iterable[WalletRef], *, as_of: date
) -> dict[WalletRef, dict[Period, Decimal]]:
    """Return what each wallet of the export spent in the last twelve whole months, exact, as far as all of it is known.

    A wallet that the export does not name is left out: nobody knows what it spent.
    """
    known, first_day = spending(usage, as_of=as_of), usage.source.first_day or as_of
    months = [month for month in map(Period.of(as_of).plus, range(-_MONTHS, 0)) if month.first >= first_day]
    found = ((wallet, known.wallets[wallet]) for wallet in wallets if wallet in known.wallets)
    return {
        wallet: {
            month: spend.between(month.first, month.end)
            for month in months
            if month.end <= min(known.known_until, spend.unknown_from or as_of)
            and not usage.source.left_out(month.first, month.end)
        }
        for wallet, spend in found
    }


def _known_until(usage: DailyUsage, totals: Nanos, first: date, as_of: date) -> date:
    """Return the first day that is not known in full.

    An export that ends before `as_of` leaves a gap. It is taken for days without spend only if the organization was
    as quiet for as long before; else the export is simply older than `as_of`, and the gap is unknown.
    """
    complete = usage.source.last_complete_day
    if complete is None:
        return min(first, as_of)
    known = complete + timedelta(days=1)
    if known >= as_of:
        return as_of
    cut_off = usage.source.last_day is not None and complete < usage.source.last_day
    quiet = _longest_zero_run(totals[: max((known - first).days, 0)][-QUIET_DAYS:])
    return known if cut_off or quiet < (as_of - known).days else as_of


def _longest_zero_run(totals: Nanos) -> int:
    active = np.concatenate([[-1], np.flatnonzero(totals), [len(totals)]])
    return int(np.diff(active).max()) - 1
