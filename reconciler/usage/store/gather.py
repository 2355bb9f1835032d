"""Bring the units of all exports together: known ones from the store, others made, and those that meet read again.

A hash of an id that two exports share must have its rows kept in both. So a new export is compared with all others,
and where it repeats or corrects an event that another knows by its sums alone, that other is read once more. Rows that
are kept already need no reading, whatever comes later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.findings import UsageError
from reconciler.usage.engine import in_our_words
from reconciler.usage.files import ExportFile
from reconciler.usage.parts import refuse_parts
from reconciler.usage.proposals import with_proposals
from reconciler.usage.scans import make_scans
from reconciler.usage.store.making import BrokenTextError, Workshop
from reconciler.usage.store.mark import mark_of
from reconciler.usage.store.meets import Paths, needed
from reconciler.usage.store.place import DamagedError, Place
from reconciler.usage.store.reading import StoredExport
from reconciler.usage.store.unit import Kind, Unit
from reconciler.usage.unpack import PlainFile, unpack

_READ: tuple[Kind, ...] = ("rows", "sums")
_COMPARED: tuple[Kind, ...] = ("ids",)
"""What is taken out of the store only where there is something new to compare with."""


@dataclass(slots=True)
class Gathered:
    """The units of all exports, by key: `made` are those of now, `again` those of them that were known.

    `lost` are known ones of which files are gone or damaged.
    """

    units: dict[str, tuple[Unit, Paths]] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)


class Gathering:
    """One gathering of units."""

    def __init__(
        self, shop: Workshop, store: Place, known: dict[str, Unit], files: Sequence[ExportFile], teams: Sequence[str]
    ) -> None:
        self.shop = shop
        self.store = store
        self.known = known
        self.marks = {file: mark_of(file) for file in files}
        self.keys: dict[str, ExportFile] = {}
        for file, mark in self.marks.items():
            key = f"{file.name} {mark.content}"
            self.keys[f"{key} {len(self.keys)}" if key in self.keys else key] = file
        self.teams = teams
        self.plain: dict[str, PlainFile] = {}
        self.found = Gathered()

    def gather(self) -> Gathered:
        """Return the units of all exports. Raises what `read_usage` does."""
        self._restore([key for key in self.keys if key in self.known], _READ)
        if len(self.found.units) < len(self.keys):
            self._restore(list(self.found.units), _COMPARED)
        new = [key for key in self.keys if key not in self.found.units]
        for key in new:
            self._unpacked(key)
        refuse_parts(file.part for file in self.files() if file.part is not None)
        self._refuse_missing_columns(new)
        self._make(new)
        self._compare(new)
        return self.found

    def exports(self) -> list[StoredExport]:
        return [StoredExport(self.keys[key].name, *self.found.units[key]) for key in self.keys]

    def files(self) -> list[PlainFile]:
        """Return all exports as files, those that are known as they will be scanned."""
        units = self.found.units
        return [
            self.plain[key] if key in self.plain else StoredExport(file.name, *units[key]).file(number)
            for number, (key, file) in enumerate(self.keys.items())
        ]

    def _restore(self, keys: Sequence[str], kinds: Sequence[Kind]) -> None:
        """Take files of known units out of the store. A unit of which not all is there, as it was, is lost."""
        for key in keys:
            unit, paths = self.known[key], dict(self.found.units.pop(key, (None, {}))[1])
            try:
                for kind in kinds if unit.files else ():
                    paths[kind] = self.shop.scratch / f"kept-{sum(1 for _ in self.shop.scratch.iterdir())}"
                    self.store.fetch(unit.files[kind], paths[kind])
            except (DamagedError, KeyError):
                self.found.lost.add(key)
            else:
                self.found.units[key] = unit, paths

    def _unpacked(self, key: str) -> PlainFile:
        if key not in self.plain:
            file, mark = self.keys[key], self.marks[self.keys[key]]
            self.plain[key] = unpack(file, self.shop.scratch)
            if mark.content and mark_of(file) != mark:
                raise UsageError(
                    f"{file.name}: it was changed while it was read, so nothing of it was used", hint="run it again"
                )
        return self.plain[key]

    def _refuse_missing_columns(self, new: Sequence[str]) -> None:
        files, names = [self.plain[key] for key in new], self.shop.names
        connection = self.shop.connect()
        try:
            shown = {file.path: file.name for file in files}
            with in_our_words(shown), with_proposals(connection, files, names, self.teams):
                make_scans(connection, files, names)
        finally:
            connection.disconnect()

    def _make(self, new: Sequence[str]) -> None:
        """Make the units of new exports. Whether rows are read whole depends on all of them, as in any reading."""
        whole = any(unit.breaks for unit, _ in self.found.units.values())
        for key in new:
            self.found.units[key] = self._made(key, whole_rows=whole)
            whole = whole or self.found.units[key][0].breaks
        for key, (unit, _) in list(self.found.units.items()):
            if not unit.is_text and unit.whole_rows != whole:
                self.found.units[key] = self._made(key, whole_rows=whole)

    def _made(self, key: str, *, whole_rows: bool, held: Path | None = None) -> tuple[Unit, Paths]:
        file, octets = self._unpacked(key), self.marks[self.keys[key]].octets
        self.found.made.add(key)
        if key in self.known:
            self.found.again.add(key)
        with in_our_words({file.path: file.name}):
            breaks = self.shop.breaks(file)
            try:
                unit, paths = self.shop.make(file, octets, whole_rows=whole_rows or breaks, held=held)
            except BrokenTextError:
                breaks = True
                unit, paths = self.shop.make(file, octets, whole_rows=True, held=held)
        return unit.model_copy(update={"breaks": breaks}), paths

    def _compare(self, new: Sequence[str]) -> None:
        connection = self.shop.connect()
        try:
            meeting = needed(connection, self.found.units, new, self.shop.scratch)
        finally:
            connection.disconnect()
        for key, held in meeting.items():
            self.found.units[key] = self._made(key, whole_rows=self.found.units[key][0].whole_rows, held=held)
