"""Findings in the forms that CI systems read: annotations of GitHub, SARIF, and GitLab's Code Quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from reconciler.findings import Finding, Severity
from reconciler.model.json_text import canonical_json, json_text
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


def findings_github(findings: Iterable[Finding], _: Screen = PAPER) -> str:
    """Return one workflow command a line. No finding can begin a command of its own or break out of its value."""
    return "".join(map(_command, findings))


def _command(finding: Finding) -> str:
    position = finding.position
    properties = {
        "file": position.path,
        "line": str(max(position.line, 1)),
        "col": str(max(position.column, 1)),
        "title": finding.code,
    }
    message = visible(finding.message) + (f"\nhint: {visible(finding.hint)}" if finding.hint else "")
    listed = ",".join(f"{name}={_property(visible(value))}" for name, value in properties.items())
    return f"::{finding.severity} {listed}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


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
