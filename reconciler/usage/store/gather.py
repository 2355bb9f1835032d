"""Bring the units of all exports together: known ones from the store, others made, and those that meet read again.

A hash of an id that two exports share must have its rows kept in both. So a new export is compared with all others
before its rows are parted, and where it repeats or corrects an event that another knows by its sums alone, that other
is read once more. Rows that are kept already need no reading, whatever comes later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from reconciler.findings import UsageError
from reconciler.usage.engine import in_our_words
from reconciler.usage.files import ExportFile
from reconciler.usage.parts import refuse_parts
from reconciler.usage.proposals import with_proposals
from reconciler.usage.scans import make_scans
from reconciler.usage.store.making import Workshop
from reconciler.usage.store.mark import mark_of
from reconciler.usage.store.meets import Paths, meeting
from reconciler.usage.store.place import DamagedError, Place
from reconciler.usage.store.reading import StoredExport
from reconciler.usage.store.unit import Kind, Unit
from reconciler.usage.unpack import PlainFile, unpack

T = TypeVar("T")

_READ: tuple[Kind, ...] = ("rows", "sums")
_COMPARED: tuple[Kind, ...] = ("ids",)
"""What is taken out of the store only where there is something new to compare with."""

_AT_ONCE = 8
"""Files that are taken out of the store at a time, most of which is waiting."""


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
        self.numbers = {key: number for number, key in enumerate(self.keys)}
        self.teams = teams
        self.plain: dict[str, PlainFile] = {}
        self.found = Gathered()

    def gather(self) -> Gathered:
        """Return the units of all exports. Raises what `read_usage` does."""
        self._restore([key for key in self.keys if key in self.known], _READ)
        if len(self.found.units) < len(self.keys) or self._turned(whole=any(self._breaks().values())):
            self._restore(list(self.found.units), _COMPARED)
        new = [key for key in self.keys if key not in self.found.units]
        for key in new:
            self._unpacked(key)
        refuse_parts(file.part for file in self.files() if file.part is not None)
        self._refuse_missing_columns(new)
        self._make(new)
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
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for key, paths in zip(keys, pool.map(lambda key: self._fetched(key, kinds), keys), strict=True):
                unit, others = self.found.units.pop(key, (self.known[key], {}))
                if paths is None:
                    self.found.lost.add(key)
                else:
                    self.found.units[key] = unit, {**others, **paths}

    def _fetched(self, key: str, kinds: Sequence[Kind]) -> Paths | None:
        files = self.known[key].files
        paths = {kind: self.shop.scratch / f"{kind}-{self.numbers[key]}" for kind in kinds if kind in files}
        try:
            for kind, path in paths.items():
                self.store.fetch(files[kind], path)
        except DamagedError:
            return None
        return paths

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
        """Make the units of new exports, and those of others again that need it.

        Whether rows are read whole depends on all of them, as in any reading.
        """
        breaks = self._breaks() | {key: self._worked(key, self.shop.breaks) for key in new}
        whole = any(breaks.values())
        fresh = [*new, *self._turned(whole=whole)]
        ids = {key: paths["ids"] for key, (_, paths) in self.found.units.items() if "ids" in paths}
        hashed = {key: self._worked(key, partial(self.shop.ids, whole_rows=whole)) for key in fresh}
        ids |= {key: path for key, path in hashed.items() if path is not None}
        held = self._held(ids, fresh)
        for key in sorted({*fresh, *held}, key=self.numbers.__getitem__):
            make = partial(self.shop.make, whole_rows=whole, ids=ids.get(key), held=held.get(key))
            unit, paths = self._worked(key, make)
            octets = self.marks[self.keys[key]].octets
            self.found.units[key] = unit.model_copy(update={"octets": octets, "breaks": breaks[key]}), paths
            self.found.made.add(key)
        self.found.again |= self.found.made & set(self.known)

    def _breaks(self) -> dict[str, bool]:
        return {key: unit.breaks for key, (unit, _) in self.found.units.items()}

    def _turned(self, *, whole: bool) -> list[str]:
        """Return the known exports that were read in the other way, where that makes a difference."""
        return [key for key, (unit, _) in self.found.units.items() if not unit.is_text and unit.whole_rows != whole]

    def _held(self, ids: Mapping[str, Path], fresh: Sequence[str]) -> dict[str, Path]:
        rows = {key: paths["rows"] for key, (_, paths) in self.found.units.items() if key not in fresh and paths}
        with in_our_words({}):
            return self.shop.within(lambda each: meeting(each, ids, fresh, rows, self.shop.scratch))

    def _worked(self, key: str, work: Callable[[PlainFile], T]) -> T:
        """Return what `work` makes of an export, with what goes wrong in our words."""
        file = self._unpacked(key)
        with in_our_words({file.path: file.name}):
            return work(file)
