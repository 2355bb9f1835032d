"""Which of two exports is the later one: told by the date in its name, else by how far its events reach.

The times that a file system keeps are no evidence: a copy, a checkout or a download changes them, and the same exports
would give other figures on another machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import ibis
from ibis.backends.duckdb import Backend

from reconciler.usage.engine import fetch
from reconciler.usage.events import events_of
from reconciler.usage.scans import Scan

_WRITTEN = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?:[T_. -]?([01]\d|2[0-3])[-_.:h]?([0-5]\d)(?:[-_.:m]?([0-5]\d))?)?(?!\d)"
)


def moment_in(name: str) -> str:
    """Return the last date, with its time of day if it has one, in the name of a file or folder; "" without one."""
    moments = [_moment(*found.groups()) for found in _WRITTEN.finditer(name)]
    return next((moment for moment in reversed(moments) if moment), "")


def _moment(year: str, month: str, day: str, *time: str | None) -> str:
    written = f"{year}-{month}-{day}T{':'.join(part or '00' for part in time)}"
    try:
        return datetime.fromisoformat(written).isoformat()
    except ValueError:
        return ""


def recency(connection: Backend, scans: Sequence[Scan], names: Mapping[str, str], *, end: date) -> dict[str, int]:
    """Return a number for each scanned file, larger for a later export, equal where that cannot be told.

    Dates in names count when every file has one; the moment of the last event, up to the day `end`, counts between
    those of one date, and where a name has none.
    """
    paths = [file.path for scan in scans for file in scan.files]
    written = {path: moment_in(names[path]) for path in paths}
    if not all(written.values()):
        written = dict.fromkeys(paths, "")
    reach = {} if len(set(written.values())) == len(paths) else _reach(connection, scans, end)
    order = {path: (written[path], reach.get(path, "")) for path in paths}
    places = {key: place for place, key in enumerate(sorted(set(order.values())))}
    return {path: places[key] for path, key in order.items()}


def _reach(connection: Backend, scans: Sequence[Scan], end: date) -> dict[str, str]:
    """Return the moment of the last event of each file, those after the day `end` left out: a clock may be wrong."""
    events = events_of([connection.table(scan.view) for scan in scans])
    events = events.filter(events.day <= ibis.literal(end))
    found = fetch(connection, events.group_by("file").agg(latest=events["at"].max()))
    moments = found["latest"].astype("datetime64[us]").astype(str).tolist()
    return dict(zip(found["file"].tolist(), moments, strict=True))
