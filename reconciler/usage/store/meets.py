"""Which of the ids that are kept as hashes alone are those of other rows too, so that their rows are needed."""

# ruff: noqa: S608 (the paths in these statements are quoted by `literal`)
from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from ibis.backends.duckdb import Backend

from reconciler.usage.engine import run
from reconciler.usage.layouts import literal, unmagic
from reconciler.usage.repeats import HASH
from reconciler.usage.store.unit import Kind, Unit

Paths = Mapping[Kind, Path]


def needed(
    connection: Backend, units: Mapping[str, tuple[Unit, Paths]], fresh: Collection[str], folder: Path
) -> dict[str, Path]:
    """Return, for each export of which rows are needed that are in sums alone, a file with the hashes of their ids.

    `fresh` are the exports that have not been compared with the others yet. Hashes of rows that are kept are in the
    file too.
    """
    with_ids = [key for key, (unit, _) in units.items() if any(name == "id" for name, _ in unit.columns)]
    if not with_ids or not fresh:
        return {}
    _hashes(connection, {key: units[key][1] for key in with_ids}, fresh)
    run(
        connection,
        "CREATE OR REPLACE TEMP TABLE shared AS SELECT h FROM hashes WHERE h IN (SELECT h FROM hashes WHERE fresh)"
        " GROUP BY h HAVING min(export) <> max(export)",
    )
    found = connection.con.execute(
        "SELECT DISTINCT export FROM hashes SEMI JOIN shared USING (h) WHERE NOT kept ORDER BY export"
    ).fetchall()
    return {with_ids[export]: _written(connection, export, folder) for (export,) in found}


def _hashes(connection: Backend, paths: Mapping[str, Paths], fresh: Collection[str]) -> None:
    """Create the view `hashes`: a hash, the number of its export, whether that is fresh, whether its row is kept."""
    selects = []
    for number, (key, files) in enumerate(paths.items()):
        own = f"{number} AS export, {key in fresh} AS fresh"
        ids, rows = (literal(unmagic(str(files[kind]))) for kind in ("ids", "rows"))
        selects.append(f"SELECT h, {own}, false AS kept FROM read_parquet({ids})")
        selects.append(f"SELECT {HASH} AS h, {own}, true AS kept FROM read_parquet({rows})")
    run(connection, f"CREATE OR REPLACE TEMP VIEW hashes AS {' UNION ALL '.join(selects)}")


def _written(connection: Backend, export: int, folder: Path) -> Path:
    target = folder / f"held-{sum(1 for _ in folder.iterdir())}"
    run(
        connection,
        f"COPY (SELECT DISTINCT h FROM hashes WHERE export = {export} AND (kept OR h IN (SELECT h FROM shared)))"
        f" TO {literal(str(target))} (FORMAT parquet)",
    )
    return target
