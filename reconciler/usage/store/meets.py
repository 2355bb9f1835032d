"""Which ids of an export are those of other rows too, so that these rows must be kept and not their sums alone.

Exports are compared by the hashes of their ids before their rows are parted. So that the memory this takes does not
grow with the number of events, hashes are compared a range of them at a time, and the hashes of each export are sorted.
"""

# ruff: noqa: S608 (the paths in these statements are quoted by `literal`)
from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ibis.backends.duckdb import Backend

from reconciler.usage.engine import run
from reconciler.usage.layouts import literal, unmagic
from reconciler.usage.repeats import HASH
from reconciler.usage.store.unit import Kind

Paths = Mapping[Kind, Path]

_AT_ONCE = 2_000_000
"""New ids that are compared in one go: what fits within the usual memory limit, with as many groups."""


def meeting(
    connection: Backend, ids: Mapping[str, Path], fresh: Collection[str], rows: Mapping[str, Path], folder: Path
) -> dict[str, Path]:
    """Return, for each export that must have rows kept which it does not keep, a file with the hashes of their ids.

    `ids` are the files with the hashes of all ids of each export, `fresh` the exports that have not been compared with
    the others yet; `rows` are the files of the rows that the others keep, whose hashes are in the result too.
    """
    if not any(key in fresh for key in ids):
        return {}
    exports = list(ids)
    run(connection, "CREATE OR REPLACE TEMP TABLE held (export INTEGER, h UBIGINT)")
    _name(connection, ids)
    only = [ids[key] for key in exports if key in fresh]
    for inside in _ranges(connection, only):
        semi = f" AND h IN (SELECT h FROM {_read(only)} WHERE {inside})" if len(only) < len(ids) else ""
        run(
            connection,
            f"CREATE OR REPLACE TEMP TABLE shared AS SELECT h FROM {_read(ids.values())} WHERE {inside}{semi}"
            " GROUP BY h HAVING count(*) > 1",
        )
        run(
            connection,
            f"INSERT INTO held SELECT export, h FROM {_read(ids.values())} JOIN exports USING (filename)"
            f" WHERE {inside} AND h IN (SELECT h FROM shared)",
        )
    found = connection.con.execute("SELECT DISTINCT export FROM held ORDER BY export").fetchall()
    files = {exports[export]: _written(connection, export, rows.get(exports[export]), folder) for (export,) in found}
    return {key: file for key, file in files.items() if file is not None}


def _name(connection: Backend, ids: Mapping[str, Path]) -> None:
    values = ", ".join(f"({number}, {literal(str(path))})" for number, path in enumerate(ids.values()))
    run(
        connection,
        f"CREATE OR REPLACE TEMP TABLE exports AS SELECT * FROM (VALUES {values}) AS t(export, filename)",
    )


def _ranges(connection: Backend, fresh: Collection[Path]) -> Iterator[str]:
    """Yield a condition for each range of hashes, of which as many are new as are compared in one go."""
    ((number,),) = connection.con.execute(f"SELECT count(*) FROM {_read(fresh)}").fetchall()
    parts = max(1, math.ceil(number / _AT_ONCE))
    for part in range(parts):
        first, last = (2**64 * each // parts for each in (part, part + 1))
        yield f"h BETWEEN {first}::UBIGINT AND {last - 1}::UBIGINT"


def _written(connection: Backend, export: int, rows: Path | None, folder: Path) -> Path | None:
    """Write the hashes of the rows that an export is to keep; return None where it keeps them already."""
    target = folder / f"held-{export}"
    held = f"SELECT h FROM held WHERE export = {export}"
    if rows is not None:
        kept = f"SELECT {HASH} AS h FROM {_read([rows])}"
        ((lacking,),) = connection.con.execute(f"SELECT count(*) FROM (({held}) EXCEPT ({kept}))").fetchall()
        if not lacking:
            return None
        held = f"({held}) UNION ALL ({kept})"
    run(connection, f"COPY (SELECT DISTINCT h FROM ({held})) TO {literal(str(target))} (FORMAT parquet)")
    return target


def _read(paths: Collection[Path]) -> str:
    listed = ", ".join(literal(unmagic(str(path))) for path in paths)
    return f"read_parquet([{listed}], filename = true)"
