"""Findings as SARIF 2.1.0, which code scanning services and editors read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from reconciler.findings import Finding
from reconciler.model.json_text import json_text
from reconciler.report.findings_text import visible
from reconciler.report.screen import PAPER, Screen
from reconciler.version import __version__

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def findings_sarif(findings: Iterable[Finding], _: Screen = PAPER, *, version: str = __version__) -> str:
    """Return the findings as one SARIF run of kt-budgets in its `version`."""
    listed = list(findings)
    codes = sorted({finding.code for finding in listed})
    run = {
        "tool": {"driver": {"name": "kt-budgets", "version": version, "rules": [_rule(code) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes.index(finding.code)) for finding in listed],
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, sort_keys=False, ensure_ascii=True)


def _rule(code: str) -> dict[str, Any]:
    words = code.replace("-", " ")
    return {"id": code, "shortDescription": {"text": f"{words[0].upper()}{words[1:]}."}}


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    position = finding.position
    text = visible(finding.message) + (f"\nHint: {visible(finding.hint)}" if finding.hint else "")
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(position.path, safe="/", errors="surrogatepass")},
                    "region": {"startLine": max(position.line, 1), "startColumn": max(position.column, 1)},
                }
            }
        ],
    }
