"""Wallets and their ledgers as Keeptrusts sends them, turned into the nouns of the model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import NamedTuple, get_args

from reconciler.findings import UnreadableError
from reconciler.http.failures import shown
from reconciler.keeptrusts.fields import FieldError, Item
from reconciler.keeptrusts.ledger import WALLETS, Ledger
from reconciler.model.directory import ListedWallet
from reconciler.model.live import LedgerEntry, LiveWallet, OtherWallet, Pool, available_money
from reconciler.model.money import Money
from reconciler.model.spend import Payment
from reconciler.model.unclear import Unreadable
from reconciler.model.wallet_ref import WalletRef, WalletScope

_HELD = frozenset(get_args(WalletScope))
_SCOPES = frozenset({"organization", "team", "user"})


class WalletRow(NamedTuple):
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
        return WalletRef("user", self.holder) if self.scope == "user" else WalletRef.team(self.holder)

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
            earlier=ledger.earlier,
            unread=ledger.unread,
            beyond_cents=max(self.balance - self.reserved - self.available.amount, Decimal(0)),
        )

    def payment(self, entry: LedgerEntry) -> Payment:
        """Return what an entry of its ledger settled."""
        holder = "" if self.scope == "organization" else self.holder
        day = entry.created_at.astimezone(UTC).date()
        return Payment(self.scope, holder, self.currency, day, entry.settled)

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
            if row.scope == "team" and row.holder not in wanted:
                continue
            if row.scope in _HELD and wanted.get(ref := row.ref) == row.currency:
                found.setdefault(ref, []).append(row)
        only = {ref: self._only(rows, f"{ref.scope} `{shown(ref.id, limit=60)}`") for ref, rows in found.items()}
        return {ref: row for ref, row in only.items() if row is not None}

    def organization(self, currency: str | None) -> WalletRow | None:
        """Return the organization wallet in `currency`; without one, that of the only one there is, if any."""
        self._readable("organization", None, currency)
        rows = [row for row in self.rows if row.scope == "organization" and currency in (None, row.currency)]
        if currency is None and len(self.pool_currencies) > 1:
            return None
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
        rows = sorted((row for row in self.rows if row.scope in _HELD), key=lambda row: row.id)
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

    @property
    def currencies(self) -> frozenset[str]:
        """What the wallets of teams are in."""
        return frozenset({row.currency for row in self.rows if row.scope == "team"})

    def rest(
        self,
        wanted: Mapping[WalletRef, str],
        chosen: Mapping[WalletRef, WalletRow],
        *,
        declared: Collection[WalletRef] = (),
        currency: str | None = None,
    ) -> tuple[list[WalletRow], list[WalletRow]]:
        """Return the team wallets that are not `chosen`, and those of wanted teams that hold another currency only.

        Those that are `declared` in the `currency` are left out.
        """
        others: list[WalletRow] = []
        mismatches: list[WalletRow] = []
        for row in self.rows:
            if row.scope != "team" or chosen.get(ref := row.ref) is row:
                continue
            if row.currency == currency and ref in declared and ref not in wanted:
                continue
            (mismatches if ref in wanted and ref not in chosen else others).append(row)
        return sorted(others, key=_order), sorted(mismatches, key=_order)

    def held(self, wallets: Collection[WalletRef], currency: str | None) -> dict[WalletRef, Decimal]:
        """Return what each of `wallets` that exists in `currency` holds, reserved money included."""
        found: dict[WalletRef, Decimal] = {}
        for row in self.rows if wallets else ():
            if row.scope in _HELD and row.currency == currency and (ref := row.ref) in wallets:
                found[ref] = found.get(ref, Decimal(0)) + row.balance
        return found

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
