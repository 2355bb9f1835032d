"""The sandbox's SQLite database: its tables, one connection, and one IMMEDIATE transaction per write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from reconciler.findings import UsageError

FORMAT = 1

TABLES = """
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE teams (id TEXT PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE wallets (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('organization', 'team', 'user')), scope_id TEXT NOT NULL,
    currency TEXT NOT NULL, balance INTEGER NOT NULL DEFAULT 0, reserved INTEGER NOT NULL DEFAULT 0,
    total_allocated INTEGER NOT NULL DEFAULT 0, total_spent INTEGER NOT NULL DEFAULT 0,
    UNIQUE (scope_id, scope, currency), CHECK (reserved >= 0), CHECK (balance >= reserved));
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, wallet TEXT NOT NULL REFERENCES wallets (id), kind TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL, description TEXT NOT NULL,
    created INTEGER NOT NULL);
CREATE UNIQUE INDEX entries_of_wallet ON entries (wallet, id);
CREATE TABLE reservations (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, wallet TEXT NOT NULL REFERENCES wallets (id),
    amount INTEGER NOT NULL, open INTEGER NOT NULL DEFAULT 1);
CREATE TABLE documents (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL);
CREATE INDEX documents_of_kind ON documents (kind, id);
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, object TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
    asked INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL);
CREATE TABLE events (
    id TEXT PRIMARY KEY, created INTEGER NOT NULL, team_id TEXT NOT NULL, cost INTEGER NOT NULL, body TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE daily_spend (
    team_id TEXT NOT NULL, day INTEGER NOT NULL, cost INTEGER NOT NULL, requests INTEGER NOT NULL,
    PRIMARY KEY (team_id, day)) WITHOUT ROWID;
"""


class Database:
    """One connection that threads take turns with. `path` None keeps everything in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._lock = RLock()
        try:
            self._connection = sqlite3.connect(
                path or ":memory:", isolation_level=None, check_same_thread=False, timeout=30, cached_statements=256
            )
        except sqlite3.OperationalError as problem:
            raise UsageError(
                f"{path} cannot be opened: {problem}", hint="name a file in a folder that exists"
            ) from None

    def open(self) -> bool:
        """Create the tables in a new database and return True; False for one of ours, UsageError for another file."""
        try:
            ((version,),) = self.rows("PRAGMA user_version")
            ((tables,),) = self.rows("SELECT count(*) FROM sqlite_master")
        except sqlite3.DatabaseError as problem:
            raise UsageError(f"{self.path} is not a sandbox database: {problem}", hint="name another file") from None
        if version != FORMAT and (version or tables):
            raise UsageError(f"{self.path} is not a database of this sandbox", hint="name another file, or delete it")
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
        if version == 0:
            self._connection.executescript(f"BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {FORMAT}; COMMIT;")
        return bool(version == 0)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run one IMMEDIATE transaction: committed when the block ends, rolled back when it raises."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        with self._lock:
            found: tuple[Any, ...] | None = self._connection.execute(sql, parameters).fetchone()
            return found

    def fact(self, key: str) -> str | None:
        found = self.row("SELECT value FROM facts WHERE key = ?", (key,))
        return None if found is None else str(found[0])

    def note(self, key: str, value: str) -> None:
        with self.write() as connection:
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))

    def copy(self) -> Database:
        """Return an independent copy in memory: cheap, for tests that branch from one state."""
        other = Database()
        with self._lock:
            self._connection.backup(other._connection)
        return other

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def opaque(prefix: str, seq: int) -> str:
    """Return an id that is unique for `seq` and tells nothing of the order in which ids were given."""
    return f"{prefix}_{seq * 2654435761 % 2**32:08x}"


def next_number(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT coalesce(max(seq), 0) + 1 FROM {table}").fetchone()[0])  # noqa: S608
