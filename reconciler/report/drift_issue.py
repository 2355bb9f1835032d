"""The words of issues about drift and about what was left behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from reconciler.model.drift import DriftItem
from reconciler.model.forge_words import USUAL, ForgeWords
from reconciler.model.waiting import Dispatch, Waiting
from reconciler.report.escape import escaped

Page = Callable[[str], str] | None
_ROOM = 60_000
"""Bytes for the differences: a forge takes 65,536 characters in all."""

_CURE = (
    "To keep a change, run `kt-budgets drift --accept` and open a {words.request} with the result. To undo it, run"
    " {undo} by hand, which applies what git says. To live with it for a while, add it to"
    " `acknowledged_drift` in org.yaml. This issue closes itself when nobody is needed any more."
)
_UNREAD = (
    "**Keeptrusts could not be read**: its answer is in the log of this {words.pipeline}'s last run. What follows is"
    " what git, {words.forge} and the journal show. What was changed by hand, and what wallets hold, is not known until"
    " it answers."
)
_NOTHING_KNOWN = "As far as they show, nothing is left behind."
_UNKNOWN_MONTH = "month that may not be open"
_WAITING = {
    "journal": "What the journal says is not believed",
    "month": "The month is not open",
    _UNKNOWN_MONTH: "Nobody knows whether the month is open",
    "landing": "Merged, and not applied",
    "run": "A run that never finished",
    "operation": "Nobody knows whether it arrived",
    "lock": "A lock that nobody gives back",
}
_COMMIT = re.compile(r"\b([0-9a-f]{64}|[0-9a-f]{40})\b")
_PLAIN = re.compile(r"[\w.:/@=;+-]+(?: [\w.:/@=;+-]+)*", re.ASCII)
_DOUBTFUL = "doubtful"
_HEADINGS = {
    _DOUBTFUL: "In doubt: git and Keeptrusts cannot be compared",
    "changed": "Changed by hand",
    "missing": "Missing",
    "unmanaged": "Not in any YAML",
    "pending": "Explained by git, not applied yet",
    "unreclaimable": "Applied, and already spent",
    "acknowledged": "Accepted for now",
}


def issue_title(
    needed: Sequence[DriftItem], waiting: Sequence[Waiting] = (), *, team: str = "", unread: bool = False
) -> str:
    """Return the title: how many differences need a person, how much was left behind, and whether that is all."""
    about = f"Budget drift, {team}" if team else "Budget drift"
    count, left = len(needed), len(waiting)
    found = [f"{count} difference{'s' if count != 1 else ''} between Keeptrusts and git"] if count else []
    if left:
        found.append(f"{left} thing{'s' if left != 1 else ''} left behind")
    if unread:
        found.append("Keeptrusts could not be read")
    return f"{about}: {' and '.join(found) or 'none'}"


def issue_text(
    found: Sequence[tuple[DriftItem, bool]],
    *,
    words: ForgeWords = USUAL,
    doubtful: Collection[str] = (),
    waiting: Sequence[Waiting] = (),
    page: Page = None,
    owners: Sequence[str] = (),
    unread: bool = False,
) -> str:
    """Return the issue's Markdown: what was left behind first, then what needs a person.

    `doubtful` are the wallets of which nobody can say whether they differ, `page` says where a workflow is started by
    hand, and `owners` are those who own this and cannot be assigned. Where Keeptrusts is `unread`, nothing is known of
    differences: only what git, the forge and the journal show is told. `words` are what the forge's people say.
    """
    parts, room = _left_behind(waiting, page, words, _ROOM)
    if unread:
        what = _UNREAD.format(words=words)
        parts = [what if waiting else f"{what} {_NOTHING_KNOWN}", *parts]
    for category, heading in _HEADINGS.items():
        listed = [item for item, _ in found if _heading(item, doubtful) == category]
        lines, room = _fitting([f"- {_line(item.sentence)}" for item in listed], room)
        if listed:
            parts.append(f"### {heading}\n\n" + "\n".join(lines))
    if any(needs_person for _, needs_person in found):
        undo = _by_hand("apply.yml", words)
        parts.append(_CURE.format(words=words, undo=undo))
    elif waiting:
        parts.append("This issue closes itself when nobody is needed any more.")
    if owners and parts:
        parts.append(f"Owners: {', '.join(escaped(owner) for owner in owners[:50])}.")
    return "\n\n".join(parts or ["Keeptrusts is as git says."]) + "\n"


def _left_behind(waiting: Sequence[Waiting], page: Page, words: ForgeWords, room: int) -> tuple[list[str], int]:
    parts = []
    for kind, heading in _WAITING.items():
        told = [item for item in waiting if _kind(item) == kind]
        same = {(item.cure, item.dispatch.model_dump_json()) for item in told}
        each = [_line(item.sentence) + ("" if len(same) == 1 else _mend(item, page, words)) for item in told]
        lines, room = _fitting([f"- {line}" for line in each], room)
        if told:
            mended = _mend(told[0], page, words).strip() if len(same) == 1 else ""
            parts.append(f"### {heading}\n\n" + "\n".join(lines) + (f"\n\n{mended}" if mended else ""))
    return parts, room


def _kind(item: Waiting) -> str:
    return _UNKNOWN_MONTH if (item.kind, item.state) == ("month", "unknown") else item.kind


def _mend(item: Waiting, page: Page, words: ForgeWords) -> str:
    return f" {_line(item.cure)} {_button(item.dispatch, page, words)}"


def _button(dispatch: Dispatch, page: Page, words: ForgeWords) -> str:
    """Return the one dispatch that mends it: a link to its page, and what to fill in there, which people copy."""
    task = words.task(dispatch.workflow)
    name = f"[{task}]({page(dispatch.workflow)})" if page else f"`{task}`"
    filled = words.filled(dispatch.workflow, dispatch.inputs)
    inputs = ", ".join(f"`{key}` = {_copied(value)}" for key, value in filled.items())
    return f"(Run {words.pipeline}: {name}{', with ' + inputs if inputs else ''})"


def _by_hand(workflow: str, words: ForgeWords) -> str:
    if words.variables:
        return f"a {words.pipeline} with `{words.task(workflow)}`"
    return f"the workflow `{words.whole}` with `do` = `apply`" if words.whole else "the workflow `Budget apply`"


def _copied(value: str) -> str:
    """Return a value as a code span where it is plain enough for one: what is escaped holds signs that nobody sees."""
    return f"`{value}`" if _PLAIN.fullmatch(value) else escaped(value)


def _fitting(lines: Sequence[str], room: int) -> tuple[list[str], int]:
    """Return the lines that fit, with how many more there are, and the room that is left."""
    kept: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    if more := len(lines) - len(kept):
        kept.append(f"- {more} more; `kt-budgets drift` lists them all")
    return kept, room


def _line(text: str) -> str:
    """Return a sentence on one line; whole commit ids in it can be copied."""
    pieces = _COMMIT.split(" ".join(text[:1000].split()))
    return "".join(f"`{piece}`" if _COMMIT.fullmatch(piece) else escaped(piece) for piece in pieces)


def _heading(item: DriftItem, doubtful: Collection[str]) -> str:
    return _DOUBTFUL if item.category == "pending" and item.wallet in doubtful else item.category
