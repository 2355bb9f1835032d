"""The receipt: what an apply did, put on top of the comment that announced it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from reconciler.forge.comment import LARGEST, Marked
from reconciler.model.outcome import Outcome, Run, Status

_LARGEST_TABLE = 15_000
"""Bytes for the rows."""

_ROOM_FOR_MARKER = 1_000
_BLOCK = re.compile(r"\A<!-- kt-budgets:receipt -->\n.*?\n<!-- /kt-budgets:receipt -->\n+", re.DOTALL)
_VERBS = {"allocate": "allocated to", "reclaim": "taken back from"}
_WORDS = {
    Status.APPLIED: "applied",
    Status.ALREADY_APPLIED: "applied before",
    Status.REFUSED: "**refused**",
    Status.SKIPPED: "**skipped**",
    Status.UNKNOWN: "**unknown**",
    Status.FAILED: "**failed**",
}


def receipt(run: Run, *, commit: str, escaped: Callable[[str], str]) -> str:
    """Return a run as Markdown. `escaped` makes text from outside harmless; it is put on one line before."""
    counts = Counter(_WORDS[outcome.status].strip("*") for outcome in run.outcomes)
    listed = ", ".join(f"{count} {words}" for words, count in sorted(counts.items())) or "nothing to do"
    proof = "Read back: Keeptrusts equals the YAML." if run.converged else "**Not everything is as the YAML says.**"
    title = f"#### {'Applied' if run.converged else 'Applied in part'} from `{commit[:7]}`: {listed}"
    table = "\n".join(outcome_table(run, escaped))
    return framed([title, proof, *([table] if table else [])], footer=f"Run {escaped(run.run)}")


def framed(parts: Iterable[str], *, footer: str) -> str:
    """Return paragraphs as a receipt: between the marks by which the next one finds and replaces it."""
    small = f"<sub>{footer}</sub>\n\n" if footer else ""
    paragraphs = "\n\n".join(parts)
    return f"<!-- kt-budgets:receipt -->\n{paragraphs}\n\n{small}<!-- /kt-budgets:receipt -->\n"


def outcome_table(run: Run, escaped: Callable[[str], str]) -> list[str]:
    """Return the lines of a table of what became of every change, as many as there is room for; none without one."""
    rows = _within(_rows(run, lambda text: escaped(" ".join(text.split()))))
    more = len(run.outcomes) - len(rows)
    return [
        *(["| Change | Amount | Outcome | Ledger |", "|:--|--:|:--|:--|", *rows] if rows else []),
        *([f"\n{more} more rows are in the run's output."] if more > 0 else []),
    ]


def with_receipt(found: Marked, text: str) -> str:
    """Return a comment's text under `text`, in place of an earlier receipt. What was edited by hand is not kept."""
    if not found.is_untouched:
        return f"{text}\nThe plan that stood here was edited by hand and is left out; the check run has it.\n"
    whole = f"{text}\n{_BLOCK.sub('', found.text)}"
    if len(whole.encode()) > LARGEST - _ROOM_FOR_MARKER:
        return f"{text}\nThe plan that stood here is too long to stand beside this; the check run has it.\n"
    return whole


def _within(rows: Iterator[str]) -> list[str]:
    """Return the first rows that fit, whole."""
    fitting: list[str] = []
    room = _LARGEST_TABLE
    for row in rows:
        room -= len(row.encode()) + 1
        if room < 0:
            break
        fitting.append(row)
    return fitting


def _rows(run: Run, escaped: Callable[[str], str]) -> Iterator[str]:
    for outcome in run.outcomes:
        reason = f": {escaped(outcome.reason[:300])}" if outcome.reason and not _is_done(outcome) else ""
        amount = f"{outcome.amount:,.2f}" if outcome.amount is not None else "–"
        ledger = escaped(outcome.transaction) if outcome.transaction else "–"
        yield f"| {_subject(outcome, escaped)} | {amount} | {_WORDS[outcome.status]}{reason} | {ledger} |"


def _subject(outcome: Outcome, escaped: Callable[[str], str]) -> str:
    verb = _VERBS.get(outcome.kind, outcome.kind.replace("_", " "))
    about = outcome.wallet or outcome.key or ""
    return ": ".join(part for part in (escaped(outcome.team), f"{verb} {escaped(about)}".strip()) if part)


def _is_done(outcome: Outcome) -> bool:
    return outcome.status in (Status.APPLIED, Status.ALREADY_APPLIED)
