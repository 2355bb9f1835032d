"""What every step of a run works with: the world as protocols, the journal, the lock, and what is known so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from reconciler.apply.outcome import change_facts, operation_of, outcome
from reconciler.clock import Clock, Interruption
from reconciler.findings import RemoteError
from reconciler.journal.history import History
from reconciler.journal.journal import Journal
from reconciler.journal.ledger_match import Found, MatchHints, Move, confirmation, words
from reconciler.journal.record import Entry, Record, Step
from reconciler.journal.standing import Standing
from reconciler.journal.store import Lock
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.live import Listing, Live, LiveWallet, Pool
from reconciler.model.money import Money
from reconciler.model.outcome import Outcome, Status
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import WriteResult

LONGEST_WAIT = 300.0
"""No server is waited for longer than this many seconds at once, whatever its Retry-After says."""

TRIES = 5
"""How often a write is sent when each time it is certain that it did not arrive."""

_DECIDED = frozenset({Step.ASSUMED_LOST, Step.ACCEPTED, Step.REFUSED})


class LedgerReader(Protocol):
    """Reads what a write must be checked against. Every method reads afresh and raises RemoteError unless whole."""

    def wallet(self, wallet: WalletRef, currency: str, period: Period) -> LiveWallet:
        """Return `wallet` with its whole ledger since `period` began, without an upper bound."""

    def pool(self, currency: str) -> Pool | None:
        """Return the organization wallet, None when the token cannot see it."""

    def objects(self, kind: ManagedKind[V]) -> Listing[V]:
        """Return every object of `kind` that can be understood."""


class LiveReader(LedgerReader, Protocol):
    """Reads single things before a write, and the whole live state for the comparison before and after a run."""

    def live(self, *, organization: str, wallets: Mapping[WalletRef, str], period: Period) -> Live:
        """Return everything; `wallets` maps those that are asked for to their currency. Some may be `unread`."""


class Writer(Protocol):
    """The writes. None of them retries; each sends at most one request."""

    def allocate(self, wallet: WalletRef, amount: Money, *, description: str, operation: str) -> WriteResult: ...
    def reclaim(self, wallet: WalletRef, amount: Money, *, description: str, operation: str) -> WriteResult: ...
    def create(self, kind: ManagedKind[V], document: Mapping[str, Any]) -> WriteResult: ...
    def replace(self, kind: ManagedKind[V], id: str, document: Mapping[str, Any]) -> WriteResult: ...
    def delete(self, kind: ManagedKind[V], id: str) -> WriteResult: ...


@dataclass(slots=True)
class RunContext:
    """One run's working place. `settle` is how many seconds a lost answer is looked for in the ledger.

    `compared` are the wallets as they were read at the start. `process` is this process's name in the notes of what is
    being sent. `denied` is what the server said when the token may not write. Without `may_send` a run only proves.
    `is_behind` says that a reading of this run was older than what is known. `standing` is the journal as it is by now.
    On `threads`, if any, ledgers are read ahead. `rehearsed` is the day that was asked for, None for the clock's own.
    """

    reader: LiveReader
    writer: Writer
    journal: Journal
    lock: Lock
    clock: Clock
    interruption: Interruption
    run: str
    history: History
    settle: float = 60.0
    resuming: bool = False
    process: str = ""
    denied: str = ""
    may_send: bool = True
    is_behind: bool = False
    compared: Mapping[WalletRef, LiveWallet] = field(default_factory=dict)
    threads: Executor | None = None
    rehearsed: date | None = None
    stale: dict[str, str] = field(default_factory=dict)
    transactions: dict[str, frozenset[str]] = field(default_factory=dict)
    proved: set[str] = field(default_factory=set)
    seen: dict[str, frozenset[str]] = field(default_factory=dict)
    announced: dict[str, Change] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)

    def __post_init__(self) -> None:
        self.transactions.update(self.history.transactions)
        self.standing = Standing(self.history.operations, now=self.clock.now)

    @property
    def today(self) -> date:
        """The day on which money that is sent now is dated."""
        return self.rehearsed or self.clock.now().date()

    def announce(self, change: Change, **facts: Any) -> None:
        """Write down durably that `change` is about to be sent, then note on this machine that it is being sent.

        Decision 0016.
        """
        self.lock.check()
        intent = Entry(
            Step.INTENT, operation_of(change), {**facts, "change": change_facts(change), "writer": self.process}
        )
        (record,) = self._appended(intent)
        self.announced[operation_of(change)] = change
        if "seen" in facts:
            self.seen[operation_of(change)] = frozenset(facts["seen"])
        self.journal.send_log.sending(record.digest)

    def sends(self, change: Change) -> int:
        """Return how many requests for `change` may have arrived, over all runs."""
        trace = self.standing.traces.get(operation_of(change))
        return trace.sends if trace else 0

    def key(self, operation: str) -> str:
        """Return the idempotency key for sending `operation` now: its id, numbered after each decision about it.

        Some servers answer a key with what they answered before, errors included. Within a run the key stays; a later
        run, a person's word or a new plan after a refusal ends what an answer of before could mean.
        """
        about = [record for record in self.journal.records if record.operation == operation]
        runs = {record.run for record in about if record.step is Step.INTENT} - {self.run}
        decisions = sum(record.step in _DECIDED for record in about)
        return f"{operation}-{number + 1}" if (number := len(runs) + decisions) else operation

    def passed_by(self, change: Change) -> Outcome:
        """Return the outcome of a change that was not sent and that a later run went past: it is final."""
        sent = (
            "nothing more is sent for it, and the ledger does not show it" if self.sends(change) else "it was not sent"
        )
        reason = f"{sent}: a later run did without it; plan it again"
        self.record(Entry(Step.REFUSED, operation_of(change), {"reason": reason}))
        return outcome(change, Status.SKIPPED, reason=reason)

    def record(self, *entries: Entry) -> None:
        """Write `entries` to the journal, durably, and remember the ledger ids they confirm."""
        self._appended(*entries)
        for entry in entries:
            if entry.operation and entry.step is Step.CONFIRMED:
                known = self.transactions.get(entry.operation, frozenset())
                self.transactions[entry.operation] = known | frozenset(entry.facts.get("transactions", ()))
                self.proved.add(entry.operation)

    def as_sent(self, move: Move) -> Move:
        """Return `move` as it was sent, if it was: a rest may have been smaller by then than when it was reviewed."""
        trace = self.history.of(move.op)
        earlier = trace.change if trace is not None and trace.may_have_happened else None
        sent = self.announced.get(move.op, earlier)
        return sent if isinstance(sent, Allocate | Reclaim) else move

    def _appended(self, *entries: Entry) -> list[Record]:
        records = self.journal.append(self.run, *entries)
        self.standing.follow(records)
        return records

    def note(self, wallet: LiveWallet) -> None:
        """Record what `wallet` shows of operations that were open, or that no reading had shown yet."""
        for trace in self.standing.on(wallet.key):
            is_open = trace.in_doubt or trace.unseen or trace.until
            if is_open and isinstance(found := self.standing.ledger_match(trace, wallet), Found):
                self.record(Entry(Step.CONFIRMED, trace.operation, confirmation(found)))

    def hints(self, move: Move) -> MatchHints:
        """Return what is known of `move` besides the ledger; what was there before it was sent, if it ever was."""
        trace = self.history.of(move.op)
        earlier = trace.seen if trace is not None and trace.may_have_happened else None
        now = self.standing.traces.get(move.op)
        return MatchHints(self.transactions, self.seen.get(move.op, earlier), words(move), now.since if now else None)

    def looks(self, most: float | None = None) -> Iterator[None]:
        """Yield once now, then after growing pauses until the settle deadline; the lease is renewed on the way.

        `most` is after how many seconds it ends instead.
        """
        deadline = self.clock.monotonic() + (self.settle if most is None else most)
        pause = 0.1
        yield
        while (left := deadline - self.clock.monotonic()) > 0 and not self.interruption.requested:
            self.clock.sleep(min(pause, left))
            pause = min(pause * 1.6, 5.0)
            self.lock.check()
            yield

    def looked(self, begun: float) -> str:
        """Return for how long was looked since `begun`: the settle time, or less where somebody stopped the run."""
        return f"{round(min(self.clock.monotonic() - begun, self.settle), 1):g} s"

    def rest(self, seconds: float) -> bool:
        """Wait before sending again; False when that would take too long or somebody asked to stop."""
        if seconds > LONGEST_WAIT or self.interruption.requested:
            return False
        self.clock.sleep(seconds)
        self.lock.check()
        return not self.interruption.requested

    def unreadable(self, change: Change, error: RemoteError) -> Outcome:
        """Return the outcome of a change before which Keeptrusts could not be read, so that this run sent nothing."""
        trace = self.standing.traces.get(operation_of(change))
        if trace is not None and trace.in_doubt:
            reason = f"it may have been sent before, and this run cannot tell: {error.message}"
            return outcome(change, Status.UNKNOWN, reason=reason)
        what = "nothing more was sent" if trace is not None and trace.sends else "nothing was sent"
        return outcome(change, Status.FAILED, reason=f"{what}: {error.message}")
