"""Readings of wallets: afresh, or looking ahead, the next wallet's ledger while the present move is being sent."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future

from reconciler.apply.run_context import RunContext, in_order
from reconciler.apply.window import ledger_start
from reconciler.journal.ledger_match import Move
from reconciler.model.live import LiveWallet
from reconciler.model.operation import operation_period
from reconciler.model.period import Period

FRESH_SECONDS = 2.0
"""A reading that has waited longer than this is thrown away and made again."""


class Lookahead:
    """Reads the wallets of `moves`. Without threads everything is read when it is asked for."""

    def __init__(self, context: RunContext, moves: Iterable[Move]) -> None:
        self._context = context
        ordered = sorted(moves, key=in_order)
        self._next = dict(zip((move.op for move in ordered), ordered[1:], strict=False))
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
