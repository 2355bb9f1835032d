"""Where something is wrong, what, why, and the cure; and the errors that stop a command.

The exception tree::

    BudgetsError                 a command cannot go on
    ├── UsageError               2   the command line is wrong
    ├── FindingsError            3   the YAML has errors; carries every finding
    ├── RefusedError             4   a policy, a guard or a missing approval refuses
    ├── StalePlanError           5   live state moved since the plan was made
    ├── LockHeldError            6   another apply is running
    └── RemoteError              9   Keeptrusts or git cannot be reached or does not allow it
        ├── UnreachableError         no answer
        ├── UnauthorizedError        401, 403, or another organization's token
        ├── RejectedError            any other refusal by the server
        └── UnreadableError          an answer that cannot be understood whole
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Literal

Keys = tuple[str | int, ...]
Part = Literal["value", "key", "mapping"]


class ExitCode(IntEnum):
    """What the process's exit code means; `description` is the line shown to people."""

    description: str

    def __new__(cls, value: int, description: str) -> ExitCode:
        member = int.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member

    DONE = 0, "done"
    BUG = 1, "a bug in kt-budgets; the details are in a file to attach to a report"
    USAGE = 2, "the command line is wrong"
    FINDINGS = 3, "the YAML has errors"
    REFUSED = 4, "refused by a policy, a guard or a missing approval"
    STALE = 5, "the plan is stale: Keeptrusts changed since it was made"
    LOCKED = 6, "another apply holds the lock"
    PARTIAL = 7, "partly applied: some changes were refused, skipped or failed"
    UNKNOWN = 8, "the outcome of a write is unknown; `kt-budgets resume` proves or finishes it"
    REMOTE = 9, "Keeptrusts or git is unreachable or does not authorize this"
    PENDING = 10, "changes are pending (`plan --detailed-exit-code`)"
    DRIFT = 11, "drift: Keeptrusts is not as it was applied"
    INTERRUPTED = 130, "interrupted; what was done is recorded"


class Severity(StrEnum):
    """How bad a finding is: an error stops, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file: `line` and `column` count from 1; 0 means the file as a whole."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """The place in the YAML that something comes from: a file and the keys down to it.

    Of what is there, `part` is the value, the key itself, or the mapping that lacks something.
    """

    path: str
    keys: Keys = ()
    part: Part = "value"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong or worth knowing. Findings are collected, not raised.

    `where` is an origin as long as nobody looked for its line. `fix` is the YAML to write there where only that can be
    meant, an empty text where what is there is to be removed; None: a person must decide.
    """

    where: Position | Origin
    code: str
    severity: Severity
    message: str
    hint: str = ""
    fix: str | None = field(default=None, compare=False)

    @property
    def position(self) -> Position:
        """The line; TypeError where nobody looked for it."""
        if isinstance(self.where, Position):
            return self.where
        raise TypeError(f"nobody looked for the line of {self.where}")

    @property
    def origin(self) -> Origin:
        """The keys; TypeError where a line alone is known."""
        if isinstance(self.where, Origin):
            return self.where
        raise TypeError(f"nobody knows the keys at {self.where}")

    def at(self, position: Position) -> Finding:
        """Return this finding with its line."""
        return replace(self, where=position)

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


class BudgetsError(Exception):
    """A command cannot go on. `hint` says what to do; `exit_code` is what the process returns.

    `known` is what the document for `--format json` says besides: what was found out all the same.
    """

    exit_code: ExitCode = ExitCode.BUG
    known: Mapping[str, object] = MappingProxyType({})

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(BudgetsError):
    """The command line is wrong."""

    exit_code = ExitCode.USAGE


class FindingsError(BudgetsError):
    """The YAML has errors; carries every finding, warnings included, sorted.

    `budgets` is the folder as it was named, from where the files can be opened; an empty text where none was.
    """

    exit_code = ExitCode.FINDINGS

    def __init__(self, findings: Iterable[Finding], *, budgets: str = "") -> None:
        self.findings, self.budgets = tuple(sorted(findings)), budgets
        errors = sum(finding.is_error for finding in self.findings)
        super().__init__(
            f"{errors} error{'s' if errors != 1 else ''} in the budget files",
            hint="correct them and run the command again",
        )


class RefusedError(BudgetsError):
    """A policy, a guard or a missing approval refuses."""

    exit_code = ExitCode.REFUSED


class StalePlanError(BudgetsError):
    """Live state moved since the plan was made."""

    exit_code = ExitCode.STALE


class LockHeldError(BudgetsError):
    """Another apply is running."""

    exit_code = ExitCode.LOCKED


class RemoteError(BudgetsError):
    """Keeptrusts or git cannot be reached or does not allow it."""

    exit_code = ExitCode.REMOTE


class UnreachableError(RemoteError):
    """No answer came back."""


class UnauthorizedError(RemoteError):
    """The token is missing, refused, or belongs to another organization."""


class RejectedError(RemoteError):
    """The server refused the request for another reason. `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status

    @property
    def is_for_now(self) -> bool:
        """Whether it says nothing of what was asked for: the server was broken, or was asked too much."""
        return self.status >= 500 or self.status == 429


class UnreadableError(RemoteError):
    """An answer came back that cannot be understood whole; a partial reading is never used."""
