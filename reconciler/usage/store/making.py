"""Make the unit of one export: its rows parted into those of which something may be said and sums of all others."""

# ruff: noqa: S608 (the names and paths in these statements are our own, or quoted by `literal`)
from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from ibis.backends.duckdb import Backend

from reconciler.usage.engine import run
from reconciler.usage.formats import Format
from reconciler.usage.layouts import INEXACT, Names, literal
from reconciler.usage.reading import MORE_MEMORY, Reading
from reconciler.usage.rejects import holds_broken_text
from reconciler.usage.scans import Scan, make_exact, make_scans
from reconciler.usage.store.meets import Paths
from reconciler.usage.store.parting import Parting, count
from reconciler.usage.store.unit import StoredPart, Unit
from reconciler.usage.unpack import PlainFile

_CHUNK = 1 << 20
_ANY_DAYS = (date(2000, 1, 1), date(2000, 1, 2))


class BrokenTextError(Exception):
    """Bytes of a file are not UTF-8 where it matters, so it can be read in whole rows only."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What units are made with: engines, names of columns, and a folder for their files."""

    connect: Callable[[], Backend]
    names: Names
    scratch: Path

    def make(self, file: PlainFile, octets: int, *, whole_rows: bool, held: Path | None = None) -> tuple[Unit, Paths]:
        """Return the unit of an export and where its files are.

        `held` is a file with the hashes of ids whose rows are kept. Raises what the engine raises, UsageError where the
        export cannot be read whole, and BrokenTextError unless `whole_rows`.
        """
        try:
            return self._made(file, octets, whole_rows, held)
        except duckdb.OutOfMemoryException:
            return self._made(file, octets, whole_rows, held, memory=MORE_MEMORY)
        except duckdb.InternalException as error:
            if whole_rows:
                raise
            raise BrokenTextError from error

    def breaks(self, file: PlainFile) -> bool:
        """Return whether a reading of this file alone would turn to whole rows."""
        if is_text(file):
            return False
        reading = Reading(self.connect, [file], self.names, self.scratch, lambda _: None, _ANY_DAYS)
        try:
            reading.add_up()
        finally:
            reading.connection.disconnect()
        return reading.whole_rows

    def _made(
        self, file: PlainFile, octets: int, whole_rows: bool, held: Path | None, memory: str = ""
    ) -> tuple[Unit, Paths]:
        plain = Unit(
            octets=octets,
            empty=file.format is Format.EMPTY,
            packed=file.packed,
            rowless=file.rowless,
            part=StoredPart(key=file.part.total.name, total=file.part.total.number, listed=file.part.listed)
            if file.part
            else None,
            is_text=is_text(file),
            whole_rows=whole_rows,
        )
        with self._connection(memory, whole_rows) as connection:
            found = _numbered(connection, file, self.names, self.scratch, whole_rows=whole_rows)
            if found is None:
                return plain, {}
            if not whole_rows and holds_broken_text(connection, [found]):
                raise BrokenTextError
            parting = Parting(connection, found, self.names, self.scratch)
            return parting.unit(plain, held)

    @contextmanager
    def _connection(self, memory: str, whole_rows: bool) -> Iterator[Backend]:
        connection = self.connect()
        try:
            if memory:
                run(connection, f"SET memory_limit = '{memory}'")
            if whole_rows:
                run(connection, "SET disabled_optimizers = 'unused_columns'")
            yield connection
        finally:
            connection.disconnect()


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
    """Create the table `numbered` of all rows of a file and their numbers; return the scan, None for no rows at all."""
    (scan,) = make_scans(connection, [file], names, whole_rows=whole_rows)
    if scan.files[0].path != file.path:
        return None
    run(connection, "SET preserve_insertion_order = true")
    run(
        connection, f"CREATE OR REPLACE TEMP TABLE numbered AS SELECT * EXCLUDE (file) FROM ({scan.rows_of(file.path)})"
    )
    run(connection, "SET preserve_insertion_order = false")
    if scan.is_json and count(connection, f"numbered WHERE cost = {literal(INEXACT)}"):
        exact = make_exact(connection, [scan], scratch)[file.path]
        return _numbered(connection, exact, names, scratch, whole_rows=whole_rows)
    return scan
