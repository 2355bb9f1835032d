"""The places that origins stand for, found again only when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from reconciler.findings import Origin, Position
from reconciler.source.characters import readable
from reconciler.source.marks import Node, mark_tree, place


def positions(files: Mapping[str, bytes], origins: Iterable[Origin]) -> dict[Origin, Position]:
    """Return the line and column of the value that each origin leads to, in `files` as they were read, by their paths.

    A file that is not there, or a key that is not in it, has the position of what there is of the way to it.
    """
    return {origin: _position(files.get(origin.path, b""), origin) for origin in origins}


def _position(data: bytes, origin: Origin) -> Position:
    tree = _tree(data)
    return Position(origin.path, *place(tree, origin.keys)) if tree else Position(origin.path)


@lru_cache(maxsize=256)
def _tree(data: bytes) -> Node | None:
    """Where things stand in a text is asked for several times in a run, and stays so."""
    return mark_tree(readable(data)[0] or b"")
