"""Findings as a Code Quality report, the artefact from which GitLab marks the lines of a merge request.

GitLab takes a JSON list of objects with `description`, `check_name`, `fingerprint`, `severity` and `location`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from reconciler.findings import Finding, Severity
from reconciler.model.json_text import canonical_json, json_text
from reconciler.report.findings_text import visible
from reconciler.report.screen import PAPER, Screen

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor"}


def findings_code_quality(findings: Iterable[Finding], _: Screen = PAPER) -> str:
    """Return the findings as a Code Quality report.

    A fingerprint is of what is wrong in which file, and not of the line: GitLab takes one that both branches have for
    nothing new, also where lines moved. Those that say the same in one file are told apart by counting.
    """
    return json_text(list(_entries(findings)), sort_keys=False, ensure_ascii=True)


def _entries(findings: Iterable[Finding]) -> Iterator[dict[str, Any]]:
    seen: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        path, line = finding.position.path, max(finding.position.line, 1)
        same = (path, finding.code, finding.message)
        text = visible(finding.message) + (f". Fix: {visible(finding.hint)}" if finding.hint else "")
        yield {
            "description": text,
            "check_name": finding.code,
            "fingerprint": sha256(canonical_json([*same, seen[same]]).encode("utf-8", "surrogatepass")).hexdigest(),
            "severity": _SEVERITIES[finding.severity],
            "location": {"path": path, "lines": {"begin": line}},
        }
        seen[same] += 1
