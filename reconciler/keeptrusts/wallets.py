"""Wallets and their ledgers as Keeptrusts sends them, turned into the nouns of the model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast, get_args
from urllib.parse import quote

from reconciler.findings import UnreadableError
from reconciler.http.failures import shown
from reconciler.keeptrusts.fields import FieldError, Item, worded
from reconciler.model.directory import ListedWallet
from reconciler.model.live import LedgerEntry, LiveWallet, OtherWallet, Pool, Unread, Unreadable, available_money
from reconciler.model.money import Money
from reconciler.model.operation import EntryKind
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef, WalletScope

WALLETS = "/v1/wallets"
_SCOPES = frozenset({"organization", "team", "user"})

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
    """What was read of a wallet's ledger, oldest first. `early` are allocations before, without a mark of ours."""

    entries: tuple[LedgerEntry, ...]
    early: tuple[LedgerEntry, ...] = ()
    unread: Unread | None = None


@dataclass(frozen=True, slots=True)
class WalletRow:
    """One row of the wallet listing. `holder` is the team's or user's id; empty for the organization."""

    id: str
    scope: str
    holder: str
    currency: str
    balance: Decimal
    reserved: Decimal
    spent: Decimal

    @property
    def available(self) -> Money:
        return available_money(self.balance, self.reserved, self.currency)

    @property
    def held(self) -> Money:
        """The balance, reserved money included."""
        return Money(self.balance, self.currency)

    @property
    def ref(self) -> WalletRef:
        """Which wallet of a team or a user it is."""
        return WalletRef("user" if self.scope == "user" else "team", self.holder)

    @property
    def pool(self) -> Pool:
        return Pool(id=self.id, available=self.available)

    def live(self, ledger: Ledger) -> LiveWallet:
        return LiveWallet(
            key=self.ref,
            currency=self.currency,
            id=self.id,
            available=self.available,
            reserved=self.reserved,
            ledger=ledger.entries,
            early=ledger.early,
            unread=ledger.unread,
            beyond_cents=max(self.balance - self.reserved - self.available.amount, Decimal(0)),
        )

    def other(self, names: Mapping[str, str]) -> OtherWallet:
        """Return the wallet as one that is listed and left alone."""
        return OtherWallet(
            key=self.holder,
            id=self.id,
            name=names.get(self.holder, self.holder),
            currency=self.currency,
            balance=self.held,
            spent=Money(self.spent, self.currency),
        )


