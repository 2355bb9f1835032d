"""The journal: written ahead of every write to Keeptrusts, and all that is needed to finish or prove a run later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.clock import Clock
from reconciler.findings import UsageError
from reconciler.journal.git import JournalUnreachableError
from reconciler.journal.history import given_up
from reconciler.journal.place import open_store
from reconciler.journal.record import (
    GENESIS,
    Entry,
    JournalError,
    Record,
    Step,
    chained,
    distrust,
    read_chain,
    whole_part,
)
from reconciler.journal.store import Anchor, Store, Stored
from reconciler.model.applied import LastApplied, read_declared
from reconciler.model.period import Period


class Journal:
    """An append-only chain of records of one organization. Appending returns when the records are durable."""

    def __init__(self, store: Store, records: Iterable[Record], *, organization: str, clock: Clock) -> None:
        self.store = store
        self.records = list(records)
        self.organization = organization
        self.send_log = store.send_log()
        self._clock = clock

    @classmethod
    def open(cls, store: Store, *, organization: str, clock: Clock, recover: bool = False) -> Journal:
        """Return the verified journal. A torn last line, left by a crash, is dropped only when `recover` is set."""
        stored = store.load()
        records = verified(stored, str(store))
        for record in records:
            if record.organization != organization:
                raise distrust(
                    str(store), f"record {record.sequence} belongs to {record.organization}, and this is {organization}"
                )
        journal = cls(store, records, organization=organization, clock=clock)
        if stored.torn:
            if not recover:
                raise _torn(str(store), len(records) + 1)
            store.cut_torn()
            run = records[-1].run if records else "-"
            journal.append(run, Entry(Step.RECOVERED, facts={"dropped_bytes": len(stored.torn)}))
        return journal

    @classmethod
    def repair(cls, store: Store, *, organization: str, clock: Clock, facts: Mapping[str, Any]) -> Journal:
        """Return the journal as far as it can be trusted, which is recorded with `facts`: who says so, and why.

        What was deleted or rewound is put back if this machine still has it. What does not follow whole records is
        kept aside. Raises UsageError for a journal that needs no repair.
        """
        try:
            whole = cls.open(store, organization=organization, clock=clock)
        except JournalUnreachableError:
            raise
        except JournalError as error:
            trouble = error
        else:
            raise UsageError(
                f"the journal {store} is whole ({len(whole.records)} records); nothing was repaired",
                hint="`kt-budgets audit --verify` compares it with the ledger",
            )
        stored = store.restore()
        records = whole_part(stored.lines)
        if any(record.organization != organization for record in records):
            raise trouble
        aside = ""
        if len(records) < len(stored.lines) or stored.torn or not _opens(store, organization, clock):
            digest = records[-1].digest if records else GENESIS
            at = f"{clock.now():%Y%m%dT%H%M%SZ}"
            aside = store.replace([record.line() for record in records], Anchor(len(records), digest), at=at)
        journal = cls.open(store, organization=organization, clock=clock)
        lost = {"repaired": trouble.message, "kept": len(records), **({"aside": aside} if aside else {})}
        journal.append(records[-1].run if records else "-", Entry(Step.RECOVERED, facts={**facts, **lost}))
        return journal

    def append(self, run: str, *entries: Entry) -> list[Record]:
        """Write `entries` as one durable step of `run` and return their records."""
        after = self.records[-1] if self.records else None
        at = self._clock.now().isoformat(timespec="milliseconds")
        records = chained(entries, after, organization=self.organization, run=run, at=at)
        anchor = Anchor(records[-1].sequence, records[-1].digest)
        self.store.append([record.line() for record in records], anchor)
        self.records += records
        return records


def verified(stored: Stored, where: str) -> list[Record]:
    """Return the records of a journal whose chain is whole and reaches as far as was acknowledged."""
    records = read_chain(stored.lines, where)
    anchor = stored.anchor
    if anchor is None:
        return records
    if anchor.count > len(records):
        raise distrust(
            where,
            f"record {len(records) + 1} is missing: {anchor.count} were acknowledged and {len(records)} are there",
        )
    found = records[anchor.count - 1].digest if anchor.count else GENESIS
    if found != anchor.digest:
        raise distrust(where, f"record {anchor.count} is not the one that was acknowledged")
    return records


def _opens(store: Store, organization: str, clock: Clock) -> bool:
    try:
        Journal.open(store, organization=organization, clock=clock)
    except JournalUnreachableError:
        raise
    except JournalError:
        return False
    return True


def torn_sentence(name: str, *, folder: Path | None = None) -> str:
    """Return what is to be said of an incomplete last line of the journal called `name`, nothing when there is none."""
    torn = open_store(name, folder=folder).load().torn
    return f"the last line is incomplete ({len(torn)} bytes): a run was killed while it wrote it" if torn else ""


def _torn(where: str, number: int) -> JournalError:
    return JournalError(
        f"the last line of the journal {where} (record {number}) is incomplete: a run was killed while it wrote;"
        " this command wrote nothing to Keeptrusts, and what that run wrote is not known yet",
        hint="run `kt-budgets resume`, which drops that line and proves or finishes the interrupted run",
    )


def read_records(name: str, *, folder: Path | None = None) -> list[Record]:
    """Return the verified records of the journal called `name`, seen from `folder`; none when it does not exist yet."""
    store = open_store(name, folder=folder)
    return verified(store.load(), str(store))


def last_applied(name: str, *, folder: Path | None = None, before_plan: str | None = None) -> LastApplied | None:
    """Return what the last run recorded in journal `name`, seen from `folder`, declared; None before the first.

    `before_plan` leaves out the runs of the plan with this digest: what a plan was compared with when it was made.
    """
    return last_declared(read_records(name, folder=folder), before_plan=before_plan)


def interrupted(records: Sequence[Record]) -> str | None:
    """Return the last run of `records` if it never finished."""
    finished = {record.run for record in records if record.step is Step.FINISHED} | given_up(records)
    started = [record.run for record in records if record.step is Step.STARTED]
    return started[-1] if started and started[-1] not in finished else None


def opened(records: Sequence[Record], period: Period) -> str | None:
    """Return when a month was opened as a whole: every wallet funded, and read back. None where it was not."""
    openings = {record.run for record in records if record.facts.get("opens") == str(period)}
    for record in records:
        if record.step is Step.FINISHED and record.run in openings and record.facts.get("converged"):
            return record.at
    return None


def last_declared(records: Sequence[Record], *, before_plan: str | None = None) -> LastApplied | None:
    """Return what the last finished run of `records` left declared, None when there is none.

    Where a person went back to an older state, it is that.
    """
    for record in reversed(records):
        if record.step is Step.RECOVERED and "declared" in record.facts:
            return _declared(record.facts["declared"]) if record.facts["declared"] else None
        if record.step is Step.FINISHED and record.facts.get("plan") != before_plan:
            return _declared(record.facts)
    return None


def finished_records(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the ends of runs, oldest first; those that a person went back behind are left out."""
    found: list[Record] = []
    for record in records:
        if record.step is Step.FINISHED:
            found.append(record)
        elif record.step is Step.RECOVERED and "declared" in record.facts:
            kept = record.facts.get("kept", 0)
            found = [earlier for earlier in found if earlier.sequence <= kept]
    return tuple(found)


def declared_by_run(record: Record) -> LastApplied:
    """Return what the run whose end `record` is left declared."""
    return _declared(record.facts)


def _declared(facts: dict[str, Any]) -> LastApplied:
    return LastApplied(
        commit=facts.get("commit"),
        objects=read_declared(facts),
        whole=facts.get("whole", True),
        unfinished=frozenset(facts.get("unfinished", ())),
        ahead=dict(facts.get("ahead", {})),
        dirty=facts.get("dirty", False),
        uncommitted=dict(facts.get("uncommitted", {})),
    )
