"""What `kt-budgets doctor` found: one line a check, with why it matters and what mends it."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document, Told
from reconciler.model.frozen import Frozen

Status = Literal["passed", "warning", "failed", "not_checked"]


class CheckResult(Frozen):
    """One thing that was looked at."""

    check: str = Field(description="What the check is called; stable.")
    area: str = Field(description="What it is about: budgets, Keeptrusts, usage, journal or forge.")
    status: Status = Field(description="`warning` stops nothing; `not_checked` says in `message` why nobody looked.")
    message: Told = Field(description="What was seen, as a sentence.")
    why: Told = Field(description="Why it matters.")
    fix: Told = Field(description="What mends it; empty where nothing is to be done.")
    exit_code: int = Field(description="The exit code that a command would end with because of it; 0 unless failed.")


class DoctorDocument(Document):
    """Every check: what `kt-budgets doctor --format json` prints."""

    commands: ClassVar = ("doctor",)
    format: Literal["kt-budgets.doctor/1"] = "kt-budgets.doctor/1"
    checks: tuple[CheckResult, ...] = Field(description="Each thing that was looked at, in a fixed order.")
    exit_code: int = Field(description="The exit code of the process: 0, or the largest of the checks that failed.")
    recorded: tuple[Told, ...] = Field((), description="The files that `--record` wrote.")
