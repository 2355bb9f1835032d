"""Live: what Keeptrusts says, read whole. Server ids and unknown keys are kept apart from what is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from types import MappingProxyType
from typing import Any, Generic

from reconciler.model.kinds.managed_kind import Key, ManagedKind, V
from reconciler.model.money import ZERO, Money, in_coins, payable, whole_cents_of
from reconciler.model.operation import find_operation, operation_period
from reconciler.model.period import Period
from reconciler.model.unclear import Unclear, Unreadable
from reconciler.model.wallet_ref import WalletRef

SPENDING: Mapping[str, int] = MappingProxyType({"settle": 1, "refund": -1})
"""Kinds of entries that say what was spent, and by which sign."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the token is: `GET /v1/auth/whoami`."""

    organization: str
    organization_name: str
    principal: str
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One transaction. `amount` is exact and never negative: the kind decides what it does, not the sign.

    `known_as` is the operation that a journal knows it by, where the ledger lost its description.
    """

    id: str
    kind: str
    amount: Decimal
    currency: str
    description: str
    created_at: datetime
    known_as: str | None = None

    @property
    def operation(self) -> str | None:
        """The id of the operation of ours that wrote this entry, if it says so or a journal knows."""
        return find_operation(self.description) or self.known_as

    @property
    def is_funding(self) -> bool:
        return self.kind in ("allocate", "reclaim")

    def funds(self, period: Period) -> bool:
        """Whether this entry moves money for `period`: by our mark if it has one, else by its date."""
        if not self.is_funding:
            return False
        operation = self.operation
        return operation_period(operation) == period if operation else self.created_at in period

    @property
    def signed(self) -> Decimal:
        return -self.amount if self.kind == "reclaim" else self.amount

    @property
    def settled(self) -> Decimal:
        """What the entry says was spent: negative for a refund, nothing for money that only moved."""
        return SPENDING.get(self.kind, 0) * self.amount


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a ledger cannot be understood, and the cure."""

    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class LiveWallet:
    """A wallet and its ledger since the period began.

    `earlier` is the funding that was read of before, for other periods. `available` is the balance less what is
    reserved (decision 0007). `spent` is what the ledger settled in the period (less refunds). A wallet that does not
    exist yet has no `id` and holds nothing. `beyond_cents` is the part of a cent that is available too and cannot be
    moved. Where the ledger is `unread`, because an entry of it may mean anything, it is empty and says nothing of the
    wallet.
    """

    key: WalletRef
    currency: str
    id: str | None = None
    available: Money | None = None
    reserved: Decimal = Decimal(0)
    ledger: tuple[LedgerEntry, ...] = ()
    earlier: tuple[LedgerEntry, ...] = ()
    beyond_cents: Decimal = Decimal(0)
    unread: Unread | None = None

    @property
    def money_left(self) -> Money:
        return self.available if self.available is not None else Money(ZERO, self.currency)

    @property
    def early(self) -> tuple[LedgerEntry, ...]:
        """The allocations before the period without a mark of ours, oldest first."""
        return tuple(entry for entry in self.earlier if entry.kind == "allocate" and entry.operation is None)

    def funding(self, period: Period) -> tuple[LedgerEntry, ...]:
        """The allocations and reclaims for `period`, oldest first."""
        return tuple(entry for entry in self.ledger if entry.funds(period))

    def funded(self, period: Period) -> Money:
        """Σ allocate − Σ reclaim for `period`, from the ledger, in whole coins: no target can say what is beyond."""
        return Money(in_coins(self._funded(period), self.currency), self.currency)

    def _funded(self, period: Period) -> Decimal:
        return sum((entry.signed for entry in self.funding(period)), Decimal(0))

    @property
    def spendable(self) -> Decimal:
        """What can still be spent, to the last digit; `money_left` is what of it can be moved."""
        return self.money_left.amount + self.beyond_cents

    def rest(self, period: Period) -> Money:
        """What it holds beyond all that it was given for `period`, as far as it can be moved: never more is a rest."""
        return self.money_left - max(min(self.funded(period), self.money_left), Money(ZERO, self.currency))

    def carried_over(self, period: Period) -> Decimal:
        """What it holds, and has spent in `period`, beyond what that was funded with: earlier periods left it."""
        held = self.spendable + self.reserved + self.settled(period)
        return max(held - self._funded(period), ZERO)

    def shows_after(self, instant: datetime) -> bool:
        """Whether this reading shows something that was dated after `instant`."""
        return any(entry.created_at > instant for entry in self.ledger)

    def settled(self, period: Period) -> Decimal:
        """Σ settle − Σ refund that the ledger dates in `period`, exact."""
        return sum((entry.settled for entry in self.ledger if entry.created_at in period), Decimal(0))

    def spent(self, period: Period) -> Money:
        """Σ settle − Σ refund that the ledger dates in `period`, in cents."""
        return Money(self.settled(period), self.currency)

    def spent_on(self, day: date) -> Decimal:
        """Σ settle − Σ refund that the ledger dates on `day`, UTC."""
        on = (entry.settled for entry in self.ledger if entry.created_at.astimezone(UTC).date() == day)
        return sum(on, Decimal(0))


