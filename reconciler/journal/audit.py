"""The trail: who did what and why, operation by operation; and whether the ledger agrees with the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def trail(records: Iterable[Record]) -> tuple[AuditRun, ...]:
    """Return every run that `records` tell of, oldest first."""
    runs: dict[str, AuditRun] = {}
    facts: dict[str, Mapping[str, Any]] = {}
    for record in records:
        if record.step is Step.STARTED:
            runs[record.run], facts[record.run] = _begun(record), record.facts
        elif runs:
            name = record.run if record.run in runs else list(runs)[-1]
            runs[name] = runs[name].model_copy(update=_continued(runs[name], facts[name], record))
    return tuple(runs.values())


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


def _begun(record: Record) -> AuditRun:
    facts, plan = record.facts, record.facts.get("plan", {})
    return AuditRun(
        run=record.run,
        began=record.at,
        ended=None,
        status="interrupted",
        converged=False,
        who=facts.get("who"),
        principal=facts.get("principal"),
        url=facts.get("url"),
        why=facts.get("why", {}),
        commit=plan.get("source", {}).get("commit") or facts.get("commit"),
        plan=plan.get("digest"),
        period=plan.get("period"),
        stale=facts.get("stale", {}),
        operations=(),
        notes=tuple(_managed(facts)),
    )


def _managed(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a run took under management, or out of it."""
    for team, wallets in facts.get("adopted", {}).items():
        if not wallets:
            continue
        yield f"took {team} under management as it was: {', '.join(wallets)}"
    for team, keys in facts.get("released", {}).items():
        why = facts.get("reason", "")
        yield f"took {team} out of management{f' ({why})' if why else ''}: {', '.join(keys)}"


def _continued(run: AuditRun, facts: Mapping[str, Any], record: Record) -> dict[str, Any]:
    """Return what a record changes of a run that began with `facts`."""
    match record.step:
        case Step.FINISHED:
            ended = {outcome["op"]: outcome for outcome in record.facts.get("outcomes", ())}
            operations = tuple(_ended(operation, ended.get(operation.op)) for operation in run.operations)
            converged = bool(record.facts.get("converged"))
            return {"ended": record.at, "status": "finished", "converged": converged, "operations": operations}
        case Step.RESUMED:
            note = f"resumed {record.at} by {record.facts.get('who')}"
            return {"ended": None, "status": "interrupted", "converged": False, "notes": (*run.notes, note)}
        case Step.LOCK_BROKEN:
            note = f"lock of {record.facts.get('owner')} broken {record.at} by {record.facts.get('who')}"
            return {"notes": (*run.notes, note)}
        case Step.RECOVERED:
            return {"notes": (*run.notes, f"{_recovered(record.facts)} {record.at}")}
        case _:
            return {"operations": _with(run.operations, facts, record)}


def _recovered(facts: Mapping[str, Any]) -> str:
    by = f"by {facts.get('who')} ({facts.get('reason')})"
    if moved := facts.get("moved_from"):
        return f"the journal was moved from {moved} {by}"
    return f"the journal was repaired {by}" if facts.get("repaired") else "an incomplete last line was dropped"


def _with(operations: Iterable[AuditOperation], facts: Mapping[str, Any], record: Record) -> tuple[AuditOperation, ...]:
    known = {operation.op: operation for operation in operations}
    former = known.get(record.operation or "") or _planned(facts, record.operation or "", str(record.step))
    more = {
        "step": str(record.step),
        "transactions": (*former.transactions, *record.facts.get("transactions", ())),
        "reason": record.facts.get("reason", former.reason),
    }
    return tuple({**known, former.op: former.model_copy(update=more)}.values())


def _ended(operation: AuditOperation, outcome: Mapping[str, Any] | None) -> AuditOperation:
    """Say that an operation was found already applied: the run wrote nothing about it but its end."""
    if outcome is None or outcome["status"] != "already_applied" or operation.step != Step.PLANNED:
        return operation
    found = outcome.get("transaction")
    return operation.model_copy(update={"step": "already applied", "transactions": (found,) if found else ()})


def _planned(facts: Mapping[str, Any], operation: str, step: str) -> AuditOperation:
    changes: list[dict[str, Any]] = facts.get("plan", {}).get("changes", [])
    change = next((c for c in changes if operation in (c.get("op"), f"{c['kind']}:{c.get('key')}")), {})
    before, after = ("funded_before", "funded_after") if "funded_before" in change else ("before", "after")
    return AuditOperation(
        op=operation,
        step=step,
        **{name: change.get(name) for name in ("kind", "team", "wallet", "key", "amount")},
        before=change.get(before),
        after=change.get(after),
        transactions=(),
        reason="",
    )
