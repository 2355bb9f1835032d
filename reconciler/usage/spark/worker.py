"""What a worker of Spark does: read whole exports with the reader of one machine, and hand on typed events.

What a row says is found out by the one reader that there is, so that both engines leave out the same rows, read the
same amounts and place a finding at the same line (decision 0118). What rows are to each other is Spark's part.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table, Value

from reconciler.findings import UnreachableError, UsageError
from reconciler.forecast.windows import Days
from reconciler.model.usage import RowIssue
from reconciler.usage.columns import MissingColumnsError
from reconciler.usage.daily import interpreted
from reconciler.usage.doubts import doubtful_rows
from reconciler.usage.engine import connect, in_our_words, run, table_of
from reconciler.usage.events import WIDE_COST, events_of, text
from reconciler.usage.files import ExportFile
from reconciler.usage.lines import Book
from reconciler.usage.rejects import holds_broken_text, rejected_rows
from reconciler.usage.remembered import remembered, statement
from reconciler.usage.scans import Scan, make_exact, make_scans
from reconciler.usage.spark.facts import Facts, Failure, Step
from reconciler.usage.unpack import PlainFile, hold_nothing, remarks, unpack
from reconciler.version import __version__

FILES = "number int, name string, location string, remote boolean"
"""The table of exports that workers are given."""

EVENTS = pa.schema(
    {
        "file": pa.string(),
        "export": pa.int32(),
        "id": pa.string(),
        "written_id": pa.string(),
        "gateway_id": pa.string(),
        "at": pa.timestamp("us"),
        "day": pa.date32(),
        "cost": pa.decimal128(38, 9),
        "avoided": pa.decimal128(38, 9),
        "input_tokens": pa.int64(),
        "output_tokens": pa.int64(),
        "unread_tokens": pa.bool_(),
        "cache_hit": pa.bool_(),
        "team_id": pa.string(),
        "provider": pa.string(),
        "model": pa.string(),
        "workload": pa.string(),
        "lane": pa.string(),
        "fallback": pa.string(),
        "decision": pa.string(),
        "note": pa.string(),
    }
)
"""The typed events of `events_of`, with what is inside of `metadata` taken out of it.

