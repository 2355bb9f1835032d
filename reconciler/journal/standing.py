"""Standing: a reading of a wallet held against the journal. One that contradicts it is not believed.

A reading is consistent when all of it was understood, when it shows every operation that the journal knows to be in the
ledger, when nothing is open on the wallet, and when it shows no operation of ours that this journal never sent
(decision 0017).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial

from reconciler.findings import UnreadableError
from reconciler.journal import doubts
from reconciler.journal.history import history_of
from reconciler.journal.ledger_match import (
    Absent,
    Ambiguous,
    Contradicted,
    Doubled,
    Found,
    LedgerMatch,
    MatchHints,
    match_in_ledger,
    words,
)
from reconciler.journal.record import Record, Step
from reconciler.journal.trace import Trace, followed
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.operation import carries, has_no_journal, is_cut_mark, operation_period
from reconciler.model.outcome import Doubt
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

Traces = Mapping[str, Trace]
_NOW = partial(datetime.now, UTC)


class Standing:
    """The operations of a journal, as they are by now; `now` tells the time."""

    def __init__(self, traces: Traces | None = None, *, now: Callable[[], datetime] = _NOW) -> None:
        self.traces = dict(traces or {})
        self._now = now
        self._on: dict[str, set[str]] = defaultdict(set)
        self._known: dict[str, frozenset[str]] = {}
        self._ids: set[str] = set()
        for trace in self.traces.values():
            self._keep(trace)

    def follow(self, records: Iterable[Record]) -> None:
        """Take note of what `records`, which follow those known so far, say about operations."""
        for record in records:
            if record.operation:
                self._keep(followed(self.traces.get(record.operation), record))

    def _keep(self, trace: Trace) -> None:
        self.traces[trace.operation] = trace
        if trace.wallet:
            self._on[trace.wallet].add(trace.operation)
        if trace.transactions:
            self._known[trace.operation] = trace.transactions
            self._ids |= trace.transactions

    def on(self, wallet: WalletRef) -> list[Trace]:
        return [self.traces[operation] for operation in sorted(self._on.get(wallet, ()))]

    def ledger_match(self, trace: Trace, wallet: LiveWallet) -> LedgerMatch:
        """Return what the ledger of `wallet` shows of the operation of `trace`."""
        if isinstance(trace.change, Allocate | Reclaim):
            hints = MatchHints(self._known, trace.seen, words(trace.change), trace.since)
            return match_in_ledger(wallet.ledger, trace.change, hints)
        own = (e for e in wallet.ledger if e.id in trace.transactions or carries(e.description, trace.operation))
        return next((Found(entry) for entry in own), Absent())

    def doubts(
        self, wallets: Mapping[WalletRef, LiveWallet], period: Period, *, besides: Collection[str] = ()
    ) -> dict[WalletRef, Doubt]:
        """Return by wallet why its reading for `period` is not believed; consistent wallets have no entry.

        `besides` are operations that the caller answers for itself.
        """
        found = ((key, self.doubt(wallet, period, besides=besides)) for key, wallet in sorted(wallets.items()))
        return {key: doubt for key, doubt in found if doubt}

    def doubt(
        self, wallet: LiveWallet, period: Period, *, besides: Collection[str] = (), planned: Collection[str] = ()
    ) -> Doubt | None:
        """Return why the reading `wallet` is not believed, None when it is consistent.

        `planned` are operations whose marks may be there already, whoever sent them.
        """
        if wallet.unread:
            return doubts.unreadable(wallet.key, wallet.unread)
        sightings = {
            trace.operation: self.ledger_match(trace, wallet)
            for trace in self.on(wallet.key)
            if trace.may_have_happened and trace.operation not in besides
        }
        missing = [
            self.traces[operation]
            for operation, found in sightings.items()
            if isinstance(found, Absent | Ambiguous) and _is_due(self.traces[operation], period)
        ]
        if missing:
            return doubts.missing(wallet.key, missing)
        if held := [
            trace for trace in self.on(wallet.key) if trace.operation not in besides and self.holds(trace, wallet)
        ]:
            return doubts.held(wallet.key, held)
        unaccepted = {op: found for op, found in sightings.items() if self.traces[op].step is not Step.ACCEPTED}
        if unlike := doubts.contradicted(wallet.key, unaccepted):
            return unlike
        claimed = self._ids.union(*map(_ids, sightings.values()))
        strange = [
            entry
            for entry in wallet.ledger
            if entry.kind in ("allocate", "reclaim")
            and (entry.funds(period) or entry.created_at >= period.start_instant)
            and entry.id not in claimed
            and self._is_strange(entry, {*besides, *planned})
        ]
        return doubts.foreign(wallet.key, strange) if strange else None

    def holds(self, trace: Trace, wallet: LiveWallet) -> bool:
        """Whether nothing is sent to `wallet` yet, because `trace` was answered with a no that may be a repeat's."""
        return trace.holds(wallet, self._now()) and isinstance(self.ledger_match(trace, wallet), Absent)

    def _is_strange(self, entry: LedgerEntry, expected: Collection[str]) -> bool:
        """Whether an entry carries a mark of ours that this journal never sent."""
        operation = entry.operation
        if operation is None:
            known = (*self.traces, *expected)
            return is_cut_mark(entry.description) and not any(carries(entry.description, op) for op in known)
        if operation in expected or has_no_journal(operation):
            return False
        trace = self.traces.get(operation)
        return trace is None or not (trace.intent or trace.may_have_happened)

    def reading_since(self, period: Period) -> Period:
        """Return the month to read ledgers from for `period`: also that of what is still to be seen in them.

        What was sent on the first day of a month may be dated in the one before, by a slower clock; where the ledger
        also loses descriptions, nothing but its id in that earlier month tells that it is there.
        """
        moves = [trace for trace in self.traces.values() if isinstance(trace.change, Allocate | Reclaim)]
        months = [operation_period(trace.operation) for trace in moves if trace.unseen or trace.in_doubt]
        dated = [trace.since for trace in moves if trace.since and _is_due(trace, period)]
        return min((period, *months, *dated))


def standing_of(records: Iterable[Record], *, now: Callable[[], datetime] = _NOW) -> Standing:
    """Return what the `records` of a journal say of operations."""
    return Standing(history_of(records).operations, now=now)


def unreadable(wallets: Mapping[WalletRef, LiveWallet]) -> dict[WalletRef, Doubt]:
    """Return the doubts about wallets whose ledger cannot be understood, whatever a journal says."""
    return {key: doubts.unreadable(key, wallet.unread) for key, wallet in sorted(wallets.items()) if wallet.unread}


def require_read(wallets: Mapping[WalletRef, LiveWallet]) -> None:
    """Raise UnreadableError unless every ledger of `wallets` was understood."""
    for wallet in wallets.values():
        if wallet.unread:
            raise UnreadableError(wallet.unread.reason, hint=wallet.unread.hint)


def _ids(found: LedgerMatch) -> set[str]:
    match found:
        case Found(entry=entry) | Contradicted(entry=entry):
            return {entry.id}
        case Doubled(entries=entries) | Ambiguous(entries=entries):
            return {entry.id for entry in entries}
        case Absent():
            return set()


def _is_due(trace: Trace, period: Period) -> bool:
    """Whether a reading for `period` must show it: what is open, and what was confirmed for that month or later."""
    if trace.in_doubt or trace.unseen:
        return True
    if trace.step is not Step.CONFIRMED:
        return False
    funds = trace.change.period if isinstance(trace.change, Allocate | Reclaim) else operation_period(trace.operation)
    return max(funds, operation_period(trace.operation)) >= period
