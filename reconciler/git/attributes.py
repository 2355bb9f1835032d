"""What a repository's attributes do to files between a commit and a checkout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from reconciler.git.failures import GitError
from reconciler.git.places import attributes_file, work_tree
from reconciler.git.runner import ask

_OFF = ("unspecified", "unset")


class Filtered(NamedTuple):
    """A file of which a commit holds what a `filter` makes of it; the last word on that is had by the file `told_in`.

    `path` is below the folder that was asked about; `pattern` is what stands for the files of that folder in `told_in`.
    """

    path: str
    filter: str
    told_in: str
    pattern: str


def filtered(folder: Path, paths: Sequence[str]) -> list[Filtered]:
    """Return which of the files at these paths below `folder` git keeps through a filter, such as that of git LFS.

    Git is asked only where the repository's attributes speak of filters. None where git does not tell.
    """
    top, real = work_tree(folder), folder.resolve()
    telling = list(_telling(top, real)) if top is not None else []
    if top is None or not telling:
        return []
    given = "\0".join(paths).encode("utf-8", "surrogateescape")
    try:
        told = ask("check-attr", "-z", "--stdin", "filter", folder=real, given=given + b"\0")
    except GitError:
        return []
    words = told.decode("utf-8", "surrogateescape").split("\0")
    last = telling[-1]
    scope = top if last.name == "attributes" else last.parent
    above = f"{real.relative_to(scope).as_posix()}/**/" if scope in real.parents else ""
    where = last.relative_to(top).as_posix() if top in last.parents else str(last)
    return [
        Filtered(path, name, where, f"{above}*.yaml")
        for path, _, name in zip(words[::3], words[1::3], words[2::3], strict=False)
        if name not in _OFF
    ]


def _telling(top: Path, folder: Path) -> Iterator[Path]:
    """Yield the repository's files of attributes that speak of filters, the one that has the last word last."""
    above = [place for place in (folder, *folder.parents) if place == top or top in place.parents]
    below = [folder / name for name in ("policies", "teams")]
    for file in (*(place / ".gitattributes" for place in (*above[::-1], *below)), attributes_file(top)):
        with suppress(OSError):
            if file is not None and b"filter" in file.read_bytes():
                yield file