`file` is the export's key; `written_id` is the text of an id that is none; `note`, in the last row of an export, are
its facts, and that row is no event.
"""

_ROWS_AT_ONCE = 50_000


def key_of(number: int) -> str:
    """Return the key of an export; keys are in the order of names."""
    return f"{number:09}"


@dataclass(frozen=True, slots=True)
class Order:
    """What workers are told. With `doubts` they look for rows in doubt instead of handing on events.

    `folder` is where they unpack exports, where this machine is theirs as well; else where their own says.
    """

    names: Mapping[str, Sequence[str]]
    window: Days
    month: Days
    memory_limit: str
    whole_rows: bool = False
    doubts: bool = False
    folder: str | None = None


def work(batches: Iterable[pa.RecordBatch], order: Order) -> Iterator[pa.RecordBatch]:
    """Read the exports that `batches` of `FILES` name, and yield batches of `EVENTS`."""
    for batch in batches:
        for row in batch.to_pylist():
            file = ExportFile(row["name"], row["location"], row["remote"])
            folder = tempfile.TemporaryDirectory(prefix="kt-budgets-", dir=order.folder, ignore_cleanup_errors=True)
            with folder as scratch:
                yield from _Export(row["number"], file, order, Path(scratch)).batches()


class _Export:
    """One export, and what is found out about it on the way."""

    def __init__(self, number: int, file: ExportFile, order: Order, scratch: Path) -> None:
        self.number = number
        self.file = file
        self.order = order
        self.scratch = scratch
        self.facts = Facts(number, __version__)

    def batches(self) -> Iterator[pa.RecordBatch]:
        try:
            plain = self._unpacked()
        except (UsageError, UnreachableError) as error:
            yield self._noted(failure=_failure(Step.UNPACK, error))
            return
        self._note(part=plain.part, remarks=tuple(remarks([plain])), rowless=hold_nothing([plain]))
        connection = connect(self.order.memory_limit, self.scratch / "spill", threads=1)
        try:
            yield from self._scanned(connection, plain)
        finally:
            connection.disconnect()

    def _unpacked(self) -> PlainFile:
        if not self.file.remote and not Path(self.file.location).is_file():
            raise UsageError(
                f"{self.file.name}: a worker of Spark does not find this file; nothing was read",
                hint="name a folder that every worker sees at the same path, or an object-store URL",
            )
        return unpack(self.file, self.scratch)

    def _scanned(self, connection: Backend, plain: PlainFile) -> Iterator[pa.RecordBatch]:
        if self.order.whole_rows:
            run(connection, "SET disabled_optimizers = 'unused_columns'")
        try:
            with in_our_words({plain.path: plain.name}):
                yield from self._read(connection, plain)
        except MissingColumnsError as error:
            self._note(missing=error.missing, found=error.found)
        except duckdb.InternalException:
            if self.order.whole_rows:
                raise
            self._note(broken=True)
        except UsageError as error:
            self._note(failure=_failure(Step.SCAN, error))
        yield self._noted()

    def _read(self, connection: Backend, plain: PlainFile) -> Iterator[pa.RecordBatch]:
        """Yield the events, once as many as can be read, and note what is to be said of the others."""
        scans = self._scans(connection, plain)
        if exact := make_exact(connection, scans, self.scratch):
            plain = exact[plain.path]
            scans = self._scans(connection, plain)
        if not scans:
            return
        self._note(layout=_layout(scans[0], plain), columns=scans[0].columns)
        events = self._events(table_of(connection, scans[0].view))
        if self.order.doubts:
            run(connection, f"CREATE OR REPLACE TEMP TABLE looked_through AS SELECT count(*) FROM ({events})")  # noqa: S608
        else:
            yield from connection.con.execute(events).to_arrow_reader(_ROWS_AT_ONCE).cast(EVENTS)
        self._note(broken=holds_broken_text(connection, scans), issues=tuple(self._issues(connection, scans, plain)))

    def _scans(self, connection: Backend, plain: PlainFile) -> list[Scan]:
        scans = make_scans(connection, [plain], self.order.names, whole_rows=self.order.whole_rows)
        return [scan for scan in scans if scan.files == (plain,)]

    def _events(self, rows: Table) -> str:
        """Return the statement for the events; what takes longest to make is the same for exports that look alike."""
        place = f"'{key_of(self.number)}' AS file, CAST({self.number} AS INTEGER) AS export"
        return f"SELECT {place}, * FROM ({statement(_typed(rows, self.order.names))})"  # noqa: S608

    def _issues(self, connection: Backend, scans: Sequence[Scan], plain: PlainFile) -> Iterator[RowIssue]:
        shown, book = {plain.path: plain.name}, Book({plain.path: plain})
        rejected = rejected_rows(connection, scans, shown, book)
        yield from book.placed(rejected.issues(shown, self.order.month))
        if self.order.doubts:
            window, month = self.order.window, self.order.month
            found = doubtful_rows(connection, scans, shown, rejected.rows, window=window, month=month)
            yield from book.placed(found)

    def _note(self, **facts: Any) -> None:
        self.facts = replace(self.facts, **facts)

    def _noted(self, **facts: Any) -> pa.RecordBatch:
        self._note(**facts)
        row = {"export": self.number, "note": self.facts.json()}
        return pa.RecordBatch.from_pylist([row], schema=EVENTS)


_RAW = ("team_id", "provider", "model", "decision")
"""Attributes that go on as they are written: that they have the same meaning does not make rows alike."""


@remembered
def _typed(rows: Table, names: Mapping[str, Sequence[str]]) -> Table:
    """Return the columns of `EVENTS` behind the place."""
    if "id" in rows.columns:
        rows = rows.mutate(written_id=text(rows.id))
    events = events_of([rows], wide=True)
    raw = {f"raw_{name}": events[name] for name in _RAW if name in events.columns}
    known = interpreted(events.mutate(**raw), names)
    nothing = ibis.null("string")
    made: dict[str, Value] = {
        "written_id": ibis.ifelse(known.id.isnull(), known.written_id, nothing) if "id" in rows.columns else nothing,
        "avoided": known.avoided if "avoided" in known.columns else ibis.literal(0).cast(WIDE_COST),
        "fallback": known.is_fallback.cast("string"),
        "note": nothing,
        **{name: known[f"raw_{name}"] if f"raw_{name}" in raw else nothing for name in _RAW},
    }
    return known.select(**{name: made[name] if name in made else known[name] for name in EVENTS.names[2:]})


def _failure(step: Step, error: UsageError | UnreachableError) -> Failure:
    return Failure(step, error.message, error.hint, isinstance(error, UnreachableError))


def _layout(scan: Scan, plain: PlainFile) -> str:
    """Return a text that is the same for exports of which one view can be made."""
    return f"{plain.format} {scan.sql([])}"
