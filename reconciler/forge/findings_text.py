"""The comment for a head whose YAML has errors: there is no plan, and what stood there was for an older head."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reconciler.model.plan_finding import PlanFinding

_ROOM = 50_000
"""Bytes for the findings: GitHub takes 65,536 characters in all."""


def findings_title(findings: Sequence[PlanFinding]) -> str:
    """Return the verdict: how many errors there are."""
    errors = sum(finding.severity == "error" for finding in findings)
    return f"The budget files have {errors} error{'s' if errors != 1 else ''}, so there is no plan"


def findings_text(findings: Sequence[PlanFinding], *, escaped: Callable[[str], str]) -> str:
    """Return the comment's Markdown, errors first. `escaped` makes text from outside harmless."""
    lines: list[str] = []
    room = _ROOM
    for finding in sorted(findings, key=lambda item: (item.severity != "error", item.path, item.line, item.column)):
        line = _line(finding, lambda text: escaped(" ".join(text[:2000].split())))
        room -= len(line.encode()) + 1
        if room < 0:
            break
        lines.append(line)
    if more := len(findings) - len(lines):
        lines.append(f"- {more} more; `kt-budgets validate` lists them all")
    return "\n".join([f"### {findings_title(findings)}", "", *lines, ""])


def _line(finding: PlanFinding, safe: Callable[[str], str]) -> str:
    where = safe(f"{finding.path}:{finding.line}:{finding.column}" if finding.line else finding.path)
    cure = f"<br>Cure: {safe(finding.hint)}" if finding.hint else ""
    return f"- **{safe(finding.code)}** {where}: {safe(finding.message)}{cure}"
