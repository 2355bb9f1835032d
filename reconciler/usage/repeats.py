"""Which events are in the exports more than once, and which one of several versions counts.

Looking every id up exactly would take more memory than all else together, so ids are first compared as 64-bit hashes,
which fit; only rows whose hash is met twice are then compared in full. Equal ids have equal hashes, so none is missed,
and different ids with equal hashes are told apart in the comparison.
"""

# ruff: noqa: S608 (the names in these statements are our own)
from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from reconciler.forecast.windows import Days
from reconciler.usage.engine import fetch, run, table_of
from reconciler.usage.events import NO_IDS, events_of
from reconciler.usage.layouts import literal
from reconciler.usage.remembered import statement
from reconciler.usage.scans import Scan
from reconciler.usage.versions import Names, ranked_versions

_AT_ONCE = 500_000
"""Rows that are compared in one go: what fits within the usual memory limit.

The parts are cut by another hash than the engine groups by; with the same one its tables fill unevenly and slowly.
"""

HASH = "hash(nullif(CAST(id AS VARCHAR), ''))"
SPELLINGS = sorted({way(word) for word in NO_IDS for way in (str, str.upper, str.title, str.capitalize)} - {""})
_HASHES_OF_NONE = f"(hash(NULL::VARCHAR), {', '.join(f'hash({literal(word)})' for word in SPELLINGS)})"

Recency = Callable[[], Mapping[str, int]]
"""Asked only where exports contradict each other: a number for each scanned file, larger for a later export."""


@dataclass(frozen=True, slots=True)
class Ids:
    """What the ids of all rows show: whether hashes meet (the table `met` holds them), and whether rows have no id."""

    meet: bool
    lack: bool


@dataclass(frozen=True, slots=True)
class Meeting:
    """Rows of one scanned file whose ids are met again, of one `kind` (see `ranked_versions`), and an `example` id."""

    path: str
    kind: str
    rows: int
    cost: Decimal
    month_cost: Decimal
    example: str


@dataclass(frozen=True, slots=True)
class Repeats:
    """`left_out` counts the rows that repeat another or are no longer valid, `cost` is their money.

    `lack` says that rows have words for an id that is none, which showed only on a closer look.
    """

    left_out: int = 0
    cost: Decimal = Decimal(0)
    lack: bool = False
    meetings: tuple[Meeting, ...] = ()


def look_at_ids(connection: Backend, scans: Sequence[Scan]) -> Ids:
    """Read the ids of all rows and create the table `met` of the hashes that occur more than once."""
    identified = [scan for scan in scans if "id" in scan.columns]
    if not identified:
        return Ids(meet=False, lack=True)
    hashes = " UNION ALL ".join(f"SELECT {HASH} AS h FROM {scan.view}" for scan in identified)
    run(
        connection,
        f"CREATE OR REPLACE TEMP TABLE met AS SELECT h FROM ({hashes})"
        f" GROUP BY h HAVING count(*) > 1 OR h = hash(NULL::VARCHAR)",
    )
    lack = len(identified) < len(scans) or _rows(connection, f"met WHERE h IN {_HASHES_OF_NONE}") > 0
    run(connection, f"DELETE FROM met WHERE h IN {_HASHES_OF_NONE}")
    return Ids(meet=_rows(connection, "met") > 0, lack=lack)


def events_met_once(connection: Backend, scans: Sequence[Scan], *, wide: bool) -> Table:
    return events_of([_narrowed(connection, scan, "ANTI") for scan in scans], wide=wide)


def settle(
    connection: Backend, scans: Sequence[Scan], names: Names, *, wide: bool, month: Days, recency: Recency
) -> Repeats:
    """Create the table `winners`: of the rows whose hash is met again those that count, and all unreadable ones."""
    files = sorted((file for scan in scans for file in scan.files), key=lambda file: file.name)
    paths = [file.path for file in files]
    rows = ", ".join(f"({literal(path)}, {number})" for number, path in enumerate(paths))
    run(connection, f"CREATE OR REPLACE TEMP TABLE exports AS SELECT * FROM (VALUES {rows}) AS t(file, export)")
    rivals = events_of([_narrowed(connection, scan, "SEMI") for scan in scans if "id" in scan.columns], wide=wide)
    run(connection, f"CREATE OR REPLACE TEMP TABLE rivals AS {statement(rivals.drop('file'))}")
    run(connection, "CREATE OR REPLACE TEMP TABLE winners AS SELECT * EXCLUDE (export) FROM rivals WHERE id IS NULL")
    lack = _rows(connection, "winners WHERE day IS NOT NULL") > 0
    total, cost = _sum(connection, "rivals")
    parts = max(1, math.ceil(total / _AT_ONCE))
    run(
        connection,
        "CREATE OR REPLACE TEMP TABLE met_again (export INTEGER, kind VARCHAR, id VARCHAR, day DATE,"
        " cost DECIMAL(38, 9))",
    )
    compare = _Comparison(connection, names, paths, recency)
    for part in range(parts):
        compare.part(f"hash(id, 1) % {parts} = {part}")
    counted, counted_cost = _sum(connection, "winners")
    meetings = _meetings(connection, paths, month)
    run(connection, "DROP TABLE rivals; DROP TABLE different; DROP TABLE met_again")
    return Repeats(total - counted, cost - counted_cost, lack, meetings)


