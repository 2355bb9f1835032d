"""One export parted: rows of which something may be said, as they are written, and sums of all others."""

# ruff: noqa: S608 (the names and paths in these statements are our own, or quoted by `literal`)
from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import ibis
import numpy as np
import numpy.typing as npt
from ibis.backends.duckdb import Backend
from ibis.expr.types import BooleanValue, Table

from reconciler.usage.daily import daily_sums
from reconciler.usage.doubts import is_undecided
from reconciler.usage.engine import fetch, run, table_of
from reconciler.usage.events import LARGE_COST, events_of, is_blank
from reconciler.usage.layouts import Names, layout_of, literal
from reconciler.usage.lines import Book, Lines, lines_of_rows
from reconciler.usage.proposals import unmapped_ids
from reconciler.usage.rejects import rejected_rows
from reconciler.usage.remembered import remembered, statement
from reconciler.usage.repeats import HASH
from reconciler.usage.scans import Scan, metadata_is_diverse
from reconciler.usage.store.meets import Paths
from reconciler.usage.store.unit import StoredReject, Unit


def count(connection: Backend, table: str) -> int:
    return int(fetch(connection, f"SELECT count(*) AS n FROM {table}")["n"][0])


def copied(connection: Backend, sql: str, scratch: Path) -> Path:
    """Return a new file in `scratch` with what a statement selects."""
    target = _fresh(scratch)
    run(connection, f"COPY ({sql}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)")
    return target


def _fresh(scratch: Path) -> Path:
    return scratch / f"unit-{sum(1 for _ in scratch.iterdir())}"


class Parting:
    """The rows of one export, in the table `numbered`, parted."""

    def __init__(self, connection: Backend, scan: Scan, names: Names, scratch: Path) -> None:
        self.connection = connection
        self.scan = scan
        self.file = scan.files[0]
        self.names = names
        self.scratch = scratch
        self.columns = self._columns()
        self.has_ids = "id" in scan.columns

    def unit(self, plain: Unit, held: Path | None) -> tuple[Unit, Paths]:
        rejected = rejected_rows(self.connection, [self.scan], {self.file.path: self.file.name}, self._book())
        rejects = rejected.rejects.get(self.file.path, ())
        lines = lines_of_rows(self.file, count(self.connection, "numbered") + len(rejects))
        numbers = [each.row for each in rejects]
        self._part(held)
        paths = self._write(lines, numbers)
        layout = layout_of(self.connection, self.file, self.names)
        unmapped = () if self.has_ids else unmapped_ids(self.connection, [self.scan], self.names)
        unit = plain.model_copy(
            update={
                "columns": self.columns,
                "layout": hashlib.sha256(repr(replace(layout, diverse=False)).encode()).hexdigest() if layout else "",
                "unmapped": unmapped[0].message if unmapped else "",
                "rejects": tuple(
                    StoredReject(line=lines.line(each.row), code=each.code, cost=each.cost, day=each.day)
                    for each in rejects
                ),
                "open_end": rejected.open_ends.get(self.file.path),
                "first_rows": self._first_rows(lines, numbers),
            }
        )
        return unit, paths

    def _book(self) -> Book:
        return Book({self.file.path: self.file})

    def _part(self, held: Path | None) -> None:
        """Create the table `apart` of the numbers of rows that are kept, and the view `others` of all others."""
        doubtful = self._statement("doubtful")
        again = ""
        if held:
            hashes = f"SELECT h FROM read_parquet({literal(str(held))})"
            again = f" UNION SELECT row FROM numbered WHERE {HASH} IN ({hashes})"
        run(self.connection, f"CREATE OR REPLACE TEMP TABLE apart AS ({doubtful}){again}")
        run(
            self.connection,
            "CREATE OR REPLACE TEMP VIEW others AS SELECT * FROM numbered ANTI JOIN apart USING (row)",
        )

    def _write(self, lines: Lines, rejected: Sequence[int]) -> Paths:
        placed = self._placed(lines, rejected)
        kept = f"SELECT numbered.* EXCLUDE (row), line AS row FROM numbered JOIN {placed} USING (row) ORDER BY line"
        diverse = metadata_is_diverse(self.connection, [self.scan])
        sums = self._statement("sums-parsed-first" if diverse else "sums")
        return {
            "rows": copied(self.connection, kept, self.scratch),
            "sums": copied(self.connection, sums, self.scratch),
        }

    def _placed(self, lines: Lines, rejected: Sequence[int]) -> str:
        """Return SQL for a table of the rows that are kept and the lines that they are on."""
        import pyarrow as pa
        from pyarrow import parquet

        rows = np.sort(fetch(self.connection, "SELECT row FROM apart")["row"]).astype(np.int64)
        target = _fresh(self.scratch)
        columns = [_column(each) for each in (rows, self._lines(lines, rows, rejected))]
        parquet.write_table(pa.Table.from_arrays(columns, names=["row", "line"]), target)
        return f"read_parquet({literal(str(target))})"

    def _statement(self, asked: Asked) -> str:
        numbered = table_of(self.connection, "numbered")
        return statement(_asked(asked, numbered, ibis.table(numbered.schema(), name="others"), self.names))

    def _lines(self, lines: Lines, rows: Any, rejected: Sequence[int]) -> Any:
        return lines.placed(rows + (self.scan.first_row - 1), rejected)

    def _columns(self) -> tuple[tuple[str, str], ...]:
        found = fetch(self.connection, "DESCRIBE SELECT * EXCLUDE (row) FROM numbered")
        return tuple(zip(found["column_name"].tolist(), found["column_type"].tolist(), strict=True))

    def _first_rows(self, lines: Lines, rejected: Sequence[int]) -> dict[date, int]:
        found = fetch(self.connection, self._statement("first-rows"))
        placed = self._lines(lines, found["row"].astype(np.int64), rejected).tolist()
        return dict(zip(found["day"].astype("datetime64[D]").tolist(), placed, strict=True))


def _column(values: npt.NDArray[np.int64]) -> Any:
    """Return numbers as Arrow has them, which in its usual way would take the time to load pandas."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


Asked = Literal["doubtful", "sums", "sums-parsed-first", "first-rows"]


@remembered
def _asked(asked: Asked, numbered: Table, others: Table, names: Names) -> Table:
    if asked == "doubtful":
        events = events_of([numbered], wide=True)
        return events.filter(_may_be_doubtful(events)).select("row")
    events = events_of([others])
    if asked == "first-rows":
        return events.group_by("day").agg(row=events["row"].min()).order_by("row")
    return daily_sums(events, names, parse_first=asked == "sums-parsed-first").order_by("day", "wallet")


def _may_be_doubtful(events: Table) -> BooleanValue:
    """Say of each event whether anything but its day could ever make one say something of it."""
    doubts = (
        events.day.isnull(),
        is_blank(events.team_id),
        events.id.isnull(),
        (events.cost < 0) & (events.input_tokens + events.output_tokens > 0),
        events.unread_tokens,
        events.cost.abs() >= LARGE_COST,
        is_undecided(events),
        *((events.avoided.abs() >= LARGE_COST,) if "avoided" in events.columns else ()),
    )
    doubtful: BooleanValue = doubts[0]
    for each in doubts[1:]:
        doubtful |= each.fill_null(False)
    return doubtful
