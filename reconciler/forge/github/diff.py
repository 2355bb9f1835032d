"""What a pull request shows of each file: the lines of its head that a review comment can stand on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import PullRequest, Repository

_HEADER = re.compile(r"@@ -[0-9]+(?:,[0-9]+)? \+(?P<first>[0-9]+)(?:,(?P<count>[0-9]+))? @@")


@dataclass(frozen=True, slots=True)
class Run:
    """Lines that are shown in one piece: the number of the first, how many, and their texts without line ends."""

    first: int
    count: int
    texts: tuple[str, ...]

    def holds(self, start: int, line: int) -> bool:
        return self.first <= start and line < self.first + self.count

    def says(self, start: int, texts: tuple[str, ...]) -> bool:
        """Whether the lines from `start` on are `texts`."""
        offset = start - self.first
        return offset >= 0 and self.texts[offset : offset + len(texts)] == texts

    def places(self, texts: tuple[str, ...]) -> Iterator[int]:
        """Yield each line from which on the lines are `texts`."""
        for start in range(self.first, self.first + len(self.texts) - len(texts) + 1):
            if self.says(start, texts):
                yield start


Shown = Mapping[str, tuple[Run, ...]]
"""The runs of each file, by its path from the top of the repository."""


def shown_lines(channel: Channel, repository: Repository, pull: PullRequest) -> Shown:
    """Return what the pull request shows; a file whose difference GitHub leaves out, for its size, shows nothing."""
    shown: dict[str, tuple[Run, ...]] = {}
    for item in channel.pages(f"{repository.path}/pulls/{pull.number}/files"):
        path, patch = item.get("filename"), item.get("patch")
        if isinstance(path, str) and isinstance(patch, str):
            shown[path] = tuple(runs_of(patch))
    return shown


def runs_of(patch: str) -> Iterator[Run]:
    """Yield the runs of a unified difference, on the side of what it leads to."""
    header: re.Match[str] | None = None
    texts: list[str] = []
    for line in patch.split("\n"):
        found = _HEADER.match(line)
        if found:
            yield from _run(header, texts)
            header, texts = found, []
        elif not line.startswith(("-", "\\")):
            texts.append(line[1:].removesuffix("\r"))
    yield from _run(header, texts)


def _run(header: re.Match[str] | None, texts: list[str]) -> Iterator[Run]:
    if header is not None:
        count = int(header["count"] or 1)
        yield Run(int(header["first"]), count, tuple(texts[:count]))
