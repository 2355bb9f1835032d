"""Findings as a document for other programs: `kt-budgets.findings/1`."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.findings import Finding
from reconciler.model.json_text import json_text


def findings_json(findings: Iterable[Finding]) -> str:
    """Return the findings as JSON, in their order; characters outside of ASCII are escaped."""
    document = {"format": "kt-budgets.findings/1", "findings": [_entry(one) for one in findings]}
    return json_text(document, sort_keys=False, ensure_ascii=True)


def _entry(finding: Finding) -> dict[str, str | int]:
    return {
        "path": finding.position.path,
        "line": finding.position.line,
        "column": finding.position.column,
        "severity": finding.severity.value,
        "code": finding.code,
        "message": finding.message,
        "hint": finding.hint,
    }
