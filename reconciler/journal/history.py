"""What a journal says: the last step of every operation, every run, and what is still in doubt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.journal.record import Record, Step
from reconciler.journal.trace import Trace, followed
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.live import LiveWallet
from reconciler.model.outcome import DONE, Status
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.by_hand import funding_near

_OPERATION_STEPS = frozenset(Step) - {Step.STARTED, Step.RESUMED, Step.FINISHED, Step.LOCK_BROKEN, Step.RECOVERED}


@dataclass(frozen=True, slots=True)
class RunTrace:
    """One run: the facts it started with, and what it finished with (None: interrupted)."""

    run: str
    started: Record
    finished: Record | None = None

    @property
    def plan(self) -> Plan:
        """The plan as it was approved, without what only readers need; `digest` is that of the whole."""
        return Plan.model_validate(self.started.facts["plan"])

    @property
    def period(self) -> Period:
        return Period.parse(self.started.facts["plan"]["period"])

    @property
    def stale(self) -> Mapping[str, str]:
        """The teams that were refused as stale when the run began, and why."""
        stale: dict[str, str] = self.started.facts.get("stale", {})
        return stale


@dataclass(frozen=True, slots=True)
class History:
    """All operations and runs of a journal, in the order in which they began.

    `settled` are the wallets that were as git says when a run ended, with the ledger ids of their funding then.
    `adopted` are those that a person took under management as they were, `released` the teams that a person took out
    of it, each with the keys of what it had. Nothing is sent any more for runs that a person gave up.
    """

    operations: Mapping[str, Trace] = field(default_factory=dict)
    runs: Mapping[str, RunTrace] = field(default_factory=dict)
    settled: Mapping[WalletRef, frozenset[str]] = field(default_factory=dict)
    given_up: frozenset[str] = frozenset()
    adopted: frozenset[WalletRef] = frozenset()
    released: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, operation: str) -> Trace | None:
        return self.operations.get(operation)

    def in_doubt(self, wallet: WalletRef | None = None) -> tuple[Trace, ...]:
        """The operations that may or may not have happened, of one wallet or of all."""
        return tuple(
            trace for trace in self.operations.values() if trace.in_doubt and (wallet is None or trace.wallet == wallet)
        )

    def unsettled(self) -> tuple[Trace, ...]:
        """The operations that may or may not have happened, and those that no reading has shown yet."""
        return tuple(trace for trace in self.operations.values() if trace.in_doubt or trace.unseen or trace.until)

    @property
    def transactions(self) -> dict[str, frozenset[str]]:
        """The ledger ids that are known to be each operation's."""
        return {trace.operation: trace.transactions for trace in self.operations.values() if trace.transactions}

    def applied_to(self, besides: Collection[str] = ()) -> frozenset[str]:
        """The wallets that money was moved in by operations of ours, other than `besides`."""
        return frozenset(
            trace.wallet
            for trace in self.operations.values()
            if trace.wallet and trace.may_have_happened and trace.operation not in besides
        )

    def teams(self) -> dict[str, str]:
        """The team that each wallet was adopted for, or for which money was last moved in it."""
        adopted = (run.started.facts.get("adopted", {}).items() for run in self.runs.values())
        found: dict[str, str] = {key: team for listed in adopted for team, keys in listed for key in keys}
        moved = (trace.change for trace in self.operations.values())
        found.update((change.wallet, change.team) for change in moved if isinstance(change, Allocate | Reclaim))
        return found

    def known(
        self, wallets: Mapping[WalletRef, LiveWallet], period: Period, *, besides: Collection[str] = ()
    ) -> frozenset[str]:
        """Return the wallets that are met again: adopted, or money was moved in them by us, or they were as git says.

        One that was right by itself is met again while nobody else has funded it since, by what `wallets` show.
        """
        right = (
            key
            for key, ids in self.settled.items()
            if key in wallets
            and all(entry.id in ids or entry.operation for entry in funding_near(wallets[key], period))
        )
        return self._met(right, besides)

    def to_open(self, period: Period, *, besides: Collection[str] = ()) -> frozenset[str]:
        """Return the wallets that were met before, while no run has opened `period` as a whole; else none.

        One that was adopted within the period was taken as it was then.
        """
        runs = [run for run in self.runs.values() if run.finished and run.period == period]
        if any(run.started.facts.get("opens") and run.finished and run.finished.facts.get("converged") for run in runs):
            return frozenset()
        return self._met(self.settled, besides) - frozenset().union(*(_adopted(run.started.facts) for run in runs))

    def _met(self, right: Iterable[str], besides: Collection[str]) -> frozenset[str]:
        """The wallets that were adopted, that money was moved in by us, and those that are `right`."""
        gone = frozenset().union(*self.released.values())
        return ((self.applied_to(besides) | frozenset(right)) - gone) | self.adopted

    def opened(self, period: Period) -> frozenset[str]:
        """Return the wallets that are known to be funded for `period`, whatever happened to them since.

        We moved money for it, or a run that ended in it found them as git says.
        """
        done = (Step.CONFIRMED, Step.ACCEPTED)
        moved = {
            trace.wallet
            for trace in self.operations.values()
            if isinstance(trace.change, Allocate | Reclaim) and trace.change.period == period and trace.step in done
        }
        ended = [run for run in self.runs.values() if run.finished and run.period == period]
        settled = {key for run in ended if run.finished for key in run.finished.facts.get("settled", ())}
        return frozenset(key for key in moved if key) | settled

    @property
    def own(self) -> frozenset[str]:
        """The ledger ids that are known to be ours; what repeats an operation only once it was accepted."""
        return frozenset().union(*(trace.transactions - trace.surplus for trace in self.operations.values()))

    @property
    def acknowledged(self) -> frozenset[str]:
        """The ledger ids that are known to be ours, or were there when a run found the wallet as git says."""
        return self.own.union(*self.settled.values())

    @property
    def last(self) -> RunTrace | None:
        return list(self.runs.values())[-1] if self.runs else None


