"""Where things stand in a YAML file: its tree of marks, made only when a place must be named or edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from reconciler.findings import Keys, Origin, Part, Position
from reconciler.source.characters import readable
from reconciler.source.parse import DEEPEST

Place = tuple[int, int]
"""Line and column, from 1."""


@dataclass(slots=True)
class Node:
    """A value: where it starts and ends, in which style it is written, and what it holds.

    An alias has the place of the alias and the children of what it repeats.
    """

    start: Place
    end: Place
    kind: str
    flow: bool = False
    alias: bool = False
    children: dict[str | int, tuple[Place, Node]] = field(default_factory=dict)


def mark_tree(data: bytes) -> Node | None:
    """Return the tree of marks of the first document, None when there is none that can be read."""
    try:
        return _Marker(data).root()
    except (YAMLError, RecursionError):
        return None


def place(root: Node, keys: Keys, part: Part = "value") -> Place:
    """Return where `keys` lead: to the value, to its key, or to the mapping itself.

    Where the path ends early, because something is missing, the place is the last value that is there.
    """
    node, at = root, root.start
    for depth, key in enumerate(keys):
        child = node.children.get(key)
        if child is None:
            return at
        key_place, node = child
        at = key_place if part == "key" and depth == len(keys) - 1 else node.start
    return at


def find(root: Node, keys: Keys) -> Node | None:
    node = root
    for key in keys:
        child = node.children.get(key)
        if child is None:
            return None
        node = child[1]
    return node


def keys_at(root: Node, at: Place) -> Keys | None:
    """Return the keys to the outermost value that starts at `at`, or whose key does; None when nothing does."""
    for key, (key_place, child) in root.children.items():
        if at in (key_place, child.start):
            return (key,)
        below = None if child.alias else keys_at(child, at)
        if below is not None:
            return (key, *below)
    return None


class _Marker:
    def __init__(self, data: bytes) -> None:
        self._next = CParser(data).get_event
        self._anchors: dict[str, Node] = {}

    def root(self) -> Node | None:
        self._next()
        self._next()
        event = self._next()
        return None if event is None else self._node(event, 0)

    def _node(self, event: Any, depth: int) -> Node:
        start, end = _place(event.start_mark), _place(event.end_mark)
        if type(event) is AliasEvent:
            target = self._anchors.get(event.anchor)
            return Node(start, end, "alias", alias=True, children=target.children if target else {})
        if type(event) is ScalarEvent:
            node = Node(start, end, event.style or "plain")
        elif depth >= DEEPEST:
            raise YAMLError
        else:
            node = Node(
                start, end, "mapping" if type(event) is MappingStartEvent else "sequence", bool(event.flow_style)
            )
            node.end = self._mapping(node, depth + 1) if node.kind == "mapping" else self._sequence(node, depth + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _mapping(self, node: Node, depth: int) -> Place:
        while type(event := self._next()) is not MappingEndEvent:
            key = event.value if type(event) is ScalarEvent else None
            if key is None:
                self._node(event, depth)
            child = self._node(self._next(), depth)
            if key is not None and key not in node.children:
                node.children[key] = (_place(event.start_mark), child)
        return _place(event.end_mark)

    def _sequence(self, node: Node, depth: int) -> Place:
        while type(event := self._next()) is not SequenceEndEvent:
            child = self._node(event, depth)
            node.children[len(node.children)] = (child.start, child)
        return _place(event.end_mark)


def _place(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1


_path = attrgetter("path")
"""Texts are kept for a while, so that what is asked of one is asked together."""


def positions(files: Mapping[str, bytes], origins: Iterable[Origin]) -> dict[Origin, Position]:
    """Return the line and column of the value that each origin leads to, in `files` as they were read, by their paths.

    A file that is not there, or a key that is not in it, has the position of what there is of the way to it.
    """
    return {origin: _position(files.get(origin.path, b""), origin) for origin in sorted(origins, key=_path)}


def _position(data: bytes, origin: Origin) -> Position:
    tree = _tree(data)
    return Position(origin.path, *place(tree, origin.keys)) if tree else Position(origin.path)


@lru_cache(maxsize=256)
def _tree(data: bytes) -> Node | None:
    """Where things stand in a text is asked for several times in a run, and stays so."""
    return mark_tree(readable(data)[0] or b"")
