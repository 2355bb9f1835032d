"""Findings in documents: what `validate` and `plan` write for other programs, and what is shown of a plan."""

from __future__ import annotations

from typing import Literal

from reconciler.findings import Finding
from reconciler.model.frozen import Frozen


class PlanFinding(Frozen):
    path: str
    line: int
    column: int
    severity: Literal["error", "warning"]
    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, finding: Finding) -> PlanFinding:
        """Return a finding whose line is known."""
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
