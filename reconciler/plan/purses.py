"""Purses: what each wallet holds under live and under desired money, for the month of as_of and for months to come."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal
from typing import Literal

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.desired import DesiredWallet
from reconciler.model.live import LiveWallet
from reconciler.model.money import ZERO
from reconciler.model.period import Period
from reconciler.model.purse import Opening, Purse
from reconciler.plan.wallets import WalletGap

Unused = Literal["keep", "reclaim"]

_IN = frozenset({"credit", "allocate", "top_up", "refund"})
_OUT = frozenset({"reclaim", "settle"})


def signed(change: Allocate | Reclaim) -> Decimal:
    """Return what a change brings to its wallet."""
    return change.amount if isinstance(change, Allocate) else -change.amount


def funded_purse(
    wallet: DesiredWallet, *, spent: Decimal, period: Period, as_of: date, unused: Unused = "keep"
) -> Purse:
    """Return the purse of a wallet without a ledger: each month is funded with its target when it begins.

    `spent` is that of the month of as_of, or of the period where that is earlier.
    """
    first = min(Period.of(as_of), period)
    funded = wallet.target(first).amount
    left = max(funded - spent, ZERO)
    keeps = unused == "keep" and not wallet.absent
    openings = tuple(Opening(month, wallet.target(month).amount, keeps) for month in _months(first, period))
    return Purse(left, ZERO if openings else spent, openings)


def ledger_purses(
    wallet: DesiredWallet,
    live: LiveWallet,
    *,
    period: Period,
    as_of: date,
    moved: Decimal,
    unused: Unused = "keep",
    is_first: bool = False,
    own: Collection[str] = (),
    to_open: bool = False,
) -> tuple[Purse, Purse]:
    """Return the purses of a wallet under live and under desired money: they differ by `moved`, or when period opens.

    From a wallet that `is_first`, because nothing was ever applied to it, nothing is taken back this month.

    For a month to come, both have what the YAML still does to this one, and each month in between is funded with its
    target. Of a month that is over, what was left at its end counts.
    """
    now = Period.of(as_of)
    if period <= now:
        left, gone = live.spendable, live.settled(period)
        if period == now:
            gone += live.reserved
        else:
            left += live.reserved - sum((_effect(entry.kind, entry.amount) for entry in live.ledger
                                         if entry.created_at >= period.end_instant), Decimal(0))  # fmt: skip
        return Purse(left, gone), Purse(left + moved, gone)
    gap = WalletGap("", wallet, live, now, unused, own, is_first=is_first, to_open=to_open)
    pending = sum(map(signed, gap.changes()), Decimal(0))
    left = live.spendable + pending
    openings = tuple(_openings(wallet, live, _months(now, period), unused))
    return Purse(left, openings=(*openings[:-1], Opening(period, ZERO))), Purse(left, openings=openings)


def _openings(wallet: DesiredWallet, live: LiveWallet, months: list[Period], unused: Unused) -> Iterator[Opening]:
    """Yield what git does to a wallet when each month opens: what was moved for one already is in what it holds."""
    for month in months:
        gap = WalletGap("", wallet, live, month)
        keeps = not gap.is_opening or (unused == "keep" and not wallet.absent)
        yield Opening(month, (gap.target - gap.funded).amount, keeps)


def _months(first: Period, last: Period) -> list[Period]:
    """Return the months after `first`, up to and including `last`."""
    return [first.plus(step) for step in range(1, last.months_since(first) + 1)]


def _effect(kind: str, amount: Decimal) -> Decimal:
    return amount if kind in _IN else -amount if kind in _OUT else ZERO
