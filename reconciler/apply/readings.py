"""Readings during a run: of wallets, afresh or ahead, with all of the ledger that matters; and of the pool."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import pairwise

from reconciler.apply.run_context import LedgerReader, RunContext
from reconciler.journal.ledger_match import Move
from reconciler.model.live import LiveWallet
from reconciler.model.money import Money
from reconciler.model.operation import operation_period
from reconciler.model.period import Period

FRESH_SECONDS = 2.0
"""A reading that has waited longer than this is thrown away and made again."""


def ledger_start(period: Period, now: datetime) -> Period:
    """Return the month to read from: entries of a month that was funded ahead are dated before it began.

    On the first day of a month the server's clock may still be in the last one, so that day counts as ahead too.
    """
    ahead = now.date() <= period.first
    return min(period, Period.of(now.date())).plus(-1) if ahead else period


class Lookahead:
    """Reads the wallets of `moves`, in their order. Without threads everything is read when it is asked for."""

    def __init__(self, context: RunContext, moves: Sequence[Move]) -> None:
        self._context = context
        self._next = {move.op: following for move, following in pairwise(moves)}
        self._pending: tuple[str, float, Future[LiveWallet]] | None = None

    def read(self, move: Move) -> LiveWallet:
        """Return the wallet of `move`, read now, with all of its ledger that can speak of it."""
        return self._context.reader.wallet(move.wallet, move.currency, self.since(move))

    def since(self, move: Move) -> Period:
        """Return the month from which the ledger of `move` is read."""
        return ledger_start(operation_period(move.op), self._context.clock.now())

    def begin_after(self, move: Move) -> None:
        """Start to read the next wallet, unless it is this one: what is being sent now must show in it."""
        following = self._next.get(move.op)
        if self._context.threads is not None and following is not None and following.wallet != move.wallet:
            reading = self._context.threads.submit(self.read, following)
            self._pending = following.op, self._context.clock.monotonic(), reading

    def answer(self, move: Move) -> LiveWallet:
        """Return the wallet of `move`, as it was just read ahead, else read now; raises RemoteError unless whole."""
        pending, self._pending = self._pending, None
        if pending is not None:
            op, since, reading = pending
            if op == move.op and self._context.clock.monotonic() - since <= FRESH_SECONDS:
                return reading.result()
        return self.read(move)


class PoolBalance:
    """The organization wallet. It is read once and counted along; a shortage is checked against a fresh reading."""

    def __init__(self, reader: LedgerReader, currency: str) -> None:
        self._reader = reader
        self._currency = currency
        self._known: Money | None = None

    def shortage(self, amount: Money) -> Money | None:
        """Return what the pool holds when that is less than `amount`, else None: it suffices, or cannot be seen."""
        if self._known is None or self._known < amount:
            pool = self._reader.pool(self._currency)
            if pool is None or pool.available.currency != amount.currency:
                return None
            self._known = pool.available
        return self._known if self._known < amount else None

    def paid_out(self, amount: Money) -> None:
        if self._known is not None:
            self._known = self._known - amount

    def forget(self) -> None:
        """Read the pool again before the next allocation: something happened that cannot be counted."""
        self._known = None