def open_runs(history: History) -> list[tuple[RunTrace, frozenset[str] | None]]:
    """Return the runs with something left to do, oldest first, each with the operations that are left (None: all).

    Only the last run is finished; of those that a later run went past, only what is in doubt or unseen matters.
    """
    last = history.last
    if last is None:
        return []
    left: dict[str, set[str]] = {}
    for trace in history.operations.values():
        if (trace.in_doubt or trace.unseen or trace.step is Step.ASSUMED_LOST) and trace.run in history.runs:
            left.setdefault(trace.run, set()).add(trace.operation)
    over = history.given_up | (history.runs.keys() - {last.run})
    passed = [(run, frozenset(left[name])) for name, run in history.runs.items() if name in left and name in over]
    if last.run in over:
        return list(passed)
    unfinished = last.finished is None or last.run in left or Status.UNKNOWN in _statuses(last)
    return [*passed, (last, None)] if unfinished else list(passed)


def _statuses(run: RunTrace) -> set[str]:
    outcomes = run.finished.facts.get("outcomes", ()) if run.finished else ()
    return {outcome["status"] for outcome in outcomes}


def history_of(records: Iterable[Record]) -> History:
    """Return what `records` say, folded into operations and runs. What is known of those before is not folded again."""
    listed = tuple(records)
    chain = tuple(record.digest for record in listed)
    known = max((part for part in _FOLDED if chain[: len(part)] == part), key=len, default=())
    found = _FOLDED.pop(known, _NOTHING)
    if len(known) < len(listed):
        found = _followed(found, listed[len(known) :])
    if all(chain):
        _FOLDED[chain] = found
    while len(_FOLDED) > _MOST:
        del _FOLDED[next(iter(_FOLDED))]
    return found


_NOTHING = History()
_FOLDED: dict[tuple[str, ...], History] = {}
"""By the digests of their records, the newest last. A journal only grows, and a run looks at it again and again."""
_MOST = 4


def _followed(history: History, records: Iterable[Record]) -> History:
    operations, runs, settled = dict(history.operations), dict(history.runs), dict(history.settled)
    over, adopted, released = set(history.given_up), history.adopted, dict(history.released)
    for record in records:
        over |= _given_up(record)
        if record.step is Step.STARTED:
            runs[record.run] = RunTrace(record.run, record)
        elif record.step in (Step.RESUMED, Step.FINISHED) and record.run in runs:
            runs[record.run] = replace(runs[record.run], finished=record if record.step is Step.FINISHED else None)
        if record.step is Step.FINISHED:
            begun = runs[record.run].started.facts if record.run in runs else {}
            adopted, released = _managed(begun, adopted, released)
            operations |= _read_back(record, operations)
            settled |= {
                WalletRef.parse(wallet): frozenset(ids) for wallet, ids in record.facts.get("settled", {}).items()
            }
        if record.operation and record.step in _OPERATION_STEPS:
            operations[record.operation] = followed(operations.get(record.operation), record)
    return History(operations, runs, settled, frozenset(over), adopted, released)


def _managed(
    begun: Mapping[str, Any], adopted: frozenset[WalletRef], released: Mapping[str, frozenset[str]]
) -> tuple[frozenset[WalletRef], dict[str, frozenset[str]]]:
    """Return what is adopted and what is released after a run that `begun` with these facts has finished."""
    taken: Mapping[str, list[str]] = begun.get("adopted", {})
    left = {team: frozenset(keys) for team, keys in begun.get("released", {}).items()}
    wallets = _adopted(begun)
    kept = {team: keys for team, keys in released.items() if team not in taken}
    return (adopted | wallets) - frozenset().union(*left.values()), {**kept, **left}


def _adopted(begun: Mapping[str, Any]) -> frozenset[WalletRef]:
    return frozenset(WalletRef.parse(wallet) for listed in begun.get("adopted", {}).values() for wallet in listed)


def given_up(records: Iterable[Record]) -> frozenset[str]:
    """Return the runs that a person gave up: what they were to do was borne out by nothing."""
    return frozenset[str]().union(*map(_given_up, records))


def _given_up(record: Record) -> frozenset[str]:
    return frozenset(record.facts.get("given_up", ()) if record.step is Step.RECOVERED else ())


def _read_back(record: Record, operations: Mapping[str, Trace]) -> dict[str, Trace]:
    """Return the operations that the read-back at the end of a run has shown, as such."""
    if not record.facts.get("read_back", True):
        return {}
    done = (outcome["op"] for outcome in record.facts.get("outcomes", ()) if outcome["status"] in DONE)
    return {op: replace(operations[op], shown=True) for op in done if op in operations}
