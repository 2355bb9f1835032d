"""Rests: what an earlier month left in a wallet, taken back when a month opens, and only out of a consistent reading.

A rest is the one amount that comes from a balance. A balance that is newer than the ledger beside it holds money which
the ledger does not show yet: taken for a rest, the new month's own money would go. So nothing is taken once we funded
the wallet for the new month, by what the ledger or the journal says, nor of what others gave it for that; and nothing
while the balance holds more than both can explain. What was spent since the review only makes the rest smaller
(decisions 0009 and 0137).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import TypeGuard

from reconciler.journal.history import History
from reconciler.journal.ledger_match import Move
from reconciler.journal.record import Step
from reconciler.journal.trace import Trace
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.money import CENT, ZERO, Money
from reconciler.model.operation import operation_period

_GAINS = frozenset({"allocate", "credit", "top_up", "refund"})
_LOSSES = frozenset({"settle", "reclaim"})
_CLOCKS = timedelta(minutes=10)
"""By how much the server's clock may differ from ours."""


def is_rest(move: Move) -> TypeGuard[Reclaim]:
    """Whether `move` takes back what an earlier month left."""
    return isinstance(move, Reclaim) and move.carried_from is not None


def left_of(move: Reclaim, wallet: LiveWallet) -> Reclaim:
    """Return `move` with what is left of its amount: never more than was reviewed, never more than there is."""
    return move.model_copy(update={"amount": min(move.amount, wallet.rest(move.period).amount)})


def inconsistency(move: Reclaim, wallet: LiveWallet, history: History, *, before: LiveWallet | None) -> str:
    """Return why no rest is taken out of this reading of `wallet`; an empty text when it is consistent.

    `before` is an earlier reading of the same wallet in the same run.
    """
    period = move.period
    if ours := [entry for entry in wallet.funding(period) if entry.operation]:
        ids = ", ".join(entry.id for entry in ours[:3])
        return (
            f"{move.wallet} was funded for {period} already ({ids}): what {move.carried_from} left stays in it, because"
            " it cannot be told from the new month's money any more"
        )
    if hidden := _hidden(move, history):
        return (
            f"{hidden.operation} funded {move.wallet} for {period}, and this reading of its ledger does not show it;"
            " run it again when the ledger has caught up"
        )
    more = max(_risen(before, wallet), *(_beyond(trace, wallet) for trace in _anchors(move, history)), ZERO)
    if more > CENT:
        return (
            f"{move.wallet} holds {Money(more, move.currency)} more than its ledger explains: money came in that this"
            " reading does not show; run it again when the ledger has caught up"
        )
    return ""


def _hidden(move: Reclaim, history: History) -> Trace | None:
    """Return the allocation for the new month that the journal knows of, and `wallet` does not show."""
    for trace in history.operations.values():
        is_known = trace.in_doubt or trace.step is Step.CONFIRMED
        if (
            is_known
            and trace.wallet == move.wallet
            and isinstance(trace.change, Allocate)
            and operation_period(trace.operation) == move.period
        ):
            return trace
    return None


def _risen(before: LiveWallet | None, now: LiveWallet) -> Decimal:
    """Return by how much the balance rose between two readings beyond what the ledger shows of that time.

    What was reserved may have been released.
    """
    if before is None or before.id is None:
        return ZERO
    known = {entry.id for entry in before.ledger}
    gains = _sum(entry for entry in now.ledger if entry.kind in _GAINS and entry.id not in known)
    return now.money_left.amount - before.money_left.amount - before.reserved - gains


def _anchors(move: Reclaim, history: History) -> list[Trace]:
    """Return the allocations for the month before, each of which was announced with what the wallet held then."""
    return [
        trace
        for trace in history.operations.values()
        if trace.wallet == move.wallet
        and trace.held is not None
        and isinstance(trace.change, Allocate)
        and operation_period(trace.operation) == move.carried_from
    ]


def _beyond(trace: Trace, wallet: LiveWallet) -> Decimal:
    """Return by how much `wallet` holds more than it held when `trace` was announced and the ledger has added since."""
    if trace.held is None or trace.announced is None:
        return ZERO
    seen = trace.seen or frozenset()
    gains = _sum(entry for entry in wallet.ledger if entry.kind in _GAINS and entry.id not in seen)
    spent = _sum(
        entry for entry in wallet.ledger if entry.kind in _LOSSES and entry.created_at > trace.announced + _CLOCKS
    )
    return wallet.money_left.amount - trace.held - gains + spent


def _sum(entries: Iterable[LedgerEntry]) -> Decimal:
    return sum((entry.amount for entry in entries), ZERO)
