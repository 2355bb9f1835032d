"""Findings as workflow commands, which GitHub shows as annotations on the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.findings import Finding
from reconciler.report.findings_text import visible
from reconciler.report.screen import PAPER, Screen


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
