"""A Keeptrusts in memory: a ledger for each wallet, a pool that pays, and managed objects as they stand on the wire.

It keeps the rules that its contract names (`tests/contract`), and shares nothing with the embedded one. What a client
makes of wallets, ledgers and objects, the client's own functions make here too. Time only passes when somebody sleeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reconciler.keeptrusts.fields import Item
from reconciler.keeptrusts.ledger import Ledger, since
from reconciler.keeptrusts.objects import listing_of
from reconciler.keeptrusts.reads import check_organization
from reconciler.keeptrusts.wallets import WalletListing, WalletRow
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import Identity, LedgerEntry, Listing, Live, LiveWallet, Pool
from reconciler.model.period import Period
from reconciler.model.unclear import Unreadable
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import Refused, WriteResult, Written

CURRENCY = "USD"
MONTHS_BEFORE = 1
"""How many months before a period its ledger is read from, as commands do."""

_INFLOW = {"allocate": 1, "reclaim": -1, "settle": -1, "refund": 1, "top_up": 1}
_HOLD = {"reserve": 1, "release": -1}
BUDGETS, SCHEDULES = "/v1/billing/budgets", "/v1/exports/schedules"


def whole(text: str) -> str:
    """Keep a description as it was sent."""
    return text


@dataclass
class VirtualClock:
    """A clock that moves when somebody sleeps."""

    instant: datetime = datetime(2026, 6, 18, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()

    def sleep(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


@dataclass
class Account:
    """A wallet with its sums, and its entries, each with the instant from which readings show it."""

    ref: WalletRef
    balance: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    entries: list[tuple[datetime, LedgerEntry]] = field(default_factory=list)

    @property
    def held(self) -> Decimal:
        """The balance less what is reserved."""
        return self.balance - self.reserved

    def add(self, entry: LedgerEntry, sign: int = 1) -> None:
        """Book `entry`, or undo it."""
        self.balance += sign * _INFLOW.get(entry.kind, 0) * entry.amount
        self.reserved += sign * _HOLD.get(entry.kind, 0) * entry.amount
        self.spent += sign * entry.settled

    def at(self, instant: datetime) -> Account:
        """Return the wallet as a replica knows it that has heard of nothing since `instant`."""
        then = replace(self, entries=[(shown, e) for shown, e in self.entries if e.created_at <= instant])
        for _, entry in self.entries:
            if entry.created_at > instant:
                then.add(entry, -1)
        return then


@dataclass
class MemoryKeeptrusts:
    """One organization, in one currency.

    `teams` are those that exist, None where they cannot be listed; without any, every id is one. `stores` are documents
    by their id, by the path of their collection. Each entry of a ledger comes a `tick` after the last.
    `visible_after` is how many seconds the ledger is late; balances never are. `as_it_was_at` makes every reading of
    wallets one of a replica that knows nothing of what came after that moment. The server's own clock is `behind`.
    """

    clock: VirtualClock = field(default_factory=VirtualClock)
    organization: str = "org_acme"
    permissions: frozenset[str] = frozenset({"org:billing"})
    pool: Decimal = Decimal(1_000_000)
    pool_is_visible: bool = True
    teams: dict[str, str] | None = None
    accounts: dict[str, Account] = field(default_factory=dict)
    stores: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {BUDGETS: {}, SCHEDULES: {}})
    tick: timedelta = timedelta()
    descriptions: Callable[[str], str] = whole
    visible_after: float = 0.0
    behind: timedelta = timedelta()
    as_it_was_at: datetime | None = None
    answers_with_other_ids: bool = False
    numbers: int = 0

    # reading

    def identity(self) -> Identity:
        return Identity(self.organization, "Acme", "key_1", self.permissions)

    def wallet(self, wallet: WalletRef, currency: str, period: Period) -> LiveWallet:
        self.reading()
        account = self._known().get(wallet)
        if account is None or currency != CURRENCY:
            return LiveWallet(wallet, currency)
        return row_of(account).live(self._ledger(account, period))

    def read_pool(self, currency: str) -> Pool | None:
        self.reading()
        row = self.pool_row()
        return row.pool if row and currency == CURRENCY else None

    def objects(self, kind: ManagedKind[V]) -> Listing[V]:
        return self._listed(kind)[0]

    def live(self, *, organization: str, wallets: Mapping[WalletRef, str], period: Period) -> Live:
        check_organization(self.identity(), organization)
        pool = self.read_pool(next(iter(wallets.values()), CURRENCY))
        read = {key: self.wallet(key, currency, period) for key, currency in wallets.items()}
        objects = {kind.name: self._listed(kind) for kind in kinds()}
        listing = WalletListing(tuple(map(row_of, self._known().values())))
        others, mismatches = listing.rest(wallets, listing.chosen(wallets))
        names = self.teams or {}
        return Live(
            identity=self.identity(),
            pool=pool,
            wallets=read,
            objects={name: listed for name, (listed, _) in objects.items()},
            teams=self.teams,
            other_wallets=tuple(row.other(names) for row in others),
            currency_mismatches=tuple(row.other(names) for row in mismatches),
            pool_currencies=(CURRENCY,) if self.pool_is_visible else (),
            user_wallets=listing.users,
            unreadable=tuple(strange for _, unread in objects.values() for strange in unread),
        )

    def funded(self, key: str, period: Period | str) -> Decimal:
        """What the ledger will say once everything is visible and every late commit has arrived."""
        period = Period.parse(period) if isinstance(period, str) else period
        entries = self.accounts[key].entries if key in self.accounts else []
        return sum((entry.signed for _, entry in entries if entry.funds(period)), Decimal(0))

    def reading(self) -> None:
        """Notice that something is about to be read."""

    def _known(self) -> dict[str, Account]:
        """Return the wallets that readings know of, by now or as a replica does."""
        if self.as_it_was_at is None:
            return self.accounts
        then = {key: account.at(self.as_it_was_at) for key, account in self.accounts.items()}
        return {key: account for key, account in then.items() if account.entries}

    def _ledger(self, account: Account, period: Period) -> Ledger:
        by, begin = self.as_it_was_at or self.clock.now(), period.plus(-MONTHS_BEFORE).start_instant
        return since((e for shown, e in account.entries if shown <= by and e.created_at >= begin), period)

    def pool_row(self) -> WalletRow | None:
        if not self.pool_is_visible:
            return None
        zero = Decimal(0)
        return WalletRow("w-org", "organization", self.organization, CURRENCY, self.pool, zero, zero)

    def _listed(self, kind: ManagedKind[V]) -> tuple[Listing[V], tuple[Unreadable, ...]]:
        self.reading()
        if kind.path not in self.stores:
            return Listing(offered=False), ()
        items = (Item(kind.path, document) for document in self.stores[kind.path].values())
        return listing_of(kind, items, organization=self.organization)

    # writing

    def move(self, kind: str, wallet: str, amount: Decimal, currency: str, description: str) -> WriteResult:
        """Move money between the pool and a wallet."""
        ref = WalletRef.parse(wallet)
        account = self.accounts.get(ref)
        if ref.scope != "team":
            return Refused(422, "only wallets of teams are funded from the pool")
        if self.teams and ref.id not in self.teams:
            return Refused(404, "there is no such team")
        if kind == "allocate" and amount > (self.pool if currency == CURRENCY else 0):
            return Refused(402, "the organization wallet cannot pay for it")
        if kind == "reclaim" and amount > (account.held if account and currency == CURRENCY else 0):
            return Refused(422, "more than the available balance")
        self.pool -= _INFLOW[kind] * amount
        entry = self.enter(ref, kind, amount, self.descriptions(description))
        told = f"org_{entry.id}" if self.answers_with_other_ids else entry.id
        return Written(told, replace(entry, id=told, description=description))

    def enter(self, wallet: str, kind: str, amount: str | Decimal, description: str = "", at: str = "") -> LedgerEntry:
        """Book an entry in the ledger of `wallet`, past the pool; ValueError where it would be overdrawn.

        With `at` it is what happened then, in whichever order that is told.
        """
        self.clock.instant += self.tick
        now = self.clock.now()
        created = datetime.fromisoformat(at) if at else now - self.behind
        entry = LedgerEntry(self.new_id("txn"), kind, Decimal(amount), CURRENCY, description, created)
        account = self.accounts.get(wallet) or Account(WalletRef.parse(wallet))
        account.add(entry)
        if not (at or 0 <= account.reserved <= account.balance):
            account.add(entry, -1)
            raise ValueError(f"{kind} {amount} would overdraw {wallet}")
        self.accounts[account.ref] = account
        account.entries.append((now + timedelta(seconds=self.visible_after), entry))
        return entry

    def by_hand(self, kind: str, wallet: str, amount: str | Decimal, description: str = "by hand") -> LedgerEntry:
        """Move money as an administrator does, without any mark of ours."""
        moved = self.move(kind, wallet, Decimal(amount), CURRENCY, description)
        assert isinstance(moved, Written)
        assert moved.entry is not None
        return moved.entry

    def spend(self, wallet: str, amount: str | Decimal) -> LedgerEntry:
        """Pay a request."""
        return self.enter(wallet, "settle", amount, "a request")

    @property
    def budgets(self) -> dict[str, dict[str, Any]]:
        """The billing budgets by their id."""
        return self.stores[BUDGETS]

    def put(self, path: str, id: str, body: Mapping[str, Any]) -> WriteResult:
        """Create what has no such id yet, and replace as a whole what has."""
        if path not in self.stores:
            return Refused(404, f"{path} is not there")
        if not body.get("name"):
            return Refused(422, "the name is missing")
        now = f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        created = self.stores[path].get(id, {}).get("created_at", now)
        self.stores[path][id] = {**body, "id": id, "created_at": created, "updated_at": now}
        return Written(id)

    def post(self, path: str, body: Mapping[str, Any], prefix: str = "new") -> WriteResult:
        return self.put(path, self.new_id(prefix), body)

    def change(self, path: str, id: str, body: Mapping[str, Any]) -> WriteResult:
        return self.put(path, id, body) if id in self.stores.get(path, {}) else Refused(404, "not found")

    def drop(self, path: str, id: str) -> WriteResult:
        return Refused(404, "not found") if self.stores.get(path, {}).pop(id, None) is None else Written(id)

    def new_id(self, prefix: str) -> str:
        self.numbers += 1
        return f"{prefix}_{self.numbers:04d}"


def row_of(account: Account) -> WalletRow:
    id, ref = f"w-{account.ref}", account.ref
    return WalletRow(id, ref.scope, ref.id, CURRENCY, account.balance, account.reserved, account.spent)
