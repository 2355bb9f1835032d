"""Findings in documents: what `validate` and `plan` write for other programs, and what is shown of a plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.findings import Finding
from reconciler.model.document import Document
from reconciler.model.frozen import Frozen
from reconciler.model.json_text import json_text


class PlanFinding(Frozen):
    path: str = Field(description="The file, from the folder of the budget files on.")
    line: int = Field(description="The line, counted from 1; 0 where it is about no line.")
    column: int = Field(description="The column, counted from 1; 0 where it is about no column.")
    severity: Literal["error", "warning"] = Field(description="An error stops everything, a warning nothing.")
    code: str = Field(description="What kind of finding it is; stable.")
    message: str = Field(description="What is wrong, as a sentence.")
    hint: str = Field(description="The fix; empty where there is none.")

    @classmethod
    def of(cls, finding: Finding) -> PlanFinding:
        place = finding.position
        return cls(
            path=place.path,
            line=place.line,
            column=place.column,
            severity=finding.severity.value,
            code=finding.code,
            message=finding.message,
            hint=finding.hint,
        )


class FindingsDocument(Document):
    """Every finding of every budget file: what `kt-budgets validate --format json` prints."""

    commands: ClassVar = ("validate",)
    format: Literal["kt-budgets.findings/1"] = "kt-budgets.findings/1"
    findings: tuple[PlanFinding, ...] = Field(description="All of them, by file and line.")

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> FindingsDocument:
        return cls(findings=tuple(PlanFinding.of(finding) for finding in findings))

    def text(self) -> str:
        """Return the bytes that are printed: keys in the order of the fields, characters outside of ASCII escaped."""
        return json_text(self.fields(), sort_keys=False, ensure_ascii=True)
