"""One view per kind of export file, with the canonical columns of an event as text or as the file's own types.

What comes out is a table that any Ibis backend could hold; everything
after it (`events`, `daily`) is Ibis alone. Each view has those canonical columns that its files have, and `file`, the
path of the scanned file.
"""

# ruff: noqa: S608 (the names and paths in these statements are our own, or quoted by `layouts` and `literal`)
from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from reconciler.usage.columns import MissingColumnsError
from reconciler.usage.engine import Columns, fetch, run, table_of
from reconciler.usage.events import events_of
from reconciler.usage.formats import Format
from reconciler.usage.layouts import INEXACT, Layout, Names, is_diverse, json_objects, layout_of, literal
from reconciler.usage.remembered import statement
from reconciler.usage.unpack import PlainFile

_SAMPLED_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Scan:
    """A view over files of one kind. `sql(paths)` selects from any of them.

    Of CSV files, `places` are those of each canonical column in a row, best first, `delimiter` parts them, and metadata
    are `diverse` when nearly every row has some of its own. Of files that are `numbered` the place of each row is in a
    column `row`, which is in `sql` and not in the view.
    """

    view: str
    files: tuple[PlainFile, ...]
    columns: tuple[str, ...]
    sql: Callable[[Sequence[str]], str]
    places: Mapping[str, Sequence[int]] = field(default_factory=dict)
    delimiter: str = ","
    diverse: bool = False
    numbered: bool = False

    @property
    def is_csv(self) -> bool:
        return self.files[0].format is Format.CSV

    @property
    def is_json(self) -> bool:
        return self.files[0].is_json

    @property
    def first_row(self) -> int:
        """Return the number of the first event's row, as a person counts: the header is a CSV file's row 1."""
        return 2 if self.is_csv else 1

    def rows_of(self, path: str) -> str:
        """Return SQL for the rows of one file in their order, with the number of each in `row`."""
        sql = self.sql([path])
        return sql if self.numbered else f"SELECT *, row_number() OVER () AS row FROM ({sql})"


@dataclass(frozen=True, slots=True)
class ScannedEvents:
    """The events of files that one machine reads."""

    connection: Backend
    scans: Sequence[Scan]

    @property
    def files(self) -> Sequence[str]:
        return [file.path for scan in self.scans for file in scan.files]

    def table(self) -> Table:
        return events_of([table_of(self.connection, scan.view) for scan in self.scans], wide=True)

    def columns(self, query: Table) -> Columns:
        return fetch(self.connection, query)

    def tuples(self, query: Table) -> list[tuple[Any, ...]]:
        return list(self.connection.con.execute(statement(query)).fetchall())


def make_scans(
    connection: Backend, files: Sequence[PlainFile], names: Names, *, whole_rows: bool = False
) -> list[Scan]:
    """Create a view for each kind of file among `files` and return them; files that hold nothing have none.

    With `whole_rows` a view of CSV files has all their columns taken apart, which costs time.
    """
    alike: dict[Layout, list[PlainFile]] = defaultdict(list)
    lacking: list[MissingColumnsError] = []
    for file in files:
        try:
            layout = layout_of(connection, file, names)
        except MissingColumnsError as error:
            lacking.append(error)
            continue
        if layout is not None:
            alike[replace(layout, whole_rows=whole_rows and file.format is Format.CSV)].append(file)
    if lacking:
        raise lacking[0].with_others([error.path for error in lacking[1:]])
    scans = []
    for number, (layout, members) in enumerate(alike.items()):
        scan = Scan(
            f"scan_{number}",
            tuple(members),
            tuple(name for name, _ in layout.select),
            layout.numbered if layout.numbers_rows else layout.sql,
            dict(layout.places),
            layout.delimiter,
            layout.diverse,
            layout.numbers_rows,
        )
        run(connection, f"CREATE OR REPLACE TEMP VIEW {scan.view} AS {layout.sql([file.path for file in members])}")
        scans.append(scan)
    return scans or [nothing(connection, names)]


def metadata_is_diverse(connection: Backend, scans: Sequence[Scan]) -> bool:
    """Return whether a sample suggests that nearly every event has metadata of its own, such as a request id."""
    if any(scan.diverse for scan in scans):
        return True
    for scan in scans:
        if "metadata" not in scan.columns or scan.is_csv:
            continue
        sampled = fetch(
            connection,
            "SELECT count(*) AS n, count(DISTINCT metadata) AS kinds"
            f" FROM (SELECT metadata FROM {scan.view} LIMIT {_SAMPLED_ROWS})",
        )
        if is_diverse(int(sampled["n"][0]), int(sampled["kinds"][0])):
            return True
    return False


def nothing(connection: Backend, names: Names) -> Scan:
    columns = ", ".join(f"CAST(NULL AS VARCHAR) AS {name}" for name in (*names, "file"))
    run(connection, f"CREATE OR REPLACE TEMP VIEW scan_none AS SELECT {columns} WHERE false")
    return Scan("scan_none", (PlainFile("", "", Format.EMPTY),), tuple(names), lambda _: "SELECT * FROM scan_none")


_AT_ONCE = 10_000


def make_exact(connection: Backend, scans: Sequence[Scan], scratch: Path) -> dict[str, PlainFile]:
    """Return the exact versions of the files that hold an inexact amount, by the path of the file that they replace."""
    exact: dict[str, PlainFile] = {}
    for scan in scans:
        if not scan.is_json:
            continue
        paths = set(fetch(connection, f"SELECT DISTINCT file FROM {scan.view} WHERE cost = {literal(INEXACT)}")["file"])
        exact |= {file.path: _rewritten(connection, file, scratch) for file in scan.files if file.path in paths}
    return exact


def _rewritten(connection: Backend, file: PlainFile, scratch: Path) -> PlainFile:
    target = scratch / f"exact-{sum(1 for _ in scratch.iterdir())}"
    rows = connection.con.execute(f"SELECT json FROM {json_objects(file)}")
    with target.open("w", encoding="utf-8") as sink:
        while batch := rows.fetchmany(_AT_ONCE):
            sink.writelines(json.dumps(json.loads(text, parse_float=str)) + "\n" for (text,) in batch)
    return replace(file, path=str(target), format=Format.JSON_LINES, exact=True)
