"""What a pull request shows of each file: the lines of its head that a review comment can stand on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.forge.change_request import ChangeRequest, Lines, Shown
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import Repository

_HEADER = re.compile(r"@@ -[0-9]+(?:,[0-9]+)? \+(?P<first>[0-9]+)(?:,(?P<count>[0-9]+))? @@")


def shown_lines(channel: Channel, repository: Repository, pull: ChangeRequest) -> Shown:
    """Return what the pull request shows; a file whose difference GitHub leaves out, for its size, shows nothing."""
    shown: dict[str, tuple[Lines, ...]] = {}
    for item in channel.pages(f"{repository.path}/pulls/{pull.number}/files"):
        path, patch = item.get("filename"), item.get("patch")
        if isinstance(path, str) and isinstance(patch, str):
            shown[path] = tuple(runs_of(patch))
    return shown


def runs_of(patch: str) -> Iterator[Lines]:
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


def _run(header: re.Match[str] | None, texts: list[str]) -> Iterator[Lines]:
    if header is not None:
        count = int(header["count"] or 1)
        yield Lines(int(header["first"]), count, tuple(texts[:count]))
