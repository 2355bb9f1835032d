"""A person's word: what the ledger shows is right, or what it lacks cannot come any more. Recorded with who and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.apply.application import ApplyEnvironment
from reconciler.findings import UsageError
from reconciler.journal.doubts import never_shown
from reconciler.journal.history import History, history_of
from reconciler.journal.journal import Journal
from reconciler.journal.record import Entry, Step, accepted_entry
from reconciler.journal.standing import require_read
from reconciler.journal.trace import Trace
from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.operation import carries, operation_period
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

_AUDIT = "`kt-budgets audit` shows every operation and what became of it"
_MOVE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9a-f]{20}=")
_LOST = frozenset({Step.CONFIRMED, Step.ASSUMED_LOST})


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is accepted: an operation as the ledger shows it, with the entries that a person names for it, if any."""

    operation: str
    entries: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Accepted:
        """Read OP, OP=TXN,TXN or ledger:TXN. The key of a billing budget may hold a `=` of its own."""
        operation, entries = text.split("=", 1) if _MOVE.match(text) else (text, "")
        return cls(operation.strip(), tuple(entry.strip() for entry in entries.split(",") if entry.strip()))


def accept(
    journal: Journal,
    asked: tuple[Accepted, ...],
    reason: str,
    environment: ApplyEnvironment,
    *,
    wallets: Mapping[WalletRef, str],
) -> None:
    """Record that the ledger is right about every operation that is `asked` for.

    `wallets` maps those whose ledgers are looked at to their currency. Raises UsageError, before anything is
    recorded, for what neither the journal nor a ledger knows, and for what is in no doubt.
    """
    history = history_of(journal.records)
    ledgers = _ledgers(asked, history, environment, journal.organization, wallets)
    last = history.last.run if history.last else "-"
    entries = []
    for wanted in asked:
        trace = history.of(wanted.operation)
        wallet, found = _shown(wanted, trace, ledgers)
        if not found and (trace is None or not (trace.in_doubt or trace.until or trace.step in _LOST)):
            raise _nothing_to_accept(wanted.operation, trace, ledgers, history)
        facts = {
            "reason": reason,
            **environment.attribution.facts(),
            "transactions": sorted(entry.id for entry in found),
        }
        key = wallet or (trace.wallet if trace else None)
        step = Entry(Step.ACCEPTED, wanted.operation, {**facts, **({"wallet": key} if key else {})})
        entries.append((trace.run if trace else last, step))
    for run, step in entries:
        journal.append(run, step)


def assume_lost(journal: Journal, operation: str, reason: str, environment: ApplyEnvironment) -> None:
    """Record that `operation`, which the run lists as unknown, cannot come any more, so that it may be sent again."""
    history = history_of(journal.records)
    trace = history.of(operation)
    if trace is not None and trace.step is Step.CONFIRMED:
        raise UsageError(
            f"Keeptrusts confirmed {operation}, so it was not lost and is not sent again",
            hint=f"`kt-budgets resume` looks until the ledger shows it; {never_shown([operation])}",
        )
    if trace is None or not (trace.in_doubt or trace.until):
        raise UsageError(
            f"{operation} is not unknown, so it cannot be assumed lost; unknown: {_in_doubt(history)}", hint=_AUDIT
        )
    asked = Accepted(operation)
    if trace.until and _shown(asked, trace, _ledgers((asked,), history, environment, journal.organization))[1]:
        raise UsageError(
            f"the ledger shows {operation}, so it was not lost",
            hint=f'if the ledger is right as it stands: kt-budgets resume --accept {operation} --reason "WHY"',
        )
    journal.append(
        trace.run, Entry(Step.ASSUMED_LOST, operation, {"reason": reason, **environment.attribution.facts()})
    )


def _ledgers(
    asked: tuple[Accepted, ...],
    history: History,
    environment: ApplyEnvironment,
    organization: str,
    wallets: Mapping[WalletRef, str] | None = None,
) -> Mapping[WalletRef, LiveWallet]:
    """Return the wallets with their ledgers, from the first month that anything asked for can be of."""
    known = {
        move.wallet: move.currency
        for trace in history.operations.values()
        if (move := trace.change) is not None and hasattr(move, "wallet") and hasattr(move, "currency")
    }
    year_ago = Period.of(environment.clock.now().date()).plus(-12)
    months = [_month(wanted.operation) or year_ago for wanted in asked]
    live = environment.reader.live(organization=organization, wallets={**known, **(wallets or {})}, period=min(months))
    require_read(live.wallets)
    return live.wallets


def _month(operation: str) -> Period | None:
    try:
        return operation_period(operation)
    except ValueError:
        return None


def _shown(
    wanted: Accepted, trace: Trace | None, ledgers: Mapping[WalletRef, LiveWallet]
) -> tuple[str | None, list[LedgerEntry]]:
    """Return the wallet and the entries of its ledger that are, or are said to be, the operation."""
    for key, wallet in sorted(ledgers.items()):
        found = list(_entries(wanted, trace, wallet))
        if found and set(wanted.entries) <= {entry.id for entry in found}:
            return key, found
    if wanted.entries:
        raise UsageError(
            f"no ledger shows {', '.join(wanted.entries)}", hint="name the ids that `kt-budgets audit` or a plan shows"
        )
    return None, []


def _entries(wanted: Accepted, trace: Trace | None, wallet: LiveWallet) -> Iterator[LedgerEntry]:
    known = {*wanted.entries, *(trace.transactions if trace else ())}
    for entry in wallet.ledger:
        if entry.kind not in ("allocate", "reclaim"):
            continue
        is_own = entry.id in known or carries(entry.description, wanted.operation)
        if is_own or accepted_entry(entry.id) == wanted.operation:
            yield entry


def _nothing_to_accept(
    operation: str, trace: Trace | None, ledgers: Mapping[WalletRef, LiveWallet], history: History
) -> UsageError:
    what = "was never sent" if trace is not None else "is in no ledger of these wallets, and not in the journal"
    return UsageError(
        f"{operation} {what}: there is nothing to accept; in doubt: {_in_doubt(history)}",
        hint=f"{_AUDIT}; looked at: {', '.join(sorted(ledgers)) or 'no wallet'}",
    )


def _in_doubt(history: History) -> str:
    doubtful = sorted(t.operation for t in history.unsettled())
    return ", ".join(doubtful) or "none is"
