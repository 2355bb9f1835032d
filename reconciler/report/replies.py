"""The words of answers to commands in comments: nothing in them is a link, a mention or a tag of somebody else's."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.findings import BudgetsError
from reconciler.report.escape import escaped

HELP = """\
`/kt-budgets plan` plans what merging gives now, and shows and records it.
`/kt-budgets whatif support/prod=14500` shows what another target would do; also `--growth`, `--cache`, `--demand`.
`/kt-budgets recommend` says which targets last, for the teams that this changes, or for those named after it.
`/kt-budgets resume` starts the resume workflow, which finishes or proves an interrupted run."""
_ROOM = 55_000
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
    if len(kept) > _ROOM:
        shown = kept[:_ROOM].rpartition("\n")[0]
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
