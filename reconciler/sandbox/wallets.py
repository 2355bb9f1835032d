"""What may be done with wallets: fund, move, hold and spend. Each is one transaction or nothing; none overdraws."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from reconciler.sandbox.database import next_number, opaque
from reconciler.sandbox.ledger import ORGANIZATION, WALLET, Ledger, Posting, Wallet
from reconciler.sandbox.wire import ApiError, decimal_text


class Reservation(NamedTuple):
    id: str
    wallet: str
    amount: int


@dataclass(frozen=True, slots=True)
class Wallets(Ledger):
    """The ledger with the operations of the API and of gateways."""

    def credit(
        self, amount: int, *, currency: str = "USD", description: str = "", at: datetime | None = None
    ) -> Posting:
        """Fund the organization wallet; the first credit brings it into being."""
        with self.database.write():
            pool = self.find_or_create(ORGANIZATION, self.organization, currency)
            return self.post(pool, "credit", amount, description, at=at)

    def allocate(
        self, team: str, amount: int, *, currency: str = "USD", description: str = "", at: datetime | None = None
    ) -> Posting:
        """Move money from the organization to a team; the first allocation brings the team's wallet into being."""
        with self.database.write():
            self._require_team(team)
            pool = self.find(ORGANIZATION, self.organization, currency)
            if pool is None or pool.available < amount:
                left = decimal_text(pool.available if pool else 0)
                raise ApiError(402, "insufficient_funds", f"the organization wallet has {currency} {left} available")
            at = at or self.clock.tick()
            posting = self.post(self.find_or_create("team", team, currency), "allocate", amount, description, at=at)
            self.post(pool, "allocate", amount, description, at=at)
            return posting

    def reclaim(
        self, team: str, amount: int, *, currency: str = "USD", description: str = "", at: datetime | None = None
    ) -> Posting:
        """Move unspent, unreserved money of a team back to the organization."""
        with self.database.write():
            self._require_team(team)
            wallet = self.find("team", team, currency)
            if wallet is None or wallet.available < amount:
                left = decimal_text(wallet.available if wallet else 0)
                raise ApiError(422, "insufficient_balance", f"the wallet of {team} has {currency} {left} available")
            at = at or self.clock.tick()
            posting = self.post(wallet, "reclaim", amount, description, at=at)
            pool = self.find_or_create(ORGANIZATION, self.organization, currency)
            self.post(pool, "reclaim", amount, description, at=at)
            return posting

    def top_up(
        self, scope: str, scope_id: str, amount: int, *, currency: str = "USD", description: str = ""
    ) -> Posting:
        """Fund a wallet from outside, past the organization wallet."""
        with self.database.write():
            return self.post(self.find_or_create(scope, scope_id, currency), "top_up", amount, description)

    def refund(self, team: str, amount: int, *, currency: str = "USD", description: str = "refund") -> Posting:
        """Give back settled spend, for example after a provider's credit."""
        with self.database.write():
            return self.post(self.find_or_create("team", team, currency), "refund", amount, description)

    def reserve(
        self, team: str, amount: int, *, user: str = "", currency: str = "USD", description: str = ""
    ) -> tuple[Reservation, Wallet]:
        """Hold money for a request, in the first of user, team and organization wallet that has enough."""
        with self.database.write() as connection:
            self._require_team(team)
            wallet = self._first_with_money(team, user, amount, currency)
            if wallet is None:
                raise ApiError(
                    402, "cost_ticket", f"no wallet has {currency} {decimal_text(amount)}: the request is held"
                )
            posting = self.post(wallet, "reserve", amount, description)
            seq = next_number(connection, "reservations")
            identifier = opaque("rsv", seq)
            connection.execute("INSERT INTO reservations VALUES (?, ?, ?, ?, 1)", (seq, identifier, wallet.id, amount))
            return Reservation(identifier, wallet.id, amount), posting.wallet

    def release(self, reservation: str) -> Posting:
        """Give a reservation up: nothing was spent."""
        with self.database.write() as connection:
            wallet, held = self._close_reservation(connection, reservation)
            return self.post(wallet, "release", held, f"reservation {reservation}")

    def settle(self, reservation: str, amount: int, *, description: str = "") -> Posting:
        """Turn a reservation into spend of `amount`; what it held beyond that is free again."""
        with self.database.write() as connection:
            wallet, held = self._close_reservation(connection, reservation)
            freed = self.post(wallet, "release", held, f"reservation {reservation}").wallet
            return self.spend(freed, amount, description=description)

    def spend(self, wallet: Wallet, amount: int, *, description: str = "", at: datetime | None = None) -> Posting:
        with self.database.write():
            current = self.get(wallet.id) or wallet
            if current.available < amount:
                left = f"{wallet.currency} {decimal_text(current.available)}"
                raise ApiError(422, "insufficient_balance", f"the wallet of {wallet.scope_id} has {left} available")
            return self.post(current, "settle", amount, description or "gateway usage", at=at)

    def _require_team(self, team: str) -> None:
        if self.database.row("SELECT 1 FROM teams WHERE id = ?", (team,)) is None:
            raise ApiError(404, "team_not_found", f"there is no team `{team[:100]}`")

    def _first_with_money(self, team: str, user: str, amount: int, currency: str) -> Wallet | None:
        for scope, scope_id in (("user", user), ("team", team), (ORGANIZATION, self.organization)):
            wallet = self.find(scope, scope_id, currency)
            if wallet is not None and wallet.available >= amount:
                return wallet
        return None

    def _close_reservation(self, connection: sqlite3.Connection, reservation: str) -> tuple[Wallet, int]:
        row = connection.execute(
            "UPDATE reservations SET open = 0 WHERE id = ? AND open = 1 RETURNING wallet, amount", (reservation,)
        ).fetchone()
        if row is None:
            raise ApiError(404, "reservation_not_found", f"there is no open reservation `{reservation[:100]}`")
        wallet = connection.execute(f"{WALLET} WHERE id = ?", (row[0],)).fetchone()
        return Wallet(*wallet), int(row[1])
