"""What a ledger proves about one operation: whether it is there, once, as it was meant, and how it was recognised."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.journal.own_objects import own_objects
from reconciler.journal.record import is_accepted_entry
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.live import LedgerEntry, Live, LiveWallet
from reconciler.model.operation import carries, find_operation, mark, operation_period
from reconciler.model.period import Period

Move = Allocate | Reclaim
Transactions = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing in the ledger is this operation, as far as it shows."""


@dataclass(frozen=True, slots=True)
class Found:
    """Exactly one entry is this operation. `by` says how it was recognised."""

    entry: LedgerEntry
    by: str = "mark"


@dataclass(frozen=True, slots=True)
class Doubled:
    """The ledger shows the operation more than once: it was booked twice on the other side."""

    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class Contradicted:
    """An entry carries our operation id with another kind, amount or currency."""

    entry: LedgerEntry


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Descriptions are not kept, and more than one new entry could be this operation."""

    entries: tuple[LedgerEntry, ...]


Shown = Found | Doubled | Contradicted | Ambiguous
LedgerMatch = Absent | Shown


@dataclass(frozen=True, slots=True)
class MatchHints:
    """What is known of a wallet besides its ledger.

    `transactions` are the ledger ids confirmed for operations of ours, `seen` the funding entries that were there
    before the operation was sent (None: it never was), `words` the description that it was sent with. `since` is
    the month from which the ledger was read for `seen`: what is dated before it was not sent since.
    """

    transactions: Mapping[str, Collection[str]]
    seen: Collection[str] | None = None
    words: str = ""
    since: Period | None = None


def words(move: Move) -> str:
    """Return the description that `move` is sent with: our mark first, then words for people."""
    period = operation_period(move.op)
    return f"{mark(move.op)} {period.name}: {move.team} / {move.environment}, target {move.target:,.2f}"


def match_in_ledger(ledger: Iterable[LedgerEntry], move: Move, hints: MatchHints) -> LedgerMatch:
    """Return what the ledger proves about `move`: by confirmed ledger ids, then by our mark, then by elimination.

    Elimination is for ledgers that strip or cut descriptions: exactly one new entry of this kind, amount and currency
    since the high-water mark, and nothing that says it is somebody else's.
    """
    funding = [entry for entry in ledger if entry.kind in ("allocate", "reclaim")]
    known = hints.transactions.get(move.op, ())
    ours = [entry for entry in funding if entry.id in known or carries(entry.description, move.op)]
    for entry in ours:
        if not _same_move(entry, move) and not _is_part(entry, move):
            return Contradicted(entry)
    if len({entry.id for entry in ours}) > 1:
        return Doubled(tuple(ours))
    if ours:
        return Found(ours[0], "mark" if carries(ours[0].description, move.op) else "ledger id")
    return _by_elimination(funding, move, hints)


def _by_elimination(funding: list[LedgerEntry], move: Move, hints: MatchHints) -> LedgerMatch:
    if hints.seen is None or echoes(funding):
        return Absent()
    taken = {id for ids in hints.transactions.values() for id in ids}
    fresh = [
        entry
        for entry in funding
        if entry.id not in hints.seen
        and entry.id not in taken
        and _same_move(entry, move)
        and not (hints.since and entry.created_at < hints.since.start_instant)
    ]
    stripped = strips(funding, hints.transactions)
    plausible = [entry for entry in fresh if stripped or hints.words.startswith(entry.description.rstrip(" .…"))]
    if len(plausible) > 1:
        return Ambiguous(tuple(plausible))
    return Found(plausible[0], "elimination") if plausible else Absent()


def confirmation(found: Found) -> dict[str, object]:
    """Return the facts of a record that says that the ledger shows an operation."""
    return {"transactions": [found.entry.id], "by": found.by}


def echoes(funding: Iterable[LedgerEntry]) -> bool:
    """Whether this ledger keeps descriptions: some entry carries a whole mark of ours."""
    return any(find_operation(entry.description) for entry in funding)


def strips(funding: Iterable[LedgerEntry], transactions: Mapping[str, Collection[str]]) -> bool:
    """Whether this ledger loses descriptions: an entry that is known to be ours does not say so."""
    owners = {id: operation for operation, ids in transactions.items() for id in ids}
    return any(entry.id in owners and not carries(entry.description, owners[entry.id]) for entry in funding)


def doubled_operations(ledger: Iterable[LedgerEntry]) -> dict[str, tuple[LedgerEntry, ...]]:
    """Return the entries of every operation id that the ledger shows more than once, oldest first."""
    entries: dict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in sorted(ledger, key=lambda entry: (entry.created_at, entry.id)):
        if entry.kind in ("allocate", "reclaim") and entry.operation:
            entries[entry.operation].append(entry)
    return {operation: tuple(found) for operation, found in entries.items() if len({entry.id for entry in found}) > 1}


def _same_move(entry: LedgerEntry, move: Move) -> bool:
    return (entry.kind, entry.amount, entry.currency) == (move.kind, move.amount, move.currency)


def _is_part(entry: LedgerEntry, move: Move) -> bool:
    """Whether an entry takes back what was left of a rest: spending since the review makes a rest smaller."""
    is_rest = isinstance(move, Reclaim) and move.carried_from is not None
    return is_rest and (entry.kind, entry.currency) == (move.kind, move.currency) and entry.amount < move.amount


def owned(wallet: LiveWallet, transactions: Transactions) -> LiveWallet:
    """Return `wallet` with every entry that a journal knows by its id named after its operation.

    A ledger that loses descriptions dates a rest of May in June, when it was taken; the journal knows what it was.
    """
    ours = {operation: ids for operation, ids in transactions.items() if not is_accepted_entry(operation)}
    owners = {id: operation for operation, ids in ours.items() for id in ids}
    read = (*wallet.ledger, *wallet.earlier)
    named = {
        entry: replace(entry, known_as=owners[entry.id])
        for entry in read
        if entry.id in owners and entry.operation is None
    }
    if not named:
        return wallet
    ledger, earlier = (tuple(named.get(entry, entry) for entry in part) for part in (wallet.ledger, wallet.earlier))
    return replace(wallet, ledger=ledger, earlier=earlier)


def all_owned(live: Live, transactions: Transactions) -> Live:
    """Return `live` with the entries of every wallet named as `owned` names them, and what `own_objects` returns."""
    wallets = {key: owned(wallet, transactions) for key, wallet in live.wallets.items()}
    return replace(own_objects(live, transactions), wallets=wallets)


def own_entries(wallet: LiveWallet, operation: str, transactions: Transactions) -> tuple[LedgerEntry, ...]:
    known = transactions.get(operation, ())
    return tuple(
        entry
        for entry in wallet.ledger
        if entry.kind in ("allocate", "reclaim") and (entry.id in known or carries(entry.description, operation))
    )
