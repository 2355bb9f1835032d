"""Which events are in the exports more than once, and which one of several versions counts.

Looking every id up exactly would take more memory than all else together, so ids are first compared as 64-bit hashes,
which fit; only rows whose hash is met twice are then compared in full. Equal ids have equal hashes, so none is missed,
and different ids with equal hashes are told apart in the comparison.
"""

# ruff: noqa: S608 (the names in these statements are our own)
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from reconciler.usage.daily import Names, interpreted
from reconciler.usage.engine import fetch, run
from reconciler.usage.events import events_of
from reconciler.usage.scans import Scan

_AT_ONCE = 500_000
"""Rows that are compared in one go: what fits within the usual memory limit.

The parts are cut by another hash than the engine groups by; with the same one its tables fill unevenly and slowly.
"""

_HASH = "hash(nullif(CAST(id AS VARCHAR), ''))"
_HASH_OF_NONE = "hash(NULL::VARCHAR)"


@dataclass(frozen=True, slots=True)
class Ids:
    """What the ids of all rows show: whether hashes meet (the table `met` holds them), and whether rows have no id."""

    meet: bool
    lack: bool


@dataclass(frozen=True, slots=True)
class Repeats:
    """`left_out` counts the rows that repeat another; `conflicts` the ids whose rows differ, by scanned file."""

    left_out: int = 0
    conflicts: Mapping[str, int] | None = None


def look_at_ids(connection: Backend, scans: Sequence[Scan]) -> Ids:
    """Read the ids of all rows and create the table `met` of the hashes that occur more than once."""
    identified = [scan for scan in scans if "id" in scan.columns]
    if not identified:
        return Ids(meet=False, lack=True)
    hashes = " UNION ALL ".join(f"SELECT {_HASH} AS h FROM {scan.view}" for scan in identified)
    run(
        connection,
        f"CREATE OR REPLACE TEMP TABLE met AS SELECT h FROM ({hashes})"
        f" GROUP BY h HAVING count(*) > 1 OR h = {_HASH_OF_NONE}",
    )
    lack = len(identified) < len(scans) or _rows(connection, f"met WHERE h = {_HASH_OF_NONE}") > 0
    run(connection, f"DELETE FROM met WHERE h = {_HASH_OF_NONE}")
    return Ids(meet=_rows(connection, "met") > 0, lack=lack)


def events_met_once(connection: Backend, scans: Sequence[Scan], *, wide: bool) -> Table:
    """Return the events whose id is met once, or that have none."""
    return events_of([_narrowed(connection, scan, "ANTI") for scan in scans], wide=wide)


def settle(connection: Backend, scans: Sequence[Scan], names: Names, *, wide: bool) -> Repeats:
    """Create the table `winners`: of the rows whose hash is met again one for each id, and all unreadable ones."""
    rivals = events_of([_narrowed(connection, scan, "SEMI") for scan in scans if "id" in scan.columns], wide=wide)
    run(connection, f"CREATE OR REPLACE TEMP TABLE rivals AS {connection.compile(rivals.drop('file'))}")
    run(connection, "CREATE OR REPLACE TEMP TABLE conflicting (id VARCHAR)")
    run(connection, "CREATE OR REPLACE TEMP TABLE winners AS SELECT * FROM rivals WHERE id IS NULL")
    total = _rows(connection, "rivals")
    parts = max(1, math.ceil(total / _AT_ONCE))
    for part in range(parts):
        run(
            connection,
            "CREATE OR REPLACE TEMP TABLE different AS"
            f" SELECT DISTINCT * FROM rivals WHERE id IS NOT NULL AND hash(id, 1) % {parts} = {part}",
        )
        _settle_different(connection, names)
    left_out = total - _rows(connection, "winners")
    run(connection, "DROP TABLE rivals; DROP TABLE different")
    return Repeats(left_out, _conflicts(connection, scans))


def _settle_different(connection: Backend, names: Names) -> None:
    """Move one row for each id from `different` to `winners`."""
    run(
        connection,
        "CREATE OR REPLACE TEMP TABLE several AS SELECT id FROM different GROUP BY id HAVING count(*) > 1",
    )
    if not _rows(connection, "several"):
        run(connection, "INSERT INTO winners SELECT * FROM different")
        return
    run(connection, "INSERT INTO winners SELECT * FROM different WHERE id NOT IN (SELECT id FROM several)")
    versions = connection.table("different").semi_join(connection.table("several"), "id")
    run(connection, f"CREATE OR REPLACE TEMP TABLE ranked AS {connection.compile(ranked_versions(versions, names))}")
    run(connection, "INSERT INTO winners SELECT * EXCLUDE (place, version) FROM ranked WHERE place = 0")
    run(connection, "INSERT INTO conflicting SELECT DISTINCT id FROM ranked WHERE version > 0")


def ranked_versions(versions: Table, names: Names) -> Table:
    """Return the rows of each id with their `place`, the one that counts first, and with the number of their `version`.

    First comes the latest in time, then the largest cost, then the largest value of each other attribute in turn, as
    interpreted: the choice depends on what the rows mean, so that order, split and format do not matter. Rows that mean
    the same have the same version.
    """
    written = [name for name in versions.columns if name not in ("id", "at", "cost")]
    meaning = interpreted(versions.mutate(**{f"_{name}": versions[name] for name in written}), names)
    meant = [name for name in sorted(meaning.columns) if not name.startswith("_") and name not in ("id", "at", "cost")]
    order = [ibis.desc(meaning[name]) for name in ("at", "cost", *meant)]
    spelling = [ibis.desc(meaning[f"_{name}"]) for name in written]
    return meaning.select(
        **{name: meaning[f"_{name}"] if name in written else meaning[name] for name in versions.columns},
        place=ibis.row_number().over(ibis.window(group_by=meaning.id, order_by=[*order, *spelling])),
        version=ibis.dense_rank().over(ibis.window(group_by=meaning.id, order_by=order)),
    )


def _conflicts(connection: Backend, scans: Sequence[Scan]) -> dict[str, int]:
    if not _rows(connection, "conflicting"):
        return {}
    ids = " UNION ALL ".join(
        f"SELECT CAST(id AS VARCHAR) AS id, file FROM {scan.view}" for scan in scans if "id" in scan.columns
    )
    found = fetch(
        connection,
        f"SELECT file, count(DISTINCT id) AS n FROM ({ids}) WHERE id IN (SELECT id FROM conflicting) GROUP BY file",
    )
    return dict(zip(found["file"].tolist(), found["n"].tolist(), strict=True))


def _narrowed(connection: Backend, scan: Scan, how: Literal["SEMI", "ANTI"]) -> Table:
    if "id" not in scan.columns:
        return connection.table(scan.view)
    view = f"{scan.view}_{how.lower()}"
    run(
        connection, f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {scan.view} {how} JOIN met ON {_HASH} = met.h"
    )
    return connection.table(view)


def _rows(connection: Backend, table: str) -> int:
    return int(fetch(connection, f"SELECT count(*) AS n FROM {table}")["n"][0])
