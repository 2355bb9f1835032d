"""Whole months as of today: the days before a change of price count as if it had been so, as the forecast counts them.

So do the days before a new level that likely stays. What a wallet that has likely stopped cost before counts no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import numpy as np

from reconciler.forecast.annual.run_rate import run_rate, summed
from reconciler.forecast.happenings.columns import seen_change
from reconciler.forecast.history import Spend, Spending
from reconciler.forecast.observed import Observations
from reconciler.forecast.price_index import price_index
from reconciler.forecast.repricing import PriceIndex, Repricing
from reconciler.forecast.windows import LONG_WINDOW_DAYS
from reconciler.forecast.words import chance
from reconciler.model.forecast import WalletNotice
from reconciler.model.money import ZERO, cents
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

Months = Mapping[Period, Decimal]
Notices = Mapping[WalletRef, WalletNotice]
STAYS = 0.5
"""A new level counts where it stays more likely than not."""


@dataclass(frozen=True, slots=True)
class Today:
    """The months of each of a team's wallets, and of all; `changes` say what was counted otherwise, in words.

    `stopped` says, of each wallet that has likely stopped, since when and how likely that is, and `shifts` which have a
    new level, whether it counts or not.
    """

    wallets: Mapping[WalletRef, Months]
    changes: tuple[str, ...] = ()
    stopped: Mapping[WalletRef, str] = field(default_factory=dict)
    shifts: Notices = field(default_factory=dict)

    @property
    def months(self) -> dict[Period, Decimal]:
        return summed(self.wallets.values())

    def rate(self, wallet: WalletRef) -> Decimal | None:
        """Return what a month of a wallet costs now; None where no whole month of it is known to have cost anything."""
        return self.rate_of(self.wallets.get(wallet, {}), (wallet,))

    def rate_of(self, months: Months, wallets: Iterable[WalletRef]) -> Decimal | None:
        """Return the same of `months` of some wallets: of those that have stopped, nothing and not what is unknown."""
        rate = run_rate(months)
        return ZERO if rate is None and any(self.stopped.get(each) for each in wallets) else rate

    def reaching(self, month: Period | None) -> Period | None:
        """Return up to which month what began is in a month's cost: in that of `month` with the new levels that count.

        What has no new level holds what `month` held: the larger part of the cost decides.
        """
        begun = [Period.of(notice.since) for notice in self.shifts.values() if notice.since and stays(notice)]
        if month is None or not begun:
            return month
        rates = {key: self.rate(key) or ZERO for key in self.wallets}
        shifted = sum((rates[key] for key, notice in self.shifts.items() if stays(notice)), ZERO)
        return max(month, *begun) if 2 * shifted >= sum(rates.values(), ZERO) else month

    def shifted(self, wallet: WalletRef) -> str:
        """Return in words, which follow the wallet's name, which new level it has; empty where it has none."""
        if (notice := self.shifts.get(wallet)) is None:
            return ""
        counts = "what it cost before counts at that level" if stays(notice) else "that is not counted"
        return f"{notice.message}; {counts}"

    def without_stopped(self, notices: Mapping[WalletRef, WalletNotice | None]) -> Today:
        """Return the same without what wallets cost before they likely stopped, of which `notices` tell."""
        found, stopped = dict(self.wallets), dict[WalletRef, str]()
        for wallet, notice in notices.items():
            if notice is None or notice.since is None or notice.probability is None:
                continue
            since = notice.since
            found[wallet] = {
                month: cost if month.first >= since else ZERO for month, cost in found.get(wallet, {}).items()
            }
            stopped[wallet] = f"silent since {since}, {chance(notice.probability)} that it has stopped"
        return replace(self, wallets=found, stopped=stopped)

    @property
    def told(self) -> tuple[str, ...]:
        """What a figure's comment says of the price that it is at: nothing where none changed."""
        return (f"at today's prices: {'; '.join(self.changes)}",) if self.changes else ()


def at_todays_prices(
    wallets: Mapping[WalletRef, Months],
    known: Spending,
    seen: Observations,
    *,
    cache: bool,
    shifts: Notices | None = None,
) -> Today:
    """Return the months of `wallets`, what each cost, at today's prices, and at today's level where `shifts` stay.

    With `cache` today's counts too: where a plan promises hits, that says what they are worth.
    """
    told = {key: notice for key, notice in (shifts or {}).items() if key in wallets}
    found, changes = dict[WalletRef, Months](), list[Repricing]()
    for wallet, months in wallets.items():
        rows = seen.rows_of((wallet,), LONG_WINDOW_DAYS)
        index = price_index(seen.usage, rows, known.known_until, cache=cache)
        found[wallet] = _as_of_today(months, known.of(wallet), known, index, told.get(wallet))
        changes += index.changes if index else ()
    return Today(found, tuple(_words(changes)), shifts=told)


def stays(shift: WalletNotice) -> bool:
    """Whether what a wallet cost before a shift counts at its new level."""
    return bool(shift.since and shift.factor is not None and (shift.probability or 0.0) > STAYS)


def _as_of_today(
    months: Months, spend: Spend, known: Spending, index: PriceIndex | None, shift: WalletNotice | None
) -> Months:
    """Return what the months would have cost; to the last digit what they did where nothing in them changed."""
    days = max([(known.known_until - month.first).days for month in months], default=0)
    start = known.known_until - timedelta(days=days)
    worth = np.ones(days) if index is None else index.over(days)[::-1].copy()
    if shift is not None and shift.since and shift.factor is not None and stays(shift):
        worth[: max((shift.since - start).days, 0)] *= shift.factor
    more = spend.daily(start, known.known_until) * (worth - 1.0)
    counted = {}
    for month, cost in months.items():
        first = (month.first - start).days
        counted[month] = cost + cents(repr(float(np.sum(more[first : first + month.days]))))
    return counted


def _words(changes: Iterable[Repricing]) -> Iterable[str]:
    ordered = sorted(changes, key=lambda change: (change.since, change.model, change.factor))
    return dict.fromkeys(f"it {seen_change(change)}" for change in ordered)
