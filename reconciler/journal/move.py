"""Moving a journal: its records go unchanged to a store that has none, and the file is put aside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from reconciler.clock import Clock
from reconciler.findings import RefusedError
from reconciler.journal.file_store import FileStore
from reconciler.journal.history import history_of, open_runs
from reconciler.journal.journal import Journal
from reconciler.journal.record import Entry, JournalError, Step
from reconciler.journal.store import Anchor, Owner, Store


def move(
    source: FileStore, target: Store, *, organization: str, owner: Owner, clock: Clock, facts: Mapping[str, Any]
) -> tuple[int, Path]:
    """Move the journal in `source` to `target`; return how many records moved, and where the file is kept aside.

    `facts` (who says so, and why) are recorded after them. A move that was broken off is finished by another one.
    Raises RefusedError, with nothing moved, where something is still to be resumed or `target` has other records,
    JournalError where a journal is not whole, and LockHeldError where a run is under way.
    """
    with source.lock(owner, clock=clock), target.lock(owner, clock=clock):
        here = Journal.open(source, organization=organization, clock=clock)
        if open_runs(history_of(here.records)):
            raise RefusedError(
                f"the journal {source} has a run that is not finished; nothing was moved",
                hint=f"run `kt-budgets resume --journal {quote(str(source))}` first, with org.yaml naming no other"
                " journal",
            )
        there = Journal.open(target, organization=organization, clock=clock)
        if not there.records:
            last = here.records[-1]
            target.append([record.line() for record in here.records], Anchor(last.sequence, last.digest))
            there = Journal.open(target, organization=organization, clock=clock)
        if there.records[: len(here.records)] != here.records:
            raise RefusedError(
                f"the journal {target} has records that are not those of {source}; nothing was moved",
                hint=f"two journals were kept: `kt-budgets audit --verify --journal {quote(str(target))}` shows what"
                " that one did",
            )
        if len(there.records) == len(here.records):
            there.append(here.records[-1].run, Entry(Step.RECOVERED, facts={**facts, "moved_from": str(source)}))
        return len(here.records), _put_aside(source, f"{clock.now():%Y%m%dT%H%M%SZ}")


def _put_aside(source: FileStore, at: str) -> Path:
    """Rename the file, which is what ends this journal, and then what speaks of how far it reaches."""
    aside = source.path.with_name(f"{source.path.name}.moved-{at}")
    head = source.path.with_name(f"{source.path.name}.head")
    try:
        source.path.rename(aside)
        if head.exists():
            head.rename(aside.with_name(f"{aside.name}.head"))
    except OSError as error:
        raise JournalError(
            f"the records are copied, and {source.path} cannot be put aside: {error.strerror or error}",
            hint="make its folder writable, and run the same command again",
        ) from None
    return aside
