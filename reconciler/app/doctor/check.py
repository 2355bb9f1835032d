"""A check, and what it may see. Checks are named functions in the one list of `registry`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reconciler.findings import BudgetsError, ExitCode
from reconciler.model.doctor import Status

if TYPE_CHECKING:
    from reconciler.app.doctor.subject import Subject

Area = Literal["budgets", "Keeptrusts", "usage", "journal", "forge"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that a check saw. `code` is what a command would end with because of it."""

    status: Status
    message: str
    fix: str = ""
    code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Check:
    """`look` yields what it sees; it may raise BudgetsError, which is a failure with its own code and fix.

    Nobody looks unless the checks that it `needs` passed, warnings included.
    """

    name: str
    area: Area
    why: str
    look: Callable[[Subject], Iterable[Seen]]
    needs: tuple[str, ...] = ()


def passed(message: str) -> Seen:
    return Seen("passed", message)


def warning(message: str, fix: str) -> Seen:
    return Seen("warning", message, fix)


def failed(message: str, fix: str, code: ExitCode) -> Seen:
    return Seen("failed", message, fix, code)


def failed_by(error: BudgetsError) -> Seen:
    """Return the failure that an error is."""
    return failed(error.message, error.hint, error.exit_code)


def not_checked(reason: str, fix: str = "") -> Seen:
    return Seen("not_checked", reason, fix)
