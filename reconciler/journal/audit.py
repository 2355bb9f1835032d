"""The trail: who did what and why, operation by operation; and whether the ledger agrees with the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.journal.history import History
from reconciler.journal.ledger_match import doubled_operations
from reconciler.journal.record import Record, Step, accepted_entry
from reconciler.journal.trace import Trace
from reconciler.model.audit import AuditDocument, AuditOperation, AuditRun
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.money import ZERO
from reconciler.model.operation import operation_period
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef


@dataclass(frozen=True, slots=True)
class _Operation:
    """What one run did about one operation so far."""

    operation: str
    step: str
    change: Mapping[str, Any]
    transactions: tuple[str, ...] = ()
    reason: str = ""

    def told(self) -> AuditOperation:
        money = "funded_before" in self.change
        return AuditOperation(
            op=self.operation,
            step=self.step,
            kind=self.change.get("kind"),
            team=self.change.get("team"),
            wallet=self.change.get("wallet"),
            key=self.change.get("key"),
            amount=self.change.get("amount"),
            before=self.change.get("funded_before") if money else self.change.get("before"),
            after=self.change.get("funded_after") if money else self.change.get("after"),
            transactions=self.transactions,
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True)
class _Run:
    """One run: the facts it began with, its operations, and the facts it finished with (None: interrupted)."""

    run: str
    began: str
    facts: Mapping[str, Any]
    operations: tuple[_Operation, ...] = ()
    ended: str | None = None
    finished: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()

    def told(self) -> AuditRun:
        plan = self.facts.get("plan", {})
        return AuditRun(
            run=self.run,
            began=self.began,
            ended=self.ended,
            status="finished" if self.finished is not None else "interrupted",
            converged=bool(self.finished and self.finished.get("converged")),
            who=self.facts.get("who"),
            principal=self.facts.get("principal"),
            url=self.facts.get("url"),
            why=self.facts.get("why", {}),
            commit=self.facts.get("commit"),
            plan=plan.get("digest"),
            period=plan.get("period"),
            stale=self.facts.get("stale", {}),
            operations=tuple(operation.told() for operation in self.operations),
            notes=self.notes,
        )


def trail(records: Iterable[Record]) -> tuple[AuditRun, ...]:
    """Return every run that `records` tell of, oldest first."""
    runs: dict[str, _Run] = {}
    for record in records:
        if record.step is Step.STARTED:
            runs[record.run] = _begun(record)
        elif runs:
            name = record.run if record.run in runs else list(runs)[-1]
            runs[name] = _continued(runs[name], record)
    return tuple(run.told() for run in runs.values())


def audit_document(
    where: str, records: Sequence[Record], problems: Sequence[str] | None, notes: Sequence[str] = ()
) -> AuditDocument:
    """Return the trail as a document; `problems` is None when nothing was verified against the ledger."""
    return AuditDocument(
        journal=where,
        records=len(records),
        digest=records[-1].digest if records else None,
        runs=trail(records),
        ledger_checked=problems is not None,
        problems=tuple(problems or ()),
        notes=tuple(notes),
    )


def ledger_problems(history: History, wallets: Mapping[WalletRef, LiveWallet], since: Period) -> Iterator[str]:
    """Yield what the ledger and the journal disagree about; `wallets` hold their ledgers since `since` began."""
    for trace in history.operations.values():
        move = trace.change
        if isinstance(move, Allocate | Reclaim) and operation_period(move.op) >= since and move.wallet in wallets:
            yield from _disagreements(trace, move, wallets[move.wallet].ledger)
    for key, wallet in sorted(wallets.items()):
        for operation, entries in doubled_operations(wallet.ledger).items():
            if _is_accepted(history.of(operation), entries):
                continue
            yield f"{key}: {operation} is in the ledger {len(entries)} times ({', '.join(e.id for e in entries)})"


def _is_accepted(trace: Trace | None, entries: Sequence[LedgerEntry]) -> bool:
    accepted = trace is not None and trace.step is Step.ACCEPTED
    return accepted and trace is not None and {entry.id for entry in entries} <= trace.transactions


def strangers(history: History, wallets: Mapping[WalletRef, LiveWallet]) -> Iterator[str]:
    """Yield the operations of ours that the ledger shows and the journal does not know."""
    for key, wallet in sorted(wallets.items()):
        for entry in wallet.ledger:
            trace = history.of(entry.operation or "")
            is_sent = trace is not None and (trace.intent or trace.may_have_happened)
            if entry.operation and not is_sent and accepted_entry(entry.id) not in history.operations:
                when = f"{entry.created_at:%Y-%m-%d %H:%M} UTC"
                yield f"{key}: {entry.operation} ({entry.id}, {when}) is of another journal"


def _disagreements(trace: Trace, move: Allocate | Reclaim, ledger: Sequence[LedgerEntry]) -> Iterator[str]:
    if trace.step is Step.CONFIRMED:
        found = [entry for entry in ledger if entry.id in trace.transactions or entry.operation == trace.operation]
        if not found:
            ids = ", ".join(sorted(trace.transactions))
            yield f"{move.wallet}: {trace.operation} was confirmed as {ids}, which the ledger does not show"
        for entry in found:
            if (entry.kind, entry.amount) != (move.kind, move.amount):
                yield (
                    f"{move.wallet}: {trace.operation} was to {move.kind} {move.amount:,.2f}, and {entry.id} is"
                    f" {entry.kind} {entry.amount + ZERO:,f}; where the ledger is right, `kt-budgets resume --accept"
                    f" {trace.operation}` with --reason says so"
                )
    elif trace.step is Step.ACCEPTED:
        return
    elif trace.in_doubt:
        yield f"{move.wallet}: {trace.operation} is still open; run `kt-budgets resume`"
    elif any(entry.operation == trace.operation for entry in ledger):
        yield f"{move.wallet}: {trace.operation} ended {trace.step} in the journal, and the ledger shows it"


def audited_wallets(history: History) -> tuple[dict[WalletRef, str], Period | None]:
    """Return the wallets, with their currencies, that the journal moved money in, and the first month it did."""
    moves = [t.change for t in history.operations.values() if isinstance(t.change, Allocate | Reclaim)]
    periods = [operation_period(move.op) for move in moves]
    return {move.wallet: move.currency for move in moves}, min(periods, default=None)


def _begun(record: Record) -> _Run:
    return _Run(record.run, record.at, record.facts, notes=tuple(_managed(record.facts)))


def _managed(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a run took under management, or out of it."""
    for team, wallets in facts.get("adopted", {}).items():
        yield f"took {team} under management as it was: {', '.join(wallets)}"
    for team, keys in facts.get("released", {}).items():
        why = facts.get("reason", "")
        yield f"took {team} out of management{f' ({why})' if why else ''}: {', '.join(keys)}"


