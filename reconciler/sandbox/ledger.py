"""The ledger: wallets whose balance is the sum of their entries, and the one way to append an entry.

For a team or user wallet `balance = Σ allocate − Σ reclaim − Σ settle + Σ refund + Σ top_up`; for the organization
wallet allocations go out and reclaims come in, on top of credits. `reserved = Σ reserve − Σ release` is a part of the
balance that is held. Amounts are whole micro-units and never negative: the kind decides what an entry does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from reconciler.sandbox.clock import Clock, rfc3339, stamp
from reconciler.sandbox.database import Database, next_number, opaque
from reconciler.sandbox.wire import Micros

ORGANIZATION = "organization"
_INFLOW = {
    "credit": 1,
    "allocate": 1,
    "reclaim": -1,
    "settle": -1,
    "refund": 1,
    "top_up": 1,
    "reserve": 0,
    "release": 0,
}
_HOLD = {"reserve": 1, "release": -1}
_FUNDING = {"allocate": 1, "reclaim": -1, "top_up": 1}
_SPENDING = {"settle": 1, "refund": -1}
_FOREVER = 2**62

WALLET = "SELECT id, scope, scope_id, currency, balance, reserved, total_allocated, total_spent FROM wallets"
ENTRY = "SELECT seq, id, wallet, kind, amount, currency, description, created FROM entries"


class Wallet(NamedTuple):
    id: str
    scope: str
    scope_id: str
    currency: str
    balance: int
    reserved: int
    total_allocated: int
    total_spent: int

    @property
    def available(self) -> int:
        return self.balance - self.reserved

    @property
    def document(self) -> dict[str, Any]:
        low = self.available * 40 < self.total_allocated
        return {
            "id": self.id,
            "scope": self.scope,
            "scope_id": self.scope_id,
            "currency": self.currency,
            "balance": Micros(self.balance),
            "reserved": Micros(self.reserved),
            "total_allocated": Micros(self.total_allocated),
            "total_spent": Micros(self.total_spent),
            "status": "depleted" if self.available <= 0 else "low" if low else "healthy",
        }


class Entry(NamedTuple):
    seq: int
    id: str
    wallet: str
    kind: str
    amount: int
    currency: str
    description: str
    created: int

    @property
    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": self.kind,
            "amount": Micros(self.amount),
            "currency": self.currency,
            "description": self.description,
            "created_at": rfc3339(self.created),
        }


class Posting(NamedTuple):
    """What a write did: its entry and the wallet after it."""

    entry: Entry
    wallet: Wallet


@dataclass(frozen=True, slots=True)
class Ledger:
    """The wallets of one organization and their entries."""

    database: Database
    clock: Clock
    organization: str

    def page(self, after: str, limit: int | None) -> list[Wallet]:
        rows = self.database.rows(f"{WALLET} WHERE id > ? ORDER BY id LIMIT ?", (after, -1 if limit is None else limit))
        return [Wallet(*row) for row in rows]

    def of(self, scope: str, scope_id: str) -> list[Wallet]:
        """Return the wallets of one scope, one per currency."""
        rows = self.database.rows(
            f"{WALLET} WHERE scope_id = ? AND scope = ? ORDER BY currency DESC", (scope_id, scope)
        )
        return [Wallet(*row) for row in rows]

    def pool(self, currency: str = "USD") -> Wallet | None:
        return self.find(ORGANIZATION, self.organization, currency)

    def get(self, wallet: str) -> Wallet | None:
        row = self.database.row(f"{WALLET} WHERE id = ?", (wallet,))
        return Wallet(*row) if row else None

    def entries(
        self,
        wallet: str,
        *,
        start: int = 0,
        end: int = _FOREVER,
        after: str = "",
        limit: int | None = None,
        hidden: Sequence[int] = (),
    ) -> list[Entry]:
        """Return entries with an id after `after`, in the order of ids: stable while the ledger grows."""
        rows = self.database.rows(
            f"{ENTRY} WHERE wallet = ? AND id > ? AND created >= ? AND created < ?{_without(hidden)} "
            "ORDER BY id LIMIT ?",
            (wallet, after, start, end, -1 if limit is None else limit),
        )
        return [Entry(*row) for row in rows]

    def newest(
        self, wallet: str, *, start: int, end: int, offset: int, limit: int, hidden: Sequence[int] = ()
    ) -> list[Entry]:
        """Return entries newest first from `offset`: pages that shift when the ledger grows."""
        rows = self.database.rows(
            f"{ENTRY} WHERE wallet = ? AND created >= ? AND created < ?{_without(hidden)} "
            "ORDER BY created DESC, seq DESC LIMIT ? OFFSET ?",
            (wallet, start, end, limit, offset),
        )
        return [Entry(*row) for row in rows]

    def since(self, newest: int) -> list[Entry]:
        """Return the entries of all wallets after the entry number `newest`."""
        return [Entry(*row) for row in self.database.rows(f"{ENTRY} WHERE seq > ? ORDER BY seq", (newest,))]

    def newest_number(self) -> int:
        """Return the number of the newest entry, 0 when there is none."""
        ((number,),) = self.database.rows("SELECT coalesce(max(seq), 0) FROM entries")
        return int(number)

    def post(self, wallet: Wallet, kind: str, amount: int, description: str, *, at: datetime | None = None) -> Posting:
        """Append one entry to a wallet's ledger and keep its sums; what `wallet` says of them may be out of date."""
        organization = wallet.scope == ORGANIZATION
        inflow = -_INFLOW[kind] if organization and kind in ("allocate", "reclaim") else _INFLOW[kind]
        funding = int(kind in ("credit", "top_up")) if organization else _FUNDING.get(kind, 0)
        moved = [share * amount for share in (inflow, _HOLD.get(kind, 0), funding, _SPENDING.get(kind, 0))]
        created = stamp(at or self.clock.tick())
        with self.database.write() as connection:
            seq = next_number(connection, "entries")
            entry = Entry(seq, opaque("txn", seq), wallet.id, kind, amount, wallet.currency, description, created)
            connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entry)
            (sums,) = connection.execute(
                "UPDATE wallets SET balance = balance + ?, reserved = reserved + ?, "
                "total_allocated = total_allocated + ?, total_spent = total_spent + ? WHERE id = ? "
                "RETURNING balance, reserved, total_allocated, total_spent",
                (*moved, wallet.id),
            ).fetchall()
        return Posting(entry, Wallet(*wallet[:4], *sums))

    def find(self, scope: str, scope_id: str, currency: str) -> Wallet | None:
        row = self.database.row(
            f"{WALLET} WHERE scope_id = ? AND scope = ? AND currency = ?", (scope_id, scope, currency)
        )
        return Wallet(*row) if row else None

    def find_or_create(self, scope: str, scope_id: str, currency: str) -> Wallet:
        with self.database.write() as connection:
            found = self.find(scope, scope_id, currency)
            if found is not None:
                return found
            seq = next_number(connection, "wallets")
            connection.execute(
                "INSERT INTO wallets (seq, id, scope, scope_id, currency) VALUES (?, ?, ?, ?, ?)",
                (seq, opaque("wal", seq), scope, scope_id, currency),
            )
        return Wallet(opaque("wal", seq), scope, scope_id, currency, 0, 0, 0, 0)


def _without(hidden: Sequence[int]) -> str:
    return f" AND seq NOT IN ({','.join(map(str, hidden))})" if hidden else ""
