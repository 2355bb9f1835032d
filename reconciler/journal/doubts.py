"""Why a reading of a wallet is not believed, and what ends that: the sentences of a doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from reconciler.journal.ledger_match import Contradicted, LedgerMatch
from reconciler.journal.record import Step, accepted_entry
from reconciler.journal.trace import Trace
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.live import LedgerEntry, Unread
from reconciler.model.money import ZERO, Money
from reconciler.model.outcome import Doubt
from reconciler.model.wallet_ref import WalletRef


def unreadable(wallet: WalletRef, unread: Unread) -> Doubt:
    return Doubt(
        wallet=wallet,
        kind="unreadable",
        operations=(),
        reason=f"the ledger of {wallet} cannot be read, so nothing is planned for or sent to this wallet:"
        f" {unread.reason}",
        hint=unread.hint,
    )


def never_shown(operations: Iterable[str]) -> str:
    """Return what to do about operations that were confirmed, where the ledger will not show them any more."""
    return f"where it never will, as after a backup was restored: {_accepting(operations)}"


def missing(wallet: WalletRef, missing: Sequence[Trace]) -> Doubt:
    lacking = [trace for trace in missing if trace.step is Step.CONFIRMED]
    if lacking:
        return Doubt(
            wallet=wallet,
            kind="stale",
            operations=tuple(sorted(trace.operation for trace in lacking)),
            reason=f"the ledger of {wallet} does not show {_listed(map(_confirmed, lacking))}: this reading is older"
            " than what is known, so nothing is planned for or sent to this wallet",
            hint="run `kt-budgets resume`, which looks until the ledger shows it; "
            + never_shown(trace.operation for trace in lacking),
        )
    return Doubt(
        wallet=wallet,
        kind="unknown",
        operations=tuple(sorted(trace.operation for trace in missing)),
        reason=f"{wallet}: {_listed(map(_open, missing))} is open on this wallet: nobody knows yet whether it happened,"
        " so nothing is planned for or sent to it",
        hint="run `kt-budgets resume`, which proves or finishes it",
    )


def contradicted(wallet: WalletRef, sightings: Mapping[str, LedgerMatch]) -> Doubt | None:
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


def held_back(wallet: WalletRef, held: Sequence[Trace]) -> tuple[str, str]:
    """Return why nothing is sent to `wallet` yet, and what ends that."""
    times = [trace.until for trace in held if trace.until]
    until = f"{max(times, default=datetime.now(UTC)):%Y-%m-%d %H:%M:%S} UTC"
    lost = " ".join(f"--assume-lost {trace.operation}" for trace in held[:1])
    return (
        f"{wallet}: {_listed(map(_open, held))} was refused, which may be the answer to a second copy of it;"
        f" this reading may be older than that, so nothing is sent to this wallet before {until}, or before its"
        " ledger shows something newer",
        f'wait; or, where you know that it was not booked: `kt-budgets resume {lost} --reason "how you know"`',
    )


def held(wallet: WalletRef, held: Sequence[Trace]) -> Doubt:
    reason, hint = held_back(wallet, held)
    operations = tuple(sorted(trace.operation for trace in held))
    return Doubt(wallet=wallet, kind="unknown", operations=operations, reason=reason, hint=hint)


def foreign(wallet: WalletRef, strange: Sequence[LedgerEntry]) -> Doubt:
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
    amount = f" ({move.kind} {move.money})" if isinstance(move, Allocate | Reclaim) else ""
    return f"{trace.operation}{amount}"


def _entry(entry: LedgerEntry) -> str:
    when = f"{entry.created_at:%Y-%m-%d %H:%M} UTC"
    name = entry.operation or "an operation whose mark is cut"
    return f"{name} ({entry.kind} {Money(entry.amount, entry.currency)}, {entry.id}, {when})"
