"""The places that origins stand for, found again only when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reconciler.findings import Origin, Position
from reconciler.source.characters import readable
from reconciler.source.marks import mark_tree, place
from reconciler.source.tree import folder_name


def positions(root: Path, origins: Iterable[Origin]) -> dict[Origin, Position]:
    """Return the line and column of the value that each origin leads to; only the files that are named are read.

    A file that has gone, or a key that is no longer there, has the position of what is left of the way to it.
    """
    name = folder_name(root)
    by_path: dict[str, list[Origin]] = {}
    for origin in origins:
        by_path.setdefault(origin.path, []).append(origin)
    result: dict[Origin, Position] = {}
    for path, wanted in by_path.items():
        tree = mark_tree(_data(root / path.removeprefix(f"{name}/")))
        for origin in wanted:
            result[origin] = Position(path, *place(tree, origin.keys)) if tree else Position(path)
    return result


def _data(file: Path) -> bytes:
    try:
        return readable(file.read_bytes())[0] or b""
    except OSError:
        return b""
