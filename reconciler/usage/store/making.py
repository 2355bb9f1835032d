"""Make the unit of one export: its rows parted into those of which something may be said and sums of all others."""

# ruff: noqa: S608 (the names and paths in these statements are our own, or quoted by `literal`)
from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import duckdb
from ibis.backends.duckdb import Backend

from reconciler.usage.engine import run
from reconciler.usage.formats import Format
from reconciler.usage.layouts import INEXACT, Names, literal
from reconciler.usage.reading import MORE_MEMORY, Reading
from reconciler.usage.rejects import holds_broken_text
from reconciler.usage.repeats import HASH
from reconciler.usage.scans import Scan, make_exact, make_scans
from reconciler.usage.store.meets import Paths
from reconciler.usage.store.parting import Parting, copied, count
from reconciler.usage.store.unit import StoredPart, Unit
from reconciler.usage.unpack import PlainFile

T = TypeVar("T")

_CHUNK = 1 << 20
_ANY_DAYS = (date(2000, 1, 1), date(2000, 1, 2))


@dataclass(frozen=True, slots=True)
class Workshop:
    """What units are made with: engines, names of columns, and a folder for their files."""

    connect: Callable[[], Backend]
    names: Names
    scratch: Path

    def within(self, work: Callable[[Backend], T], *, whole_rows: bool = False) -> T:
        """Return what `work` makes with an engine of its own, and with more memory where the usual is not enough."""
        try:
            with self._connection(whole_rows) as connection:
                return work(connection)
        except duckdb.OutOfMemoryException:
            with self._connection(whole_rows) as connection:
                run(connection, f"SET memory_limit = '{MORE_MEMORY}'")
                return work(connection)

    def make(self, file: PlainFile, *, whole_rows: bool, ids: Path | None, held: Path | None) -> tuple[Unit, Paths]:
        """Return the unit of an export and where its files are, of which `ids` is there already.

        `held` is a file with the hashes of ids whose rows are kept. Raises what the engine raises, and UsageError where
        the export cannot be read whole.
        """
        unit, paths = self.within(lambda each: self._made(each, file, whole_rows, held), whole_rows=whole_rows)
        return unit, {**paths, "ids": ids} if ids else paths

    def ids(self, file: PlainFile, *, whole_rows: bool) -> Path | None:
        """Return a file with the hashes of all ids of an export in their order, None where it has none."""
        return self.within(
            lambda each: _hashes(each, file, self.names, self.scratch, whole_rows), whole_rows=whole_rows
        )

    def breaks(self, file: PlainFile) -> bool:
        """Return whether this file can be read in whole rows only: bytes of it are not UTF-8 where it matters."""
        if is_text(file):
            return False
        reading = Reading(self.connect, [file], self.names, self.scratch, lambda _: None, _ANY_DAYS)
        try:
            reading.add_up()
        finally:
            reading.connection.disconnect()
        return reading.whole_rows or self.within(lambda each: _breaks(each, file, self.names, self.scratch))

    def _made(self, connection: Backend, file: PlainFile, whole_rows: bool, held: Path | None) -> tuple[Unit, Paths]:
        plain = Unit(
            empty=file.format is Format.EMPTY,
            packed=file.packed,
            rowless=file.rowless,
            part=StoredPart(key=file.part.total.name, total=file.part.total.number, listed=file.part.listed)
            if file.part
            else None,
            is_text=is_text(file),
            whole_rows=whole_rows,
        )
        found = _numbered(connection, file, self.names, self.scratch, whole_rows=whole_rows)
        if found is None:
            return plain, {}
        return Parting(connection, found, self.names, self.scratch).unit(plain, held)

    @contextmanager
    def _connection(self, whole_rows: bool) -> Iterator[Backend]:
        connection = self.connect()
        try:
            if whole_rows:
                run(connection, "SET disabled_optimizers = 'unused_columns'")
            yield connection
        finally:
            connection.disconnect()


def _breaks(connection: Backend, file: PlainFile, names: Names, scratch: Path) -> bool:
    try:
        found = _numbered(connection, file, names, scratch, whole_rows=False)
    except duckdb.InternalException:
        return True
    return found is not None and holds_broken_text(connection, [found])


def _hashes(connection: Backend, file: PlainFile, names: Names, scratch: Path, whole_rows: bool) -> Path | None:
    (scan,) = make_scans(connection, [file], names, whole_rows=whole_rows)
    if scan.files[0].path != file.path or "id" not in scan.columns:
        return None
    return copied(connection, f"SELECT {HASH} AS h FROM {scan.view} ORDER BY h", scratch)


def is_text(file: PlainFile) -> bool:
    """Whether a CSV file is UTF-8 throughout, in columns too that are not read; others are not read in whole rows."""
    if file.format is not Format.CSV:
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with Path(file.path).open("rb") as source:
            while chunk := source.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _numbered(connection: Backend, file: PlainFile, names: Names, scratch: Path, *, whole_rows: bool) -> Scan | None:
    """Create `numbered`, all rows of a file and their numbers; return the scan, None for no rows at all.

    It is a view where the engine numbers rows as fast as it reads them, else a table.
    """
    (scan,) = make_scans(connection, [file], names, whole_rows=whole_rows)
    if scan.files[0].path != file.path:
        return None
    kind = "VIEW" if scan.numbered else "TABLE"
    rows = f"SELECT * EXCLUDE (file) FROM ({scan.rows_of(file.path)})"
    run(connection, "SET preserve_insertion_order = true")
    run(connection, f"CREATE OR REPLACE TEMP {kind} numbered AS {rows}")
    run(connection, "SET preserve_insertion_order = false")
    if scan.is_json and count(connection, f"numbered WHERE cost = {literal(INEXACT)}"):
        exact = make_exact(connection, [scan], scratch)[file.path]
        return _numbered(connection, exact, names, scratch, whole_rows=whole_rows)
    return scan