class _Comparison:
    """Rivals compared, a part of the ids at a time."""

    def __init__(self, connection: Backend, names: Names, paths: Sequence[str], recency: Recency) -> None:
        self.connection = connection
        self.names = names
        self.paths = paths
        self.recency = recency
        self.ranked = False

    def part(self, where: str) -> None:
        """Move the rows that count from `rivals` to `winners`."""
        run(
            self.connection,
            "CREATE OR REPLACE TEMP TABLE different AS"
            f" SELECT DISTINCT * EXCLUDE (export) FROM rivals WHERE id IS NOT NULL AND {where}",
        )
        run(
            self.connection,
            "CREATE OR REPLACE TEMP TABLE several AS SELECT id FROM different GROUP BY id HAVING count(*) > 1",
        )
        if not _rows(self.connection, "several"):
            run(self.connection, "INSERT INTO winners SELECT * FROM different")
            return
        run(self.connection, "INSERT INTO winners SELECT * FROM different WHERE id NOT IN (SELECT id FROM several)")
        self._several()

    def _several(self) -> None:
        self._rank()
        run(
            self.connection,
            "CREATE OR REPLACE TEMP TABLE versions AS SELECT DISTINCT rivals.*, rank"
            " FROM rivals SEMI JOIN several USING (id) JOIN ranks USING (export)",
        )
        ranked = ranked_versions(table_of(self.connection, "versions"), self.names)
        run(self.connection, f"CREATE OR REPLACE TEMP TABLE ranked AS {statement(ranked)}")
        run(
            self.connection,
            "INSERT INTO winners SELECT * EXCLUDE (export, rank, counts, events, kind) FROM ranked WHERE counts",
        )
        run(
            self.connection,
            "INSERT INTO met_again SELECT export, kind, id, day, cost FROM ranked WHERE kind <> ''",
        )

    def _rank(self) -> None:
        if self.ranked:
            return
        recency = self.recency()
        rows = ", ".join(f"({number}, {recency[path]})" for number, path in enumerate(self.paths))
        run(self.connection, f"CREATE OR REPLACE TEMP TABLE ranks AS SELECT * FROM (VALUES {rows}) AS t(export, rank)")
        self.ranked = True


def _meetings(connection: Backend, paths: Sequence[str], month: Days) -> tuple[Meeting, ...]:
    inside = f"day >= DATE '{month[0]}' AND day < DATE '{month[1]}'"
    found = connection.con.execute(
        "SELECT export, kind, count(*), sum(cost), coalesce(sum(cost) FILTER (WHERE "
        f"{inside}), 0), min(id) FROM met_again GROUP BY export, kind ORDER BY export, kind"
    ).fetchall()
    return tuple(Meeting(paths[export], *rest) for export, *rest in found)


def _narrowed(connection: Backend, scan: Scan, how: Literal["SEMI", "ANTI"]) -> Table:
    if "id" not in scan.columns:
        return table_of(connection, scan.view)
    view = f"{scan.view}_{how.lower()}"
    rows = f"SELECT * FROM {scan.view} {how} JOIN met ON {HASH} = met.h"
    if how == "SEMI":
        rows = f"SELECT * FROM ({rows}) JOIN exports USING (file)"
    run(connection, f"CREATE OR REPLACE TEMP VIEW {view} AS {rows}")
    return table_of(connection, view)


def _rows(connection: Backend, table: str) -> int:
    return int(fetch(connection, f"SELECT count(*) AS n FROM {table}")["n"][0])


def _sum(connection: Backend, table: str) -> tuple[int, Decimal]:
    """Return how many rows a table has and what those with a day cost."""
    sql = f"SELECT count(*), coalesce(sum(cost) FILTER (WHERE day IS NOT NULL), 0) FROM {table}"
    number, cost = connection.con.execute(sql).fetchall()[0]
    return number, Decimal(cost)
