"""What comments on a change request say besides a plan: findings in its place, notices, answers to commands.

Nothing in an answer is a link, a mention or a tag of somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconciler.findings import BudgetsError
from reconciler.model.plan_finding import PlanFinding
from reconciler.report.escape import escaped

TAKEN_BACK = """\
### No budgets change any more

What was shown here was taken out again, or came in another way: merging this changes no budget.
"""
"""The comment on a request that changed budgets once, and does not now."""

_ROOM = 50_000
"""Bytes for the findings: a forge takes 65,536 characters in all."""

_NOTICE = re.compile(r"\A<!-- kt-budgets:notice -->\n.*?\n<!-- /kt-budgets:notice -->\n+", re.DOTALL)
_PAGE = re.compile(r"https?://[\w.:/-]{1,300}", re.ASCII)


def findings_title(findings: Sequence[PlanFinding]) -> str:
    """Return the verdict: how many errors there are."""
    errors = sum(finding.severity == "error" for finding in findings)
    return f"The budget files have {errors} error{'s' if errors != 1 else ''}, so there is no plan"


def findings_comment(findings: Sequence[PlanFinding]) -> str:
    """Return, as Markdown, the comment for a head whose YAML has errors, errors first."""
    lines: list[str] = []
    room = _ROOM
    for finding in sorted(findings, key=lambda item: (item.severity != "error", item.path, item.line, item.column)):
        line = _finding(finding)
        room -= len(line.encode()) + 1
        if room < 0:
            break
        lines.append(line)
    if more := len(findings) - len(lines):
        lines.append(f"- {more} more; `kt-budgets validate` lists them all")
    return "\n".join([f"### {findings_title(findings)}", "", *lines, ""])


def _finding(finding: PlanFinding) -> str:
    where = safe(f"{finding.path}:{finding.line}:{finding.column}" if finding.line else finding.path)
    cure = f"<br>Fix: {safe(finding.hint)}" if finding.hint else ""
    return f"- **{safe(finding.code)}** {where}: {safe(finding.message)}{cure}"


def with_notice(text: str, notice: str) -> str:
    """Return a comment's text under `notice`, which is safe Markdown on one line, or without one when it is empty."""
    below = _NOTICE.sub("", text)
    if not notice:
        return below
    return f"<!-- kt-budgets:notice -->\n> {notice}\n<!-- /kt-budgets:notice -->\n\n{below}"


def left_out_words(outside: Sequence[str], held: Sequence[str], *, most: int) -> list[str]:
    """Return what to say about suggested changes that are not made, as Markdown.

    Each is named by the command that shows it, an empty text where that is not known: those `outside` of the
    difference, and those `held` back because at most `most` are made.
    """
    places = ((outside, "outside of this diff"), (held, f"held back, as at most {most} are made and one for each line"))
    return [_left_out(items, where) for items, where in places if items]


def _left_out(items: Sequence[str], where: str) -> str:
    one = len(items) == 1
    named = sorted({f"`{command}`" for command in items if command})
    shows = f": {' and '.join(named)} show{'s' if len(named) == 1 else ''} {'it' if one else 'them'}" if named else ""
    return f"{len(items)} more suggested change{' is' if one else 's are'} {where}{shows}."


def run_link(url: str) -> list[str]:
    """Return the footer that leads to a run and its artefacts; nothing where no address of it is known."""
    return [f"<sub>[This run]({url}) keeps the full report among its artefacts.</sub>"] if _PAGE.fullmatch(url) else []


HELP = """\
`/kt-budgets plan` plans what merging gives now, and shows and records it.
`/kt-budgets whatif support/prod=14500` shows what another target would do; also
  `--growth`, `--cache`, `--mix`, `--demand` and `--rate-limit`.
`/kt-budgets recommend` says which targets last, for the teams that this changes, or for those named after it.
`/kt-budgets resume` starts the resume workflow, which finishes or proves an interrupted run."""
_ANSWER_ROOM = 55_000
"""Characters of an answer in a code block; a comment takes 65,536."""

_FINDINGS = 20


def why(error: BudgetsError) -> str:
    """Return why a command was not done, what comes next, and every finding."""
    lines = [f"{found.position}: {found.message}" for found in getattr(error, "findings", ())]
    if (more := len(lines) - _FINDINGS) > 0:
        lines[_FINDINGS:] = [f"{more} more; `kt-budgets validate` lists them all"]
    hint = f" Next: {error.hint}." if error.hint else ""
    return safe(f"{error.message}.{hint}") + "".join(f"\n- {safe(line)}" for line in lines)


def fenced(text: str) -> str:
    """Return text of a terminal in a code block that nothing in it can end, cut where it is too long."""
    kept = text.strip("\n").replace("```", "'''").replace("~~~", "'''")
    if len(kept) > _ANSWER_ROOM:
        shown = kept[:_ANSWER_ROOM].rpartition("\n")[0]
        more = kept.count("\n") - shown.count("\n")
        kept = f"{shown}\n… {more:,} more lines than a comment holds; run the command yourself to see them"
    return f"```text\n{kept}\n```"


def listed(text: str) -> str:
    """Return lines as a list."""
    return "\n".join(f"- {line}" for line in text.splitlines())


def echo(name: str, words: Sequence[str]) -> str:
    """Return what was asked: a command and the words after it."""
    return f"**/kt-budgets {safe(name[:40])}** {safe(' '.join(words)[:300])}".strip()


def safe(text: str) -> str:
    """Return text from outside, on one line and harmless."""
    return escaped(" ".join(text[:2000].split()))
