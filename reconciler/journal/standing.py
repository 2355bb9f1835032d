"""Standing: a reading of a wallet held against the journal. One that contradicts it is not believed.

A reading is consistent when all of it was understood, when it shows every operation that the journal knows to be in
the ledger, when nothing is open on the wallet, and when it shows no operation of ours that this journal never sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from reconciler.findings import UnreadableError
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
from reconciler.journal.record import Record, Step, accepted_entry
from reconciler.journal.trace import Trace, followed
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.doubt import Doubt
from reconciler.model.live import LedgerEntry, LiveWallet, Unread
from reconciler.model.money import ZERO, Money
from reconciler.model.operation import carries, has_no_journal, is_cut_mark, operation_period
from reconciler.model.period import Period

Traces = Mapping[str, Trace]


def _clock() -> datetime:
    return datetime.now(UTC)


class Standing:
    """The operations of a journal, as they are by now; `now` tells the time."""

    def __init__(self, traces: Traces | None = None, *, now: Callable[[], datetime] = _clock) -> None:
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

    def on(self, wallet: str) -> list[Trace]:
        """Return the operations of one wallet."""
        return [self.traces[operation] for operation in sorted(self._on.get(wallet, ()))]

    def ledger_match(self, trace: Trace, wallet: LiveWallet) -> LedgerMatch:
        """Return what the ledger of `wallet` shows of the operation of `trace`."""
        if isinstance(trace.change, Allocate | Reclaim):
            hints = MatchHints(self._known, trace.seen, words(trace.change), trace.since)
            return match_in_ledger(wallet.ledger, trace.change, hints)
        own = (e for e in wallet.ledger if e.id in trace.transactions or carries(e.description, trace.operation))
        return next((Found(entry) for entry in own), Absent())

    def doubts(
        self, wallets: Mapping[str, LiveWallet], period: Period, *, besides: Collection[str] = ()
    ) -> dict[str, Doubt]:
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
            return _unreadable(wallet.key, wallet.unread)
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
            return _missing(wallet.key, missing)
        if held := [
            trace for trace in self.on(wallet.key) if trace.operation not in besides and self.holds(trace, wallet)
        ]:
            return _held(wallet.key, held)
        unaccepted = {op: found for op, found in sightings.items() if self.traces[op].step is not Step.ACCEPTED}
        if unlike := _contradicted(wallet.key, unaccepted):
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
        return _foreign(wallet.key, strange) if strange else None

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


def standing_of(records: Iterable[Record], *, now: Callable[[], datetime] = _clock) -> Standing:
    """Return what the `records` of a journal say of operations."""
    return Standing(history_of(records).operations, now=now)


def unreadable(wallets: Mapping[str, LiveWallet]) -> dict[str, Doubt]:
    """Return the doubts about wallets whose ledger cannot be understood, whatever a journal says."""
    return {key: _unreadable(key, wallet.unread) for key, wallet in sorted(wallets.items()) if wallet.unread}


def require_read(wallets: Mapping[str, LiveWallet]) -> None:
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


def _unreadable(wallet: str, unread: Unread) -> Doubt:
    return Doubt(
        wallet=wallet,
        kind="unreadable",
        operations=(),
        reason=f"the ledger of {wallet} cannot be read, so nothing is planned for or sent to this wallet:"
        f" {unread.reason}",
        hint=unread.hint,
    )


def _missing(wallet: str, missing: Sequence[Trace]) -> Doubt:
    lacking = [trace for trace in missing if trace.step is Step.CONFIRMED]
    if lacking:
        return Doubt(
            wallet=wallet,
            kind="stale",
            operations=tuple(sorted(trace.operation for trace in lacking)),
            reason=f"the ledger of {wallet} does not show {_listed(map(_confirmed, lacking))}: this reading is older"
            " than what is known, so nothing is planned for or sent to this wallet",
            hint="run `kt-budgets resume`, which looks until the ledger shows it; where it never will, as after a"
            f" backup was restored: {_accepting(trace.operation for trace in lacking)}",
        )
    return Doubt(
        wallet=wallet,
        kind="unknown",
        operations=tuple(sorted(trace.operation for trace in missing)),
        reason=f"{wallet}: {_listed(map(_open, missing))} is not proved on this wallet: whether it happened is not"
        " known, so nothing is planned for or sent to it",
        hint="run `kt-budgets resume`, which proves or finishes it",
    )


def _contradicted(wallet: str, sightings: Mapping[str, LedgerMatch]) -> Doubt | None:
    """Return the doubt about operations that are in the ledger otherwise than they were sent, None without any."""
    unlike = {op: found.entry for op, found in sightings.items() if isinstance(found, Contradicted)}
    if not unlike:
        return None
    shown = (
        f"{op} as {entry.kind} of {entry.currency} {entry.amount + ZERO:,f} ({entry.id})"
        for op, entry in unlike.items()
    )
    return Doubt(
        wallet=wallet,
        kind="unknown",
        operations=tuple(sorted(unlike)),
        reason=f"the ledger of {wallet} shows {_listed(shown)}, which is not what was sent; nothing is planned for or"
        " sent to this wallet",
        hint=f"where the ledger is right: {_accepting(unlike)}; the next plan moves what is still to be moved",
    )


def held_back(wallet: str, held: Sequence[Trace]) -> tuple[str, str]:
    """Return why nothing is sent to `wallet` yet, and what ends that."""
    times = [trace.until for trace in held if trace.until]
    until = f"{max(times, default=_clock()):%Y-%m-%d %H:%M:%S} UTC"
    lost = " ".join(f"--assume-lost {trace.operation}" for trace in held[:1])
    return (
        f"{wallet}: {_listed(map(_open, held))} was answered with a no, which may be about a second delivery of it;"
        f" this reading may be older than that, so nothing is sent to this wallet before {until}, or before its"
        " ledger shows something newer",
        f'wait; or, where you know that it was not booked: `kt-budgets resume {lost} --reason "how you know"`',
    )


def _held(wallet: str, held: Sequence[Trace]) -> Doubt:
    reason, hint = held_back(wallet, held)
    operations = tuple(sorted(trace.operation for trace in held))
    return Doubt(wallet=wallet, kind="unknown", operations=operations, reason=reason, hint=hint)


def _foreign(wallet: str, strange: Sequence[LedgerEntry]) -> Doubt:
    return Doubt(
        wallet=wallet,
        kind="foreign",
        operations=tuple(sorted({entry.operation or accepted_entry(entry.id) for entry in strange})),
        reason=f"the ledger of {wallet} shows {_listed(map(_entry, strange))}, which kt-budgets sent and this journal"
        " does not know: another journal exists, or records of this one were lost; nothing is planned for or sent to"
        " this wallet",
        hint="name the journal that recorded it (`journal:` in org.yaml); where that journal is lost, or this one was"
        f" set back: {_accepting(entry.operation or accepted_entry(entry.id) for entry in strange)}",
    )


def _accepting(operations: Iterable[str]) -> str:
    """Return the command by which a person takes the ledger's word for `operations`."""
    accepted = " ".join(f"--accept {operation}" for operation in sorted(set(operations)))
    return f'`kt-budgets resume {accepted} --reason "how you know"`'


def _listed(sentences: Iterable[str]) -> str:
    told = list(sentences)
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return ", ".join(told[:3]) + more


def _confirmed(trace: Trace) -> str:
    ids = ", ".join(sorted(trace.transactions))
    return f"{_open(trace)}, confirmed{f' as {ids}' if ids else ''}"


def _open(trace: Trace) -> str:
    move = trace.change
    amount = f" ({move.kind} {Money(move.amount, move.currency)})" if isinstance(move, Allocate | Reclaim) else ""
    return f"{trace.operation}{amount}"


def _entry(entry: LedgerEntry) -> str:
    when = f"{entry.created_at:%Y-%m-%d %H:%M} UTC"
    name = entry.operation or "an operation with a cut mark"
    return f"{name} ({entry.kind} {Money(entry.amount, entry.currency)}, {entry.id}, {when})"
