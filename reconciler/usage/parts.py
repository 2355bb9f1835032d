"""Envelopes that say how much there is: one page of an export is never taken for all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from reconciler.findings import UsageError
from reconciler.model.paging import Paging, Said, read_paging

_HINT = "export again as CSV, or name the files of all pages: together they must hold as many as is said"


@dataclass(frozen=True, slots=True)
class Part:
    """One page of an export: it holds `listed` events of as many as `total` says."""

    name: str
    total: Said
    listed: int


def part_of(name: str, envelope: Mapping[str, Any], events: Path) -> Part | None:
    """Return which part of an export a file is whose `envelope` stands around the list in `events`; None when whole.

    Raises UsageError when the envelope says that there is more, and not how much, or when its counts contradict it.
    """
    try:
        paging = read_paging(envelope)
    except ValueError as error:
        raise _refused(name, str(error)) from None
    if paging == Paging():
        return None
    listed = _count(events)
    total = paging.total or paging.count
    if total is not None and total.number < listed:
        raise _refused(name, f"`{total.name}` says {total.number:,} and it holds {listed:,} events")
    if total is not None and total.number > listed:
        return Part(name, total, listed)
    if paging.total is None and (more := _more(paging, listed)):
        raise _refused(name, more)
    return None


def refuse_parts(parts: Iterable[Part]) -> None:
    """Raise UsageError unless the parts of each export are together as many events as is said."""
    exports: dict[int, list[Part]] = defaultdict(list)
    for part in parts:
        exports[part.total.number].append(part)
    for total, pages in exports.items():
        listed = sum(page.listed for page in pages)
        if listed == total:
            continue
        first = pages[0]
        others = f"; with {len(pages) - 1} more of that export there are {listed:,}" if len(pages) > 1 else ""
        said = f"`{first.total.name}` says {total:,} and it holds {first.listed:,} events{others}"
        raise _refused(first.name, said)


def _more(paging: Paging, listed: int) -> str:
    """Return what says that there is more, in words; empty when nothing does."""
    if paging.more:
        return f"`{paging.more}` says that there is more"
    if paging.next is not None or paging.next_page is not None or paging.next_offset is not None:
        return "it names a next page"
    if paging.pages is not None and paging.pages.number > 1:
        return f"`{paging.pages.name}` says {paging.pages.number:,}, and it is one of them"
    if paging.size is not None and paging.size.number == listed and not paging.ends:
        return (
            f"it holds exactly as many events as `{paging.size.name}` allows, and does not say whether there are more"
        )
    return ""


def _refused(name: str, why: str) -> UsageError:
    return UsageError(f"{name}: it is not a whole export: {why}; nothing of it was used", hint=_HINT)


def _count(events: Path) -> int:
    with duckdb.connect() as engine:
        found = engine.execute("SELECT count(*) FROM read_json_objects(?, format = 'array')", [str(events)]).fetchone()
    return int(found[0]) if found else 0
