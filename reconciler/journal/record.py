"""Journal records: what a run is about to do, did and learned, one step each, chained by digest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

from pydantic import ValidationError

from reconciler.findings import RefusedError
from reconciler.model.frozen import Frozen
from reconciler.model.json_text import canonical_json, digest_of

GENESIS = "sha256:" + "0" * 64
"""What the first record of a journal names as its predecessor."""


class JournalError(RefusedError):
    """The journal cannot be written, or cannot be trusted: no write to Keeptrusts follows."""


class Step(StrEnum):
    """The steps of a run (`started`, `resumed`, `finished`) and of one operation (the others).

    `confirmed` is what an answer or the ledger said; `seen` says that a reading of the ledger showed it. `accepted` is
    a person's word: the ledger as it stands is right about this operation, whatever it shows. Its facts are `reason`
    and who said it, `wallet`, and `transactions`, the ledger ids that are accepted, if any. Nothing is sent for it any
    more, and it blocks nothing; what the ledger shows of it counts. An entry that no whole mark names is accepted
    under `accepted_entry`.
    """

    STARTED = "started"
    RESUMED = "resumed"
    FINISHED = "finished"
    PLANNED = "planned"
    INTENT = "intent"
    SENT = "sent"
    NOT_SENT = "not_sent"
    CONFIRMED = "confirmed"
    SEEN = "seen"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ASSUMED_LOST = "assumed_lost"
    LOCK_BROKEN = "lock_broken"
    RECOVERED = "recovered"


_ENTRY = "ledger:"


def accepted_entry(transaction: str) -> str:
    """Return the name under which a ledger entry is accepted whose mark is cut, or is none of ours."""
    return f"{_ENTRY}{transaction}"


def is_accepted_entry(operation: str) -> bool:
    """Whether `operation` is the name of a ledger entry, and no operation of ours."""
    return operation.startswith(_ENTRY)


IN_DOUBT = frozenset({Step.INTENT, Step.SENT, Step.UNKNOWN})
"""Last steps after which a write may have happened, or may still happen: nothing is sent again until it is proved."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a record says, before it has its place in the chain. `facts` is a JSON object, money as strings."""

    step: Step
    operation: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class Record(Frozen):
    """One line of the journal. `digest` covers everything else in it, `previous` is the digest of the one before."""

    format: Literal["kt-budgets.journal/1"] = "kt-budgets.journal/1"
    organization: str
    sequence: int
    run: str
    at: str
    step: Step
    operation: str | None = None
    facts: dict[str, Any] = {}
    previous: str
    digest: str = ""

    def sealed(self) -> Record:
        """Return this record with the digest of everything else in it."""
        return self.model_copy(update={"digest": digest_of(self.model_dump(mode="json", exclude={"digest"}))})

    def line(self) -> str:
        """Return the record as it stands in the journal, without the line break."""
        return canonical_json(self.model_dump(mode="json"))


def chained(entries: Iterable[Entry], after: Record | None, *, organization: str, run: str, at: str) -> list[Record]:
    """Return `entries` as sealed records that follow `after`."""
    records: list[Record] = []
    for entry in entries:
        last = records[-1] if records else after
        records.append(
            Record(
                organization=organization,
                sequence=last.sequence + 1 if last else 1,
                run=run,
                at=at,
                step=entry.step,
                operation=entry.operation,
                facts=dict(entry.facts),
                previous=last.digest if last else GENESIS,
            ).sealed()
        )
    return records


def read_chain(lines: Iterable[str], where: str) -> list[Record]:
    """Return the records that `lines` hold; anything edited, reordered, removed or foreign names its record."""
    records: list[Record] = []
    for number, line in enumerate(lines, start=1):
        record = _parsed(line, number, where)
        expected = records[-1].digest if records else GENESIS
        if record.sequence != number or record.previous != expected:
            raise distrust(
                where, f"record {number} does not follow the one before it: records were removed, added or reordered"
            )
        records.append(record)
    return records


def whole_part(lines: Iterable[str]) -> list[Record]:
    """Return the records up to the first line that cannot be trusted."""
    records: list[Record] = []
    for number, line in enumerate(lines, start=1):
        try:
            record = _parsed(line, number, "")
        except JournalError:
            break
        if record.sequence != number or record.previous != (records[-1].digest if records else GENESIS):
            break
        records.append(record)
    return records


def _parsed(line: str, number: int, where: str) -> Record:
    try:
        record, is_whole = _read(line)
    except (ValueError, ValidationError, RecursionError):
        raise distrust(where, f"record {number} cannot be read") from None
    if not is_whole:
        about = f" ({record.step} {record.operation or record.run})"
        raise distrust(where, f"record {number}{about} was edited: its digest is not that of its content")
    return record


@lru_cache(maxsize=65_536)
def _read(line: str) -> tuple[Record, bool]:
    """Return what a line says, and whether its digest is that of its content; a run reads its journal several times."""
    document = json.loads(line)
    record = Record.model_validate(document)
    content = {name: value for name, value in document.items() if name != "digest"}
    return record, digest_of(content) == record.digest and canonical_json(document) == line


def distrust(where: str, what: str) -> JournalError:
    """Return the error for a journal that cannot be trusted."""
    return JournalError(
        f"the journal {where} cannot be trusted: {what}; this command wrote nothing to Keeptrusts",
        hint="bring the journal back from a copy; `kt-budgets audit --verify` checks it. If there is none: kt-budgets"
        ' resume --repair-journal --reason "WHY", which goes on from what is whole and keeps the rest aside',
    )
