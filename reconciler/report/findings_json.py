"""Findings as a document for other programs: `kt-budgets.findings/1`."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.findings import Finding
from reconciler.model.json_text import json_text
from reconciler.model.plan_finding import PlanFinding


def findings_json(findings: Iterable[Finding]) -> str:
    """Return the findings as JSON, in their order; characters outside of ASCII are escaped."""
    document = {"format": "kt-budgets.findings/1", "findings": [PlanFinding.of(one).model_dump() for one in findings]}
    return json_text(document, sort_keys=False, ensure_ascii=True)
