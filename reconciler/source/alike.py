"""Files that are like one that was read before, but for values on one line: what they say is told without a parser.

A text is split into values and into all that is between them: keys, brackets, blanks, line breaks, comments. Of texts
with the same between their values a parser makes the same keys and lists, because no value can hold what would end it
or begin something else; where a value stands is learned from the parser itself, once for all that are alike. A text
that has anything else, or was not met before, is left to the parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.events import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from reconciler.source.scalars import NotationError, Scalar, resolve

_VALUE = re.compile(
    r"""
    ([\[:,-][ ]?)
    ( [\w+] [^\n,}\]\[{:#?"'\\ ]*+ (?:[ ]++ [^\n,}\]\[{:#?"'\\ ]++)*+
    | "[^\n"\\]*+"
    )
    (?!:)
    """,
    re.VERBOSE,
)
"""What is before a value, and the value: in double quotes without escapes, or plain without any character by which
YAML ends plain text, or begins anything in brackets. A key, which a colon follows, is none.
"""
_Node: TypeAlias = "int | dict[str, _Node] | list[_Node]"
"""The place of a value among those of a text; or keys or items, and what stands there."""


class Parts(NamedTuple):
    """A text, its values, and what is between them."""

    whole: str
    values: list[str]
    between: tuple[str, ...]


def parts_of(text: str) -> Parts:
    """Return a text in parts."""
    parts = _VALUE.split(text)
    return Parts(text, parts[2::3], (*parts[::3], *parts[1::3]))


class _Kind(NamedTuple):
    """What texts are that are alike: their one document, and the places of the values in double quotes.

    `constants` are the scalars that are the same in all of them; their places are those after the values.
    """

    root: _Node
    quoted: tuple[int, ...]
    constants: tuple[Scalar, ...]

    def read(self, values: list[str]) -> Any:
        """Return what a text with these `values` says, None where only a parser can tell, or tell what is wrong."""
        together = "".join(values)
        if not together.isprintable() or together.count('"') != 2 * len(self.quoted):
            return None
        try:
            found: list[Scalar] = [resolve(value) for value in values]
        except NotationError:
            return None
        for place in self.quoted:
            if values[place][0] != '"':
                return None
            found[place] = values[place][1:-1]
        if None in found:
            return None
        return _filled(self.root, [*found, *self.constants] if self.constants else found)


class Alike:
    """Texts that are known, `most` kinds of them."""

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._met: set[tuple[str, ...]] = set()
        self._kinds: dict[tuple[str, ...], _Kind | None] = {}

    def read(self, text: Parts) -> Any:
        """Return what a text says, of which only values differ from one that is known; None where it is not so."""
        kind = self._kinds.get(text.between)
        return kind.read(text.values) if kind else None

    def learn(self, text: Parts, said: Any) -> None:
        """Take note of a text in which nothing is wrong, and of what was `said` by it; the second of a kind is kept.

        Where such texts are not as alike as they seem, that is noted.
        """
        between = text.between
        if between in self._kinds or len(self._kinds) >= self._most:
            return
        if between in self._met:
            kind = _learned(text.whole)
            self._kinds[between] = kind if kind and kind.read(text.values) == said else None
            return
        if len(self._met) >= self._most:
            self._met.clear()
        self._met.add(between)


def _learned(text: str) -> _Kind | None:
    """Return what a text is an example of, None where one of its values is not all of a scalar."""
    spans = [match.span(2) for match in _VALUE.finditer(text)]
    learning = _Learning(text, spans)
    try:
        root = learning.document()
    except _OtherError:
        return None
    quoted = tuple(place for place, (first, _) in enumerate(spans) if text[first] == '"')
    return _Kind(root, quoted, tuple(learning.constants))


class _OtherError(Exception):
    """The text holds what may have another meaning beside other values."""


class _Learning:
    """What a parser makes of a text, with the places of its values; those in comments are left over."""

    def __init__(self, text: str, spans: list[tuple[int, int]]) -> None:
        self._next = CParser(text).get_event
        self._count = len(spans)
        self._left = {span: place for place, span in enumerate(spans)}
        self._others: list[tuple[int, int]] = []
        self.constants: list[Scalar] = []

    def document(self) -> _Node:
        """Return the places of what the document holds."""
        self._next()
        start = self._next()
        if start.version or start.tags:
            raise _OtherError
        root = self._node(self._next())
        if any(first < end and begin < last for first, last in self._others for begin, end in self._left):
            raise _OtherError
        return root

    def _node(self, event: Any) -> _Node:
        if type(event) not in (ScalarEvent, MappingStartEvent, SequenceStartEvent) or event.anchor or event.ctag:
            raise _OtherError
        if type(event) is ScalarEvent:
            return self._place(event)
        return dict(self._entries()) if type(event) is MappingStartEvent else list(self._items())

    def _place(self, event: Any) -> int:
        span = event.start_mark.index, event.end_mark.index
        if span in self._left:
            return self._left.pop(span)
        self._others.append(span)
        self.constants.append(resolve(event.value) if event.implicit[0] else event.value)
        return self._count + len(self.constants) - 1

    def _entries(self) -> Iterator[tuple[str, _Node]]:
        while type(key := self._next()) is not MappingEndEvent:
            if type(key) is not ScalarEvent or key.anchor or key.ctag:
                raise _OtherError
            self._others.append((key.start_mark.index, key.end_mark.index))
            yield key.value, self._node(self._next())

    def _items(self) -> Iterator[_Node]:
        while type(event := self._next()) is not SequenceEndEvent:
            yield self._node(event)


def _filled(node: _Node, values: list[Scalar]) -> Any:
    if isinstance(node, int):
        return values[node]
    if isinstance(node, dict):
        return {key: values[at] if type(at) is int else _filled(at, values) for key, at in node.items()}
    return [_filled(at, values) for at in node]
