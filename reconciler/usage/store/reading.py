"""The reading of exports of which a store keeps units: what is kept of them stands in for the exports themselves."""

# ruff: noqa: S608 (the names and paths in these statements are our own, or quoted by `literal` and `quoted`)
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ibis.backends.duckdb import Backend

from reconciler.forecast.windows import Days
from reconciler.model.paging import Said
from reconciler.model.usage import RowIssue
from reconciler.usage.engine import run
from reconciler.usage.formats import Format
from reconciler.usage.kept import VIEW, Kept
from reconciler.usage.layouts import Names, literal, quoted, unmagic
from reconciler.usage.lines import Book
from reconciler.usage.parts import Part
from reconciler.usage.proposals import ID_NOT_MAPPED
from reconciler.usage.reading import Progress, Reading
from reconciler.usage.rejects import Reject, Rejected
from reconciler.usage.scans import Scan, nothing
from reconciler.usage.store.meets import Paths
from reconciler.usage.store.unit import Unit
from reconciler.usage.unpack import PlainFile


@dataclass(frozen=True, slots=True)
class StoredExport:
    """An export as people know it, with its unit and where the files of that are."""

    name: str
    unit: Unit
    paths: Paths

    def file(self, number: int) -> PlainFile:
        """Return the file of its rows as one that can be scanned."""
        unit = self.unit
        part = Part(self.name, Said(unit.part.key, unit.part.total), unit.part.listed) if unit.part else None
        return PlainFile(
            self.name,
            str(self.paths.get("rows", f"export {number}")),
            Format.EMPTY if unit.empty else Format.PARQUET,
            part=part,
            packed=unit.packed,
            rowless=unit.rowless,
        )


class StoredReading(Reading):
    """A reading of stored exports. It differs in where rows, rejected rows and sums come from, and in nothing else."""

    def __init__(
        self,
        connect: Callable[[], Backend],
        exports: Sequence[StoredExport],
        names: Names,
        scratch: Path,
        say: Progress,
        window: Days,
    ) -> None:
        self.exports = {export.file(number).path: export for number, export in enumerate(exports)}
        files = [export.file(number) for number, export in enumerate(exports)]
        super().__init__(connect, files, names, scratch, say, window)

    def scan(self) -> list[Scan]:
        """Return the scans over kept rows, and look at sums beside them."""
        alike: dict[tuple[tuple[str, str], ...], list[PlainFile]] = defaultdict(list)
        for file in self.files:
            if columns := self.exports[file.path].unit.columns:
                alike[columns].append(file)
        if not alike:
            return [nothing(self.connection, self.names)]
        self._keep_sums([file.path for files in alike.values() for file in files])
        scans = []
        for number, (columns, files) in enumerate(alike.items()):
            names = tuple(name for name, _ in columns)
            scan = Scan(f"scan_{number}", tuple(files), names, _rows_of(names), numbered=True)
            rows = scan.sql([file.path for file in files])
            run(self.connection, f"CREATE OR REPLACE TEMP VIEW {scan.view} AS SELECT * EXCLUDE (row) FROM ({rows})")
            scans.append(scan)
        return scans

    def _keep_sums(self, paths: Sequence[str]) -> None:
        places = {str(self.exports[path].paths["sums"]): path for path in paths}
        values = ", ".join(f"({literal(sums)}, {literal(path)})" for sums, path in places.items())
        run(self.connection, f"CREATE OR REPLACE TEMP TABLE places AS SELECT * FROM (VALUES {values}) AS t(sums, file)")
        run(
            self.connection,
            f"CREATE OR REPLACE TEMP VIEW {VIEW} AS SELECT places.file, stored.* EXCLUDE (filename) FROM"
            f" read_parquet({_listed(list(places))}, filename = true) AS stored JOIN places ON sums = filename",
        )
        self.kept = Kept(self.connection, {path: self.exports[path].unit.first_rows for path in paths})

    def rejected(self, book: Book) -> Rejected:
        """Return the rows that were left out when the units were made; their numbers are lines already."""
        del book
        rejects: dict[str, list[Reject]] = {}
        for path, export in self.exports.items():
            found = [Reject(each.line, each.code, each.cost, each.day) for each in export.unit.rejects]
            rejects |= {path: found} if found else {}
        ends = {path: export.unit.open_end for path, export in self.exports.items()}
        return Rejected(rejects, {path: amount for path, amount in ends.items() if amount is not None})

    def unmapped(self) -> list[RowIssue]:
        """Return what is said of the first export of each layout whose ids are not read."""
        first: dict[str, StoredExport] = {}
        for export in self.exports.values():
            if export.unit.columns:
                first.setdefault(export.unit.layout, export)
        told = [export for export in first.values() if export.unit.unmapped]
        return [RowIssue(export.name, 0, ID_NOT_MAPPED, export.unit.unmapped) for export in told]


def _rows_of(names: Sequence[str]) -> Callable[[Sequence[str]], str]:
    columns = ", ".join(quoted(name) for name in names)
    return lambda paths: f"SELECT {columns}, filename AS file, row FROM read_parquet({_listed(paths)}, filename = true)"


def _listed(paths: Sequence[str]) -> str:
    return f"[{', '.join(literal(unmagic(path)) for path in paths)}]"