def wallet_row(item: Item) -> WalletRow:
    scope = item.word("scope", "scope_type")
    return WalletRow(
        id=item.text("id"),
        scope=scope,
        holder=item.text("scope_id", "team_id") if scope == "team" else item.optional_text("scope_id"),
        currency=item.currency(),
        balance=item.amount("balance"),
        reserved=item.optional_amount("reserved"),
        spent=item.optional_amount("total_spent"),
    )


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that cannot be understood: what could be read of whose it is, empty where nothing could, and the error."""

    id: str
    scope: str
    holder: str
    currency: str
    error: FieldError

    def may_be(self, scope: str, holders: Collection[str] | None, currency: str | None) -> bool:
        """Whether it may be the wallet in `currency` of one of `holders` (None: of whoever has that scope)."""
        if _is_currency(self.currency) and currency is not None and self.currency != currency:
            return False
        if holders is None:
            return self.scope == scope or not (self.scope or self.holder)
        return self.scope in ("", scope) and (not self.holder or self.holder in holders)

    @property
    def unreadable(self) -> Unreadable:
        return Unreadable("wallet", self.id, (self.scope, self.holder, ""), self.error.reason)


def _is_currency(text: str) -> bool:
    return len(text) == 3 and text.isalpha()


def wallet_listing(items: Iterable[Item]) -> WalletListing:
    """Return the listing; a row that cannot be understood is an error only for who may be asking for it."""
    rows, broken = [], []
    for item in items:
        try:
            rows.append(wallet_row(item))
        except FieldError as error:
            broken.append(_broken_row(item, error))
    return WalletListing(tuple(rows), tuple(broken))


def _broken_row(item: Item, error: FieldError) -> BrokenRow:
    scope = item.words("scope", "scope_type").lower().replace("-", "_").replace(" ", "_")
    holder = item.words("scope_id", "team_id")
    return BrokenRow(item.words("id"), scope, holder, item.words("currency").upper(), error)


def holder(wallet: WalletRef) -> dict[str, str]:
    """Return what names whose `wallet` it is in a request, such as `team_id`."""
    return {f"{wallet.scope}_id": wallet.id}


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
    kind = {**_OTHER_FORMS, **{worded(theirs): ours for theirs, ours in types.items()}}.get(word, word)
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
    early = (entry for entry in ordered if entry.created_at < period.start_instant and entry.operation is None)
    return Ledger(kept, tuple(entry for entry in early if entry.kind == "allocate"))


@dataclass(frozen=True, slots=True)
class WalletListing:
    """Every wallet of the organization, sorted out by what was asked for."""

    rows: tuple[WalletRow, ...]
    broken: tuple[BrokenRow, ...] = ()

    def wallet(self, wallet: WalletRef, currency: str) -> WalletRow | None:
        """Return `wallet` in `currency`; two of them are an error, for money could go to either."""
        return self.chosen({wallet: currency}).get(wallet)

    def chosen(self, wanted: Mapping[WalletRef, str]) -> dict[WalletRef, WalletRow]:
        """Return the wallets in `wanted`, which maps them to their currencies, that exist."""
        for wallet, currency in wanted.items() if self.broken else ():
            self._readable(wallet.scope, (wallet.id,), currency)
        found: dict[WalletRef, list[WalletRow]] = {}
        for row in self.rows:
            if row.scope in get_args(WalletScope) and wanted.get(row.ref) == row.currency:
                found.setdefault(row.ref, []).append(row)
        only = {ref: self._only(rows, f"{ref.scope} `{shown(ref.id, limit=60)}`") for ref, rows in found.items()}
        return {ref: row for ref, row in only.items() if row is not None}

    def organization(self, currency: str | None) -> WalletRow | None:
        """Return the organization wallet in `currency`, or in whichever there is one when none is asked for."""
        self._readable("organization", None, currency)
        rows = [row for row in self.rows if row.scope == "organization" and currency in (None, row.currency)]
        return self._only(rows, "the organization")

    def unreadable(self) -> tuple[Unreadable, ...]:
        """Return the rows that are nobody's who was asked for: those that are broken, and those of no known scope."""
        strange = (
            Unreadable(
                "wallet", row.id, (row.scope, row.holder, ""), f"`{shown(row.scope, limit=40)}` is no known scope"
            )
            for row in self.rows
            if row.scope not in _SCOPES
        )
        return tuple(sorted((*(row.unreadable for row in self.broken), *strange), key=lambda found: found.key))

    def _readable(self, scope: str, holders: Collection[str] | None, currency: str | None) -> None:
        for row in self.broken:
            if row.may_be(scope, holders, currency):
                raise row.error

    @property
    def pool_currencies(self) -> tuple[str, ...]:
        return tuple(sorted({row.currency for row in self.rows if row.scope == "organization"}))

    def holders(self) -> tuple[ListedWallet, ...]:
        """Return the wallets of teams and users, each with what keeps it from being read."""
        rows = sorted((row for row in self.rows if row.scope in get_args(WalletScope)), key=lambda row: row.id)
        alike: dict[tuple[WalletRef, str], list[WalletRow]] = {}
        for row in rows:
            alike.setdefault((row.ref, row.currency), []).append(row)
        return tuple(
            ListedWallet(row.id, row.scope, row.holder, row.held, self._flaw(alike[row.ref, row.currency]))
            for row in rows
        )

    def _flaw(self, alike: list[WalletRow]) -> str:
        ref, currency = alike[0].ref, alike[0].currency
        try:
            self._readable(ref.scope, (ref.id,), currency)
            self._only(alike, f"{ref.scope} `{shown(ref.id, limit=60)}`")
        except UnreadableError as error:
            return error.message
        return ""

    @property
    def users(self) -> int:
        return sum(row.scope == "user" for row in self.rows)

    def rest(self, wanted: Mapping[WalletRef, str]) -> tuple[list[WalletRow], list[WalletRow]]:
        """Return the other team wallets, and those of wanted teams that hold another currency only."""
        chosen = self.chosen(wanted)
        others: list[WalletRow] = []
        mismatches: list[WalletRow] = []
        for row in self.rows:
            if row.scope != "team" or chosen.get(row.ref) is row:
                continue
            (mismatches if row.ref in wanted and row.ref not in chosen else others).append(row)
        return sorted(others, key=_order), sorted(mismatches, key=_order)

    @staticmethod
    def _only(rows: list[WalletRow], whose: str) -> WalletRow | None:
        if len(rows) > 1:
            ids = shown(", ".join(sorted(row.id for row in rows)), limit=120)
            raise UnreadableError(
                f"GET {WALLETS}: {whose} has {len(rows)} wallets in {rows[0].currency} ({ids}); money could go to any",
                hint="ask whoever runs Keeptrusts to leave one wallet for each team and currency",
            )
        return rows[0] if rows else None


def _order(row: WalletRow) -> tuple[str, str, str]:
    return row.holder, row.currency, row.id
