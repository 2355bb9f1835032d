"""The ledger of a wallet as Keeptrusts sends it, turned into the entries of the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast, get_args
from urllib.parse import quote

from reconciler.findings import UnreadableError
from reconciler.http.failures import shown
from reconciler.keeptrusts.fields import Item, worded
from reconciler.model.live import LedgerEntry, Unread
from reconciler.model.operation import EntryKind
from reconciler.model.period import Period

WALLETS = "/v1/wallets"
_OTHER_FORMS: Mapping[str, EntryKind] = {
    "credited": "credit",
    "allocated": "allocate",
    "allocation": "allocate",
    "reclaimed": "reclaim",
    "reclamation": "reclaim",
    "reserved": "reserve",
    "reservation": "reserve",
    "settled": "settle",
    "settlement": "settle",
    "released": "release",
    "refunded": "refund",
    "topup": "top_up",
}
"""The participle and the noun of a kind, which can mean nothing else."""


class UnknownTypeError(UnreadableError):
    """An entry of a ledger is of a type that nobody knows: it might fund the wallet."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was read of a wallet's ledger, oldest first. `earlier` is what was read of the funding before."""

    entries: tuple[LedgerEntry, ...]
    earlier: tuple[LedgerEntry, ...] = ()
    unread: Unread | None = None


def ledger_path(wallet: str) -> str:
    return f"{WALLETS}/{segment(wallet)}/transactions"


def segment(identity: str) -> str:
    """Return a server's id as one segment of a path; it can never lead elsewhere."""
    quoted = quote(identity, safe="")
    return quoted.replace(".", "%2E") if set(identity) <= {"."} else quoted


def ledger_entry(item: Item, *, currency: str, description_field: str, types: Mapping[str, str]) -> LedgerEntry:
    """Return the transaction that `item` describes. The kind decides what it does: the amount's sign is dropped.

    `types` are the words of this deployment for our kinds. Raises UnreadableError when the entry is in another currency
    than its wallet, for currencies are never netted, and UnknownTypeError when its type is not known.
    """
    if item.currency(default=currency) != currency:
        item.refuse("currency", f"is not {currency}, the currency of its wallet")
    return LedgerEntry(
        id=item.text("id"),
        kind=entry_kind(item, types),
        amount=item.amount("amount").copy_abs(),
        currency=currency,
        description=item.optional_text(description_field, "description", "note"),
        created_at=item.instant("created_at"),
    )


def entry_kind(item: Item, types: Mapping[str, str]) -> EntryKind:
    """Return what the entry does to its wallet: by one of our words, a usual other form of it, or one of `types`.

    Decision 0028.
    """
    word = item.word("type", "kind")
    told = {worded(theirs): ours for theirs, ours in types.items()}
    kind = told.get(word, _OTHER_FORMS.get(word, word))
    for known in get_args(EntryKind):
        if kind == known:
            return cast("EntryKind", known)
    written = shown(item.text("type", "kind"), limit=60)
    identity = shown(item.optional_text("id"), limit=60)
    raise UnknownTypeError(
        f"{item.source} ({identity}): its type `{written}` is not known, so nobody can tell what this wallet was funded"
        " with",
        hint=f"say in org.yaml what it means here, such as `api: {{ledger_types: {{{written}: allocate}}}}`; money that"
        " neither funds a month nor was spent is a `credit`",
    )


def since(entries: Iterable[LedgerEntry], period: Period) -> Ledger:
    """Return the entries since `period` began and earlier ones with a mark for it; apart, what funded before."""
    ordered = sorted(entries, key=lambda entry: (entry.created_at, entry.id))
    kept = tuple(entry for entry in ordered if entry.created_at >= period.start_instant or entry.funds(period))
    before = (entry for entry in ordered if entry.created_at < period.start_instant and not entry.funds(period))
    return Ledger(kept, tuple(entry for entry in before if entry.is_funding))