@dataclass(frozen=True, slots=True)
class Pool:
    """The organization wallet: what allocations are paid from."""

    id: str
    available: Money


@dataclass(frozen=True, slots=True)
class LiveObject(Generic[V]):
    """`document` is the object as it was read, numbers exact, so that a replacement sends unknown keys back."""

    id: str
    value: V
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing(Generic[V]):
    """The objects of one kind by key, the oldest of several with one key; the others are `surplus`.

    Where nothing tells which is the oldest they are `rivals`, by key: not known which is git's (decision 0136).
    Where the deployment does not offer the kind, nothing is known of it.
    """

    objects: Mapping[Key, LiveObject[V]] = field(default_factory=dict)
    surplus: tuple[LiveObject[V], ...] = ()
    rivals: Mapping[Key, tuple[LiveObject[V], ...]] = field(default_factory=dict)
    offered: bool = True

    @property
    def others(self) -> tuple[LiveObject[V], ...]:
        """All that cannot be taken for what its key identifies."""
        return (*self.surplus, *chain.from_iterable(self.rivals.values()))


@dataclass(frozen=True, slots=True)
class OtherWallet:
    """A team wallet that no YAML declares."""

    key: str
    id: str
    name: str
    currency: str
    balance: Money
    spent: Money


@dataclass(frozen=True, slots=True)
class Live:
    """All that a plan compares with. `pool` is None when the token cannot see the organization wallet.

    `wallets` has an entry for every wallet that was asked for, existing or not. `objects` maps the names of kinds to
    what is listed of them, `teams` team ids to names, as far as they were listed to know whose wallets there are; it is
    None when they cannot be listed, and where each wallet is known by its team already. `other_wallets` are those that
    nobody asked for or declares.
    `currency_mismatches` are the wallets of asked teams that only hold money of another currency than was asked for.
    `listed` is what wallets that nobody asked for and that are declared hold, reserved money included.
    `currencies` are those that teams' wallets are in.
    `pool_currencies` are those of every organization wallet that the token can see.
    `unreadable` is what nobody asked for by its key and what cannot be understood.
    """

    identity: Identity
    pool: Pool | None
    wallets: Mapping[WalletRef, LiveWallet]
    teams: Mapping[str, str] | None
    objects: Mapping[str, Listing[Any]] = field(default_factory=dict)
    other_wallets: tuple[OtherWallet, ...] = ()
    currency_mismatches: tuple[OtherWallet, ...] = ()
    listed: Mapping[WalletRef, Decimal] = field(default_factory=dict)
    currencies: frozenset[str] = frozenset()
    pool_currencies: tuple[str, ...] = ()
    user_wallets: int = 0
    unreadable: tuple[Unreadable, ...] = ()

    def of(self, kind: ManagedKind[V]) -> Listing[V]:
        return self.objects.get(kind.name, _NONE)

    @property
    def unnamed(self) -> frozenset[str]:
        """The teams of wallets that nobody asked for, and of those that were asked for and do not exist."""
        strange = (wallet.key for wallet in (*self.other_wallets, *self.currency_mismatches))
        return frozenset([*strange, *(str(key) for key, wallet in self.wallets.items() if wallet.id is None)])

    def named(self, names: Mapping[str, str]) -> Live:
        """Return this with the names of teams for the wallets that nobody asked for."""
        others, mismatches = (
            tuple(replace(wallet, name=names.get(wallet.key, wallet.name)) for wallet in wallets)
            for wallets in (self.other_wallets, self.currency_mismatches)
        )
        return replace(self, other_wallets=others, currency_mismatches=mismatches)

    def unclear(self, kind: ManagedKind[V], key: Key) -> tuple[Unclear, ...]:
        """Return all that may be the object of `kind` that `key` identifies, where none of it can be taken for that."""
        listed = self.of(kind)
        if key in listed.objects:
            return ()
        if rivals := listed.rivals.get(key):
            return (Unclear.several([each.id for each in rivals]),)
        return tuple(
            Unclear.unreadable(item) for item in self.unreadable if item.kind == kind.name and item.may_be(key)
        )


_NONE: Listing[Any] = Listing()


def available_money(balance: Decimal, reserved: Decimal, currency: str) -> Money:
    """Return what can still be moved: the balance less what is reserved, in whole coins, never below zero."""
    return Money(max(payable(whole_cents_of(balance - reserved), currency), ZERO), currency)
