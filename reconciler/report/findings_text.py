"""Findings for a terminal: one line each, `path:line:column: severity code: sentence`, and the cure below it."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.findings import Finding
from reconciler.report.screen import PAPER, Screen


def findings_text(findings: Iterable[Finding], _: Screen = PAPER) -> str:
    """Return the findings as text, in their order; nothing that a file holds reaches the terminal unescaped."""
    return "".join(map(_lines, findings))


def findings_summary(findings: Iterable[Finding], *, checked: str) -> str:
    """Return one line on how many findings there are. `checked` says what was looked at, such as `5 files`."""
    listed = list(findings)
    errors = sum(finding.is_error for finding in listed)
    warnings = len(listed) - errors
    if not listed:
        return f"{checked}: no findings"
    counts = [_count(errors, "error")] * bool(errors) + [_count(warnings, "warning")] * bool(warnings)
    return f"{checked}: {' and '.join(counts)}"


def notices_text(notices: Iterable[tuple[str, str, str]]) -> str:
    """Return lines that warn of each notice."""
    lines = []
    for code, message, hint in notices:
        lines += [f"warning {code}: {message}", *([f"  hint: {hint}"] if hint else [])]
    return "".join(f"{visible(line)}\n" for line in lines)


def visible(text: str) -> str:
    """Return `text` with everything that cannot be seen, or that moves the cursor, written as an escape sequence."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def _lines(finding: Finding) -> str:
    line = f"{finding.position}: {finding.severity} {finding.code}: {finding.message}"
    return visible(line) + "\n" + (f"  hint: {visible(finding.hint)}\n" if finding.hint else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"
