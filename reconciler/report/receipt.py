"""Receipts: what became of what was announced, put on top of the comment that announced it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from reconciler.model.forge_words import USUAL, ForgeWords
from reconciler.model.merges import LandingOutcome
from reconciler.model.outcome import Outcome, Run, Status
from reconciler.report.escape import escaped
from reconciler.report.run_text import left_words

_LARGEST = 64_536
"""Bytes of a comment without its marker: a forge takes 65,536 characters in all."""

_LARGEST_TABLE = 15_000
"""Bytes for the rows."""

_LARGEST_REASON = 600
_MOST_REASONS = 20
_BLOCK = re.compile(r"\A<!-- kt-budgets:receipt -->\n.*?\n<!-- /kt-budgets:receipt -->\n+", re.DOTALL)
_HEADING = re.compile(r"\A<!-- kt-budgets:receipt -->\n#### ([^\n(]+) \(merged as `([0-9a-f]{7})`\)")
NOT_BEGUN = "Not applied yet"
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._:/-]{1,300}")
_VERBS = {"allocate": "allocated to", "reclaim": "taken back from"}
_WORDS = {
    Status.APPLIED: "applied",
    Status.ALREADY_APPLIED: "applied before",
    Status.REFUSED: "**refused**",
    Status.SKIPPED: "**skipped**",
    Status.UNKNOWN: "**unknown**",
    Status.FAILED: "**failed**",
}
_TITLES = {
    "applied": "Applied",
    "partly": "Applied in part",
    "refused": "Not applied: refused",
    "stale": "Not applied: the plan moved since it was shown",
    "unknown": "Not known whether it was applied",
    "failed": "Not applied: it could not be done",
    "nothing": "Nothing left to apply",
}


def receipt(run: Run, *, commit: str) -> str:
    counts = Counter(_WORDS[outcome.status].strip("*") for outcome in run.outcomes)
    listed = ", ".join(f"{count} {words}" for words, count in sorted(counts.items())) or "nothing to do"
    proof = (
        "Checked afterwards: Keeptrusts is as the YAML says."
        if run.converged
        else "**Not everything is as the YAML says.**"
    )
    title = f"#### {'Applied' if run.converged else 'Applied in part'} from `{commit[:7]}`: {listed}"
    table = "\n".join(_outcome_table(run))
    return _framed([title, proof, *([table] if table else [])], footer=f"Run {escaped(run.run)}")


def merge_receipt(landing: LandingOutcome, *, url: str, words: ForgeWords = USUAL) -> str:
    """Return what became of a landing as Markdown. `url` leads to the run of CI, if there is one."""
    run = landing.run
    own = filter(None, [landing.reason])
    named = list(dict.fromkeys([*landing.stood_in, *own, *landing.refused.values(), *left_words(run)]))
    more = len(named) - _MOST_REASONS
    lines = [f"- {_said(reason)}" for reason in named[:_MOST_REASONS]]
    by = f" Approved by {_said(', '.join(landing.approved_by))}." if landing.approved_by and landing.is_done else ""
    is_whole = run and run.converged and landing.is_done and not (run.left_out or landing.refused)
    proof = f"Checked afterwards: Keeptrusts is as the YAML says.{by}" if is_whole else ""
    parts = [
        f"#### {_TITLES[landing.status]} (merged as `{landing.commit[:7]}`)",
        *([proof] if proof else []),
        *(["\n".join(lines)] if lines else []),
        *([f"{more} more reasons are in the run's output."] if more > 0 else []),
        *([f"**Next:** {_said(landing.cure)}."] if landing.cure else []),
        *(["\n".join(_outcome_table(run))] if run and run.outcomes else []),
    ]
    footer = [f"Run {escaped(run.run)}"] if run else []
    return _framed(parts, footer=" · ".join([*footer, *_link(url, words)]))


def not_begun(error: Mapping[str, object], *, commit: str, url: str, words: ForgeWords = USUAL) -> str:
    """Return, as Markdown, that an apply could not begin: what `--format json` printed about the error."""
    what, cure = (_said(str(error.get(key) or "")) for key in ("error", "hint"))
    again = f"is tried again within the hour, or at once by the apply {words.pipeline}"
    parts = [
        f"#### {NOT_BEGUN} (merged as `{commit[:7]}`)",
        f"- {what or 'the apply could not begin'}",
        f"**Next:** {cure + '; it' if cure else 'it'} {again}.",
    ]
    return _framed(parts, footer="".join(_link(url, words)))


def title_of(text: str, commit: str) -> str:
    """Return the title of the receipt on top of a comment's text, if it is about the merge `commit`, else nothing."""
    match = _HEADING.match(text)
    return match[1] if match and match[2] == commit[:7] else ""


def with_receipt(below: str, text: str, *, is_untouched: bool, words: ForgeWords = USUAL) -> str:
    """Return a comment's text `below` a receipt, in place of an earlier one. What was edited by hand is not kept."""
    if not is_untouched:
        return f"{text}\nThe plan that stood here was edited by hand and is left out; the {words.check} has it.\n"
    whole = f"{text}\n{_BLOCK.sub('', below)}"
    if len(whole.encode()) > _LARGEST:
        return f"{text}\nThe plan that stood here is too long to stand beside this; the {words.check} has it.\n"
    return whole


def _framed(parts: Iterable[str], *, footer: str) -> str:
    """Return paragraphs as a receipt: between the marks by which the next one finds and replaces it."""
    small = f"<sub>{footer}</sub>\n\n" if footer else ""
    paragraphs = "\n\n".join(parts)
    return f"<!-- kt-budgets:receipt -->\n{paragraphs}\n\n{small}<!-- /kt-budgets:receipt -->\n"


def _said(text: str) -> str:
    return escaped(" ".join(text.split())[:_LARGEST_REASON])


def _link(url: str, words: ForgeWords) -> list[str]:
    return [f"[The {words.pipeline} run]({url})"] if _ADDRESS.fullmatch(url) else []


def _outcome_table(run: Run) -> list[str]:
    """Return the lines of a table of what became of every change, as many as there is room for; none without one."""
    rows: list[str] = []
    room = _LARGEST_TABLE
    for row in _rows(run):
        room -= len(row.encode()) + 1
        if room < 0:
            break
        rows.append(row)
    more = len(run.outcomes) - len(rows)
    return [
        *(["| Change | Amount | Outcome | Ledger |", "|:--|--:|:--|:--|", *rows] if rows else []),
        *([f"\n{more} more rows are in the run's output."] if more > 0 else []),
    ]


def _rows(run: Run) -> Iterator[str]:
    for outcome in run.outcomes:
        is_done = outcome.status in (Status.APPLIED, Status.ALREADY_APPLIED)
        reason = f": {_cell(outcome.reason[:300])}" if outcome.reason and not is_done else ""
        amount = f"{outcome.amount:,.2f}" if outcome.amount is not None else "–"
        ledger = _cell(outcome.transaction) if outcome.transaction else "–"
        yield f"| {_subject(outcome)} | {amount} | {_WORDS[outcome.status]}{reason} | {ledger} |"


def _subject(outcome: Outcome) -> str:
    verb = _VERBS.get(outcome.kind, outcome.kind.replace("_", " "))
    about = outcome.wallet or outcome.key or ""
    place = " / ".join(_cell(part) for part in (outcome.team, outcome.environment) if part)
    return ": ".join(part for part in (place, f"{verb} {_cell(about)}".strip()) if part)


def _cell(text: str) -> str:
    return escaped(" ".join(text.split()))
