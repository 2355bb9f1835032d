"""The words of the issue about drift."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from reconciler.model.plan import DriftItem

_ROOM = 60_000
"""Bytes for the differences: GitHub takes 65,536 characters in all."""

_CURE = (
    "To keep a change, run `kt-budgets drift --accept` and open a pull request with the result. To undo it, run"
    " the workflow `Budget apply` by hand, which applies what git says. To live with it for a while, add it to"
    " `acknowledged_drift` in org.yaml. This issue closes itself when nobody is needed any more."
)
_DOUBTFUL = "doubtful"
_HEADINGS = {
    _DOUBTFUL: "In doubt: git and Keeptrusts cannot be compared",
    "changed": "Changed by hand",
    "missing": "Missing",
    "unmanaged": "In no YAML",
    "pending": "Explained by git, not applied yet",
    "acknowledged": "Accepted for now",
}


def issue_title(needed: Sequence[DriftItem]) -> str:
    """Return the title: how many differences need a person."""
    count = len(needed)
    return (
        f"Budget drift: {count} difference{'s' if count != 1 else ''} between Keeptrusts and git"
        if count
        else ("Budget drift: none")
    )


def issue_text(
    found: Sequence[tuple[DriftItem, bool]], *, escaped: Callable[[str], str], doubtful: Collection[str] = ()
) -> str:
    """Return the issue's Markdown: what needs a person first. `escaped` makes text from outside harmless.

    `doubtful` are the wallets of which nobody can say whether they differ.
    """
    parts = []
    room = _ROOM
    for category, heading in _HEADINGS.items():
        listed = [item for item, _ in found if _heading(item, doubtful) == category]
        lines: list[str] = []
        for item in listed:
            line = f"- {escaped(' '.join(item.sentence[:1000].split()))}"
            room -= len(line.encode()) + 1
            if room < 0:
                break
            lines.append(line)
        if more := len(listed) - len(lines):
            lines.append(f"- {more} more; `kt-budgets drift` lists them all")
        if listed:
            parts.append(f"### {heading}\n\n" + "\n".join(lines))
    if any(needs_person for _, needs_person in found):
        parts.append(_CURE)
    return "\n\n".join(parts or ["Keeptrusts is as git says."]) + "\n"


def _heading(item: DriftItem, doubtful: Collection[str]) -> str:
    return _DOUBTFUL if item.category == "pending" and item.wallet in doubtful else item.category
