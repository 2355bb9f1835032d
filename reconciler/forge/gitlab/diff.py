"""What a merge request shows of each file: the lines of its head on which remarks can stand, and where they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.forge.change_request import ChangeRequest, Lines
from reconciler.forge.gitlab.merge_request import Project

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
