"""A reading with a store: what of it is used, what is put into it, and what is said about that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

import duckdb
from ibis.backends.duckdb import Backend

from reconciler.findings import UsageError
from reconciler.forecast.windows import Days
from reconciler.model.usage import DailyUsage
from reconciler.usage.columns import currency_of
from reconciler.usage.files import ExportFiles, shown
from reconciler.usage.layouts import Names
from reconciler.usage.reading import Progress
from reconciler.usage.store.gather import Gathered, Gathering
from reconciler.usage.store.making import Workshop
from reconciler.usage.store.place import DamagedError, Place, place_of
from reconciler.usage.store.reading import StoredReading
from reconciler.usage.store.unit import Manifest, Unit
from reconciler.usage.store.use import StoreUse
from reconciler.usage.unpack import remarks
from reconciler.version import __version__


@dataclass(frozen=True, slots=True)
class Store:
    """A store in `place`, a folder or the URL of a prefix; `used` is told of each use of it."""

    place: str
    used: Callable[[StoreUse], None]

    def read(
        self,
        found: ExportFiles,
        connect: Callable[[], Backend],
        names: Names,
        scratch: Path,
        say: Progress,
        window: Days,
        known: Collection[str],
    ) -> DailyUsage:
        """Return the usage of exports, of which only those are read that the store does not know as they are."""
        place, shop = self._place(), Workshop(connect, names, scratch)
        made_by = _made_by(names)
        units, trouble = self._known(place, made_by)
        say("comparing exports with the store")
        gathering = Gathering(shop, place, units, found.files, sorted(known))
        gathered = gathering.gather()
        lost = len(gathered.lost)
        if lost:
            trouble = (
                f"what it held of {lost:,} exports is gone or not what was written there, so these were read again"
            )
        trouble = _kept(place, gathering, gathered, Manifest(made_by=made_by, units=units)) or trouble
        octets = sum(gathered.units[key][0].octets for key in gathered.made)
        read, again = len(gathered.made), len(gathered.again - gathered.lost)
        self.used(StoreUse(len(found.files), read, octets, again, trouble))
        reading = StoredReading(connect, gathering.exports(), names, scratch, say, window)
        try:
            return reading.usage(known, (*found.issues, *remarks(reading.files)))
        finally:
            reading.connection.disconnect()

    def _place(self) -> Place:
        try:
            return place_of(self.place)
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> UsageError:
        return UsageError(
            f"the usage store {shown(self.place)} cannot be read ({error.strerror})",
            hint="name with `--usage-store` a folder or a prefix that can be read and written, or leave it out",
        )

    def _known(self, place: Place, made_by: dict[str, str]) -> tuple[dict[str, Unit], str]:
        """Return the units that can be used, and why there are none although there is a store."""
        try:
            manifest = place.manifest()
        except DamagedError:
            return {}, "its list is cut or was changed by something else, so all exports were read again"
        except OSError as error:
            raise self._unreadable(error) from error
        if manifest is None:
            return {}, ""
        differs = [what for key, what in _MADE_BY.items() if manifest.made_by.get(key) != made_by[key]]
        if differs:
            told = differs[:1] if manifest.made_by.get("program") != made_by["program"] else differs
            return {}, f"it was made with {' and '.join(told)}, so all exports were read again"
        return dict(manifest.units), ""


_MADE_BY = {
    "program": "another version of kt-budgets",
    "engine": "another version of DuckDB",
    "columns": "other `usage: columns:` in org.yaml",
    "currency": "another `currency` in org.yaml",
}


def _made_by(names: Names) -> dict[str, str]:
    columns = json.dumps({name: list(each) for name, each in names.items()})
    program = f"{__version__} {_sources()}"
    return {"program": program, "engine": duckdb.__version__, "columns": columns, "currency": currency_of(names)}


def _sources() -> str:
    """Return a digest of the code that reads exports, which is more than a version tells while it is worked on."""
    hashed = hashlib.sha256()
    for file in sorted(Path(str(resources("reconciler.usage"))).rglob("*.py")):
        hashed.update(file.read_bytes())
    return hashed.hexdigest()[:16]


def _kept(place: Place, gathering: Gathering, gathered: Gathered, before: Manifest) -> str:
    """Publish the units, unless they are those of `before`; return why that was not possible, "" when it was."""
    units = {}
    try:
        for key, (unit, paths) in gathered.units.items():
            if not gathering.marks[gathering.keys[key]].content:
                continue
            made = key in gathered.made
            files = {kind: place.keep(path) for kind, path in paths.items()} if made else unit.files
            units[key] = unit.model_copy(update={"files": files})
        if units != before.units:
            place.publish(Manifest(made_by=before.made_by, units=units))
            place.forget({digest for unit in units.values() for digest in unit.files.values()})
    except OSError as error:
        return f"it cannot be written ({error.strerror}), so the next run will read as much again"
    return ""