def _continued(run: _Run, record: Record) -> _Run:
    match record.step:
        case Step.FINISHED:
            ended = {outcome["op"]: outcome for outcome in record.facts.get("outcomes", ())}
            operations = tuple(_ended(step, ended.get(step.operation)) for step in run.operations)
            return replace(run, ended=record.at, finished=record.facts, operations=operations)
        case Step.RESUMED:
            note = f"resumed {record.at} by {record.facts.get('who')}"
            return replace(run, ended=None, finished=None, notes=(*run.notes, note))
        case Step.LOCK_BROKEN:
            note = f"lock of {record.facts.get('owner')} broken {record.at} by {record.facts.get('who')}"
            return replace(run, notes=(*run.notes, note))
        case Step.RECOVERED:
            return replace(run, notes=(*run.notes, f"{_recovered(record.facts)} {record.at}"))
        case _:
            return replace(run, operations=_with(run.operations, run.facts, record))


def _recovered(facts: Mapping[str, Any]) -> str:
    by = f"by {facts.get('who')} ({facts.get('reason')})"
    if moved := facts.get("moved_from"):
        return f"the journal was moved from {moved} {by}"
    return f"the journal was repaired {by}" if facts.get("repaired") else "an incomplete last line was dropped"


def _with(steps: tuple[_Operation, ...], facts: Mapping[str, Any], record: Record) -> tuple[_Operation, ...]:
    known = {step.operation: step for step in steps}
    operation = record.operation or ""
    former = known.get(operation) or _Operation(operation, str(record.step), _change(facts, operation))
    known[operation] = replace(
        former,
        step=str(record.step),
        transactions=(*former.transactions, *record.facts.get("transactions", ())),
        reason=record.facts.get("reason", former.reason),
    )
    return tuple(known.values())


def _ended(step: _Operation, outcome: Mapping[str, Any] | None) -> _Operation:
    """Say that an operation was found already applied: the run wrote nothing about it but its end."""
    if outcome is None or outcome["status"] != "already_applied" or step.step != Step.PLANNED:
        return step
    found = outcome.get("transaction")
    return replace(step, step="already applied", transactions=(found,) if found else ())


def _change(facts: Mapping[str, Any], operation: str) -> Mapping[str, Any]:
    changes: list[dict[str, Any]] = facts.get("plan", {}).get("changes", [])
    return next((c for c in changes if operation in (c.get("op"), f"{c['kind']}:{c.get('key')}")), {})
