"""What a merge request shows of each file: the lines of its head on which remarks can stand, and where they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from reconciler.findings import RejectedError
from reconciler.forge.change_request import ChangeRequest, Lines
from reconciler.forge.gitlab.merge_request import Project
from reconciler.forge.protocol import Suggested

_HEADER = re.compile(r"@@ -(?P<old>[0-9]+)(?:,[0-9]+)? \+(?P<new>[0-9]+)(?:,[0-9]+)? @@")


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of a file's new side: its number, its text, and its number on the old side where it stands there too."""

    new: int
    old: int | None
    text: str


@dataclass(frozen=True, slots=True)
class ShownFile:
    """One file: its path before and after, and the lines that are shown, in the order of the file."""

    old_path: str
    new_path: str
    lines: tuple[Shown, ...]

    def pieces(self) -> Iterator[Lines]:
        """Yield the lines that are shown in one piece."""
        start = 0
        for index in range(1, len(self.lines) + 1):
            if index == len(self.lines) or self.lines[index].new != self.lines[index - 1].new + 1:
                part = self.lines[start:index]
                yield Lines(part[0].new, len(part), tuple(line.text for line in part))
                start = index


def shown_files(project: Project, request: ChangeRequest) -> dict[str, ShownFile]:
    """Return what is shown, by the path after the change; a file whose difference is left out for its size is not."""
    found = {}
    for item in project.channel.pages(f"{project.request(request.number)}/diffs"):
        old, new, patch = item.get("old_path"), item.get("new_path"), item.get("diff")
        if isinstance(old, str) and isinstance(new, str) and isinstance(patch, str):
            lines = tuple(_lines(patch))
            if lines:
                found[new] = ShownFile(old, new, lines)
    return found


def _lines(patch: str) -> Iterator[Shown]:
    old = new = 0
    for line in patch.split("\n"):
        if match := _HEADER.match(line):
            old, new = int(match["old"]), int(match["new"])
        elif not new or not line or line.startswith("\\"):
            continue
        elif line.startswith("-"):
            old += 1
        else:
            is_added = line.startswith("+")
            yield Shown(new, None if is_added else old, line[1:].removesuffix("\r"))
            new, old = new + 1, old if is_added else old + 1


_MOST_ABOVE = 100
"""GitLab takes suggestions of so many lines above the one on which the remark stands."""


def suggest(project: Project, request: ChangeRequest, wanted: Suggested) -> bool:
    """Make a suggestion; False where GitLab has no place for it: the head moved on, or does not show its last line."""
    document = project.channel.get(project.request(request.number))
    references = document.get("diff_refs") if isinstance(document, dict) else None
    file = shown_files(project, request).get(wanted.path)
    line = next((line for line in file.lines if line.new == wanted.last), None) if file else None
    above = wanted.last - wanted.first
    if not isinstance(references, dict) or references.get("head_sha") != request.head or above > _MOST_ABOVE:
        return False
    if file is None or line is None:
        return False
    place: dict[str, Any] = {
        "position_type": "text",
        **{key: references.get(key) for key in ("base_sha", "start_sha", "head_sha")},
        "old_path": file.old_path,
        "new_path": file.new_path,
        "new_line": line.new,
        **({"old_line": line.old} if line.old is not None else {}),
    }
    body = {"body": _body(wanted, above), "position": place}
    try:
        project.channel.write("POST", f"{project.request(request.number)}/discussions", body)
    except RejectedError as error:
        if error.status not in (httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY):
            raise
        return False
    return True


def _body(wanted: Suggested, above: int) -> str:
    """Return the remark; its fence is longer than any in the text that is suggested."""
    fence = "```"
    while fence in wanted.replacement:
        fence += "`"
    lines = f"{wanted.replacement}\n" if wanted.replacement else ""
    return f"{wanted.above.rstrip()}\n\n{fence}suggestion:-{above}+0\n{lines}{fence}\n"
