"""What is to be known of one export beside its events: how its layout is, what was left out, and why it cannot be read.

A worker finds it out, and it goes to the driver as JSON in the last row of the export's events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from pydantic import TypeAdapter

from reconciler.findings import UnreachableError, UsageError
from reconciler.model.usage import RowIssue
from reconciler.usage.columns import MissingColumnsError
from reconciler.usage.files import ExportFile
from reconciler.usage.parts import Part, refuse_parts


class Step(StrEnum):
    """Steps of reading one export, in the order in which those of all exports are taken."""

    UNPACK = "unpack"
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an export cannot be read; `unreachable` when an object store does not answer."""

    step: Step
    message: str
    hint: str
    unreachable: bool = False

    def error(self) -> UsageError | UnreachableError:
        return (UnreachableError if self.unreachable else UsageError)(self.message, hint=self.hint)


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of the export `number`, counted from 0 in the order of names.

    `layout` is the same text for exports that look alike, "" where there is nothing in one; `columns` are the canonical
    ones that it has, `missing` those that money needs among `found`. `broken` says that bytes are not UTF-8 in a column
    that was asked for, so that every column has to be taken apart.
    """

    number: int
    version: str = ""
    failure: Failure | None = None
    part: Part | None = None
    rowless: bool = False
    layout: str = ""
    columns: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    broken: bool = False
    remarks: tuple[RowIssue, ...] = ()
    issues: tuple[RowIssue, ...] = ()

    def json(self) -> str:
        return _adapter().dump_json(self).decode()


@cache
def _adapter() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)


def read_facts(notes: Sequence[str]) -> list[Facts]:
    """Return the facts of exports, in their order."""
    return sorted((_adapter().validate_json(note) for note in notes), key=lambda facts: facts.number)


def refuse(files: Sequence[ExportFile], found: Sequence[Facts], version: str) -> None:
    """Raise what makes the exports unreadable, the same that is raised when one machine reads one after another.

    Raises UsageError, UnreachableError, or MissingColumnsError for all exports that lack a column.
    """
    strange = {facts.version for facts in found} - {version}
    if strange:
        raise UsageError(
            f"the workers of Spark have kt-budgets {', '.join(sorted(strange))}, and this is {version};"
            " nothing was read",
            hint=f"install kt-budgets {version} on every worker, from the same clone or wheel as here",
        )
    _raise_first(found, Step.UNPACK)
    refuse_parts(facts.part for facts in found if facts.part is not None)
    lacking = [facts for facts in found if facts.missing]
    if lacking:
        first, *others = lacking
        error = MissingColumnsError(files[first.number].name, first.missing, first.found)
        raise error.with_others([files[facts.number].name for facts in others])
    _raise_first(found, Step.SCAN)


def _raise_first(found: Sequence[Facts], step: Step) -> None:
    for facts in found:
        if facts.failure is not None and facts.failure.step is step:
            raise facts.failure.error()
