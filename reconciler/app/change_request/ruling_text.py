"""Rulings in words: the title and the text of the check, and a line for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reconciler.app.change_request.ruling import Ruling
from reconciler.forge.check import Conclusion
from reconciler.forge.judgement import Judged
from reconciler.policy.approvals import Requirement

_MOST_ROWS = 200
_NAMED = 6


def conclusion_of(rulings: Sequence[Ruling]) -> Conclusion:
    """Return what the check says of all of them together: what is worst of them."""
    states = {ruling.state for ruling in rulings}
    if "refused" in states:
        return "failure"
    return "waiting" if "waiting" in states else "success"


def title_of(ruling: Ruling) -> str:
    """Return a ruling in a few words."""
    if ruling.state == "nothing":
        return "No budgets change"
    if ruling.problems:
        words = ruling.problems[0].words
        return words[0].upper() + words[1:]
    if ruling.state == "approved":
        people = dict.fromkeys(login for item in ruling.judged for login in item.approved_by)
        return f"Approved by {_few(tuple(people))}" if people else "Nobody has to approve it"
    return f"Waits for {_few(waited_for(ruling))}"


def waited_for(ruling: Ruling) -> tuple[str, ...]:
    """Return whose approval is missing, without the sign that would call them."""
    missing = [item.requirement for item in ruling.judged if item.missing] if ruling.judged else ruling.required
    return tuple(dict.fromkeys(owners_of(item) for item in missing))


def owners_of(requirement: Requirement) -> str:
    """Return who may approve, without the sign that would call them."""
    return " or ".join(requirement.owners).replace("@", "") or "nobody that is named"


def summary_of(ruling: Ruling, *, escaped: Callable[[str], str]) -> str:
    """Return a ruling as Markdown. `escaped` makes text from outside harmless."""
    if ruling.state == "nothing":
        return "No value in the budget files differs, so nobody has to approve anything here.\n"
    parts = [f"**{escaped(item.words)}**\n\nWhat to do: {escaped(item.cure)}." for item in ruling.problems]
    if ruling.record:
        run = f", shown by run {ruling.record.run[0]}" if ruling.record.run else ""
        digest = ruling.record.digest.removeprefix("sha256:")[:12]
        parts.append(f"Approvals are of plan `{digest}` for {ruling.record.period}{run}, at `{ruling.head[:7]}`.")
    if ruling.judged:
        parts.append(_table([_row(item, escaped) for item in ruling.judged]))
    elif ruling.required:
        parts.append(_table([f"| {escaped(i.reason)} | {escaped(owners_of(i))} | – | – |" for i in ruling.required]))
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[str]) -> str:
    more = [f"\n{len(rows) - _MOST_ROWS} more rows are left out here."] if len(rows) > _MOST_ROWS else []
    head = ["| What | Who approves it | Approved by | What is missing |", "|:--|:--|:--|:--|"]
    return "\n".join([*head, *rows[:_MOST_ROWS], *more])


def _row(item: Judged, escaped: Callable[[str], str]) -> str:
    by = ", ".join(item.approved_by) or "–"
    if item.missing:
        near = "; ".join(item.missing.near)
        why = escaped(f"{item.missing.hint.replace('@', '')}{': ' if near else ''}{near}")
    elif item.stood_in:
        why = escaped(f"nothing: {item.stood_in.why.replace('@', '')}")
    else:
        why = "nothing"
    return f"| {escaped(item.requirement.reason)} | {escaped(owners_of(item.requirement))} | {escaped(by)} | {why} |"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
