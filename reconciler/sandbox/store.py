"""The state of one sandboxed organization, and direct looks at it for tests and rehearsals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self

from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.sandbox.clock import Clock, moment_of
from reconciler.sandbox.database import Database
from reconciler.sandbox.documents import COLLECTIONS, Documents
from reconciler.sandbox.exports import Usage
from reconciler.sandbox.jobs import Jobs
from reconciler.sandbox.ledger import Entry
from reconciler.sandbox.wallets import Wallets
from reconciler.sandbox.wire import ApiError, decimal_of

ORGANIZATION = "org_acme"


class ReceivedWrite(NamedTuple):
    """A POST, PUT or DELETE that reached the sandbox. `status` is None when it was never answered."""

    method: str
    path: str
    body: Any
    idempotency_key: str | None
    status: int | None


class Store:
    """Everything the API serves. In memory unless `path` names a database file; `clone()` branches cheaply."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        as_of: date | None = None,
        organization: str = ORGANIZATION,
        copied: Store | None = None,
    ) -> None:
        self.database: Database = Database(path) if copied is None else copied.database.copy()
        self.clock: Clock = Clock.on(as_of) if copied is None else Clock(copied.clock.start)
        self.received: list[ReceivedWrite] = []
        self._folder: TemporaryDirectory[str] | None = None
        self.is_new = copied is None and self._opened(organization)
        self._attach()

    def _opened(self, organization: str) -> bool:
        """Open the database; return whether it is a new one, of `organization`."""
        try:
            is_new = self.database.open()
        except BaseException:
            self.database.close()
            raise
        if is_new:
            self.database.note("organization", organization)
            self.database.note("organization_name", organization.removeprefix("org_").replace("_", " ").title())
        return is_new

    def _attach(self) -> None:
        database, clock = self.database, self.clock
        last = database.row("SELECT max(created) FROM entries")
        if clock.start is not None and last and last[0]:
            clock.start = max(clock.start, moment_of(last[0]))
        self.organization = database.fact("organization") or ORGANIZATION
        self.teams = Teams(database, clock)
        self.wallets = Wallets(database, clock, self.organization)
        self.documents = {each.kind: Documents(database, clock, each) for each in COLLECTIONS}
        self.jobs = Jobs(database, clock)
        self.usage = Usage(database, clock)

    def clone(self) -> Store:
        """Return an independent copy in memory, clock included, with an empty log of writes."""
        return Store(copied=self)

    @property
    def directory(self) -> Path:
        """Return the folder of export files: beside the database file, else temporary."""
        if self.database.path is not None:
            folder = self.database.path.with_name(f"{self.database.path.name}.exports")
            folder.mkdir(exist_ok=True)
            return folder
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="kt-sandbox-")
        return Path(self._folder.name)

    def today(self) -> date:
        return self.clock.now().astimezone(UTC).date()

    def ledger(self, team: str, *, currency: str = "USD") -> tuple[LedgerEntry, ...]:
        """Return the whole ledger of a team's wallet, oldest first; empty when there is no wallet."""
        entries = [
            entry
            for wallet in self.wallets.of("team", team)
            if wallet.currency == currency
            for entry in self.wallets.entries(wallet.id)
        ]
        return tuple(_ledger_entry(entry) for entry in sorted(entries, key=lambda entry: (entry.created, entry.seq)))

    def funded(self, team: str, period: Period | str, *, currency: str = "USD") -> Decimal:
        """Return Σ allocate − Σ reclaim of a team for a period, marks before dates."""
        period = Period.parse(period) if isinstance(period, str) else period
        return (
            LiveWallet(WalletRef.team(team), currency, ledger=self.ledger(team, currency=currency))
            .funded(period)
            .amount
        )

    def balance(self, team: str, *, currency: str = "USD") -> Decimal:
        """Return what a team's wallet holds, reserved money included; zero when there is no wallet."""
        wallets = self.wallets.of("team", team)
        return decimal_of(sum(wallet.balance for wallet in wallets if wallet.currency == currency))

    def pool(self, currency: str = "USD") -> Decimal:
        """Return what the organization wallet has available."""
        wallet = self.wallets.pool(currency)
        return decimal_of(wallet.available if wallet else 0)

    def writes(self, path: str = "/v1/") -> tuple[ReceivedWrite, ...]:
        """Return the writes received so far whose path begins with `path`, in order of arrival."""
        return tuple(write for write in self.received if write.path.startswith(path))

    def moves(self) -> tuple[ReceivedWrite, ...]:
        return tuple(write for write in self.received if write.path in ("/v1/wallets/allocate", "/v1/wallets/reclaim"))

    def close(self) -> None:
        self.database.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ledger_entry(entry: Entry) -> LedgerEntry:
    created: datetime = moment_of(entry.created)
    return LedgerEntry(entry.id, entry.kind, decimal_of(entry.amount), entry.currency, entry.description, created)


class Team(NamedTuple):
    id: str
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Teams:
    database: Database
    clock: Clock

    def page(self, after: str = "", limit: int | None = None) -> list[Team]:
        rows = self.database.rows(
            "SELECT id, name, slug FROM teams WHERE id > ? ORDER BY id LIMIT ?", (after, -1 if limit is None else limit)
        )
        return [Team(*row) for row in rows]

    def create(self, name: str, *, id: str | None = None) -> Team:
        """Create a team; its id follows from its name unless one is given."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
        if not slug:
            raise ApiError(422, "invalid_team", "name must hold letters or digits")
        team = Team(id or f"team_{slug.replace('-', '_')}", name, slug)
        with self.database.write() as connection:
            taken = connection.execute("SELECT 1 FROM teams WHERE id = ? OR slug = ?", (team.id, slug)).fetchone()
            if taken is not None:
                raise ApiError(409, "team_exists", f"there is a team `{slug}` already")
            self.clock.tick()
            connection.execute("INSERT INTO teams VALUES (?, ?, ?)", team)
        return team
