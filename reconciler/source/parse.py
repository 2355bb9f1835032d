"""Text of one YAML file → plain dicts, lists and scalars, built from parser events in one pass.

Nothing is executed, expanded or guessed: tags, merge keys, repeated keys, deep nesting and aliases that multiply are
flaws with their place, and reading goes on after them wherever that makes sense.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from reconciler.findings import Finding
from reconciler.model.yaml_types import shown
from reconciler.source.alike import Alike, parts_of
from reconciler.source.problem import flaw, syntax_flaw
from reconciler.source.scalars import NotationError, resolve

DEEPEST = 32
"""Levels of nesting that are read; budget files need five."""

REST_OF_AMOUNT = re.compile(r"[0-9]{3}(\.[0-9]+)?")
"""What YAML takes for a key of its own where an amount in brackets has a thousands separator, as in `{a: 1,500.00}`."""

MOST_REPEATED = 10_000
"""Values that aliases may add to one file."""


_alike = Alike()


@dataclass(frozen=True, slots=True)
class Parsed:
    """The value of the only document of a file (None: there is none that could be read) and the flaws on the way."""

    value: Any
    flaws: tuple[Finding, ...]
    empty: bool = False


def parse(data: bytes) -> Parsed:
    """Return what a YAML file says. `data` is UTF-8 without control characters (see `characters`)."""
    try:
        text = parts_of(data.decode("utf-8"))
    except UnicodeDecodeError:
        return parse_afresh(data)
    if (value := _alike.read(text)) is not None:
        return Parsed(value, ())
    parsed = parse_afresh(data)
    if isinstance(parsed.value, dict) and not parsed.flaws:
        _alike.learn(text, parsed.value)
    return parsed


def parse_afresh(data: bytes) -> Parsed:
    """Return what `parse` does, by a look at this file alone."""
    reader = _Reader(data)
    try:
        value, empty = reader.document()
    except _StopError:
        return Parsed(None, tuple(reader.flaws))
    except YAMLError as error:
        return Parsed(None, (*reader.flaws, syntax_flaw(error)))
    return Parsed(value, tuple(reader.flaws), empty)


@lru_cache(maxsize=1024)
def _is_word(text: str) -> bool:
    """Whether a key is text beyond doubt. The same keys come back in file after file."""
    return text.replace("_", "").isalpha() and text.isprintable() and resolve(text) == text


class _StopError(Exception):
    """Reading cannot go on; the flaw says why."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._next = CParser(data).get_event
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: set[str] = set()
        self._read = 0
        self._repeated = 0
        self.flaws: list[Finding] = []

    def document(self) -> tuple[Any, bool]:
        """Return the value of the document, and whether there is none."""
        self._next()
        if isinstance(self._next(), StreamEndEvent):
            return None, True
        value = self._node(self._next(), 0)
        self._next()
        event = self._next()
        if isinstance(event, DocumentStartEvent):
            message = "a second document starts here; a budget file holds one"
            self._flaw(event, "several-documents", message, "move it to a file of its own, or remove the `---`")
            raise _StopError
        return value, False

    def _node(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is ScalarEvent and event.ctag is event.anchor is None:
            self._read += 1
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event)
        if event.ctag is not None:
            message = f"the tag {shown(_tag_text(str(event.ctag)))} is not allowed; budgets are plain data"
            self._flaw(event, "yaml-tag", message, "remove the tag")
        before = self._read + self._repeated
        self._read += 1
        anchor = event.anchor
        if anchor is not None:
            self._open.add(anchor)
        if kind is ScalarEvent:
            value = self._scalar(event)
        elif depth >= DEEPEST:
            self._flaw(event, "too-deep", f"nested more than {DEEPEST} levels deep", "write it flat, as documented")
            raise _StopError
        elif kind is MappingStartEvent:
            value = self._mapping(depth + 1)
        else:
            value = self._sequence(depth + 1)
        if anchor is not None:
            self._open.discard(anchor)
            self._anchors[anchor] = (value, self._read + self._repeated - before)
        return value

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if not text.isprintable():
            self._check_characters(event, text)
        if not event.implicit[0]:
            return text
        try:
            return resolve(text)
        except NotationError as error:
            self._flaw(event, "number-notation", str(error), error.hint, fix=error.plain)
            return text

    def _mapping(self, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        next_event = self._next
        while type(event := next_event()) is not MappingEndEvent:
            if type(event) is ScalarEvent and event.ctag is event.anchor is None and _is_word(event.value):
                key = event.value
            else:
                key = self._key(event, depth)
            value_event = next_event()
            value = self._node(value_event, depth)
            if key is None:
                continue
            if key in result:
                message = f"the key {shown(key)} is here a second time; only one of them can be meant"
                self._flaw(event, "duplicate-key", message, "remove one of them")
                continue
            if value is None:
                self._empty(event, value_event, key)
            result[key] = value
        return result

    def _key(self, event: Any, depth: int) -> str | None:
        """Return the text of a key, None when it is none; keys that are not text are flaws."""
        if type(event) is not ScalarEvent:
            self._flaw(event, "complex-key", "a key must be text", "write a plain key")
            self._skip(event, depth)
            return None
        text: str = event.value
        plain = event.implicit[0]
        if plain and text == "<<":
            message = "the merge key `<<` is not allowed; what a file says must be visible where it says it"
            self._flaw(event, "merge-key", message, "write the merged keys out")
            return None
        value = self._node(event, depth)
        if isinstance(value, str):
            return value
        self._flaw(event, "key-not-text", f"the key {shown(text or '(empty)')} is not text", f'write `"{text}"`')
        return text

    def _empty(self, event: Any, value_event: Any, key: str) -> None:
        """Add the flaw of a key without value; between brackets, a number is the rest of `12,500.00` or of `18,5%`."""
        if REST_OF_AMOUNT.fullmatch(key):
            self._forget(event)
            message = f"{shown(key)} stands here alone, as it does after a thousands separator"
            self._flaw(event, "thousands-separator", message, "write amounts without separators, such as 12500.00")
        elif re.fullmatch(r"[0-9]+%?", key):
            self._forget(event)
            message = f"{shown(key)} stands here alone, as it does after a decimal comma"
            self._flaw(
                event, "decimal-comma", message, "write a point for the decimal comma, such as 12500.50 or 18.5%"
            )
        else:
            message = f"{shown(key)} has no value"
            self._flaw(value_event, "empty-value", message, "give it a value, or remove the key")

    def _skip(self, event: Any, depth: int) -> None:
        said = len(self.flaws)
        try:
            self._node(event, depth)
        finally:
            del self.flaws[said:]

    def _sequence(self, depth: int) -> list[Any]:
        result: list[Any] = []
        next_event = self._next
        while type(event := next_event()) is not SequenceEndEvent:
            value = self._node(event, depth)
            if value is None:
                self._flaw(event, "empty-value", "an item has no value", "give it a value, or remove the item")
            result.append(value)
        return result

    def _alias(self, event: Any) -> Any:
        name = event.anchor
        if name in self._anchors:
            value, size = self._anchors[name]
            self._repeated += size
            if self._repeated > MOST_REPEATED:
                message = f"aliases repeat more than {MOST_REPEATED:,} values"
                self._flaw(event, "alias-expansion", message, "write the values out")
                raise _StopError
            return value
        if name in self._open:
            message = f"the alias {shown('*' + name)} stands inside of what it repeats"
            self._flaw(event, "recursive-alias", message, "remove the alias")
        else:
            message = f"there is no anchor `&{name}` before the alias {shown('*' + name)}"
            self._flaw(event, "unknown-anchor", message, "put text that starts with `*` in quotes")
        return None

    def _check_characters(self, event: Any, text: str) -> None:
        from reconciler.source.characters import first_unwanted

        unwanted = first_unwanted(text)
        if unwanted is not None:
            message = f"this text holds {unwanted}, which cannot be seen or breaks the line"
            self._flaw(event, "control-character", message, "write it on one line, with visible characters only")

    def _forget(self, event: Any) -> None:
        """Take back what was said at the start of `event`."""
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        self.flaws = [each for each in self.flaws if not _is_at(each, line, column)]

    def _flaw(self, event: Any, code: str, message: str, hint: str, *, fix: str | None = None) -> None:
        """Add a flaw at the start of `event`; only the first one at a place counts."""
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        if not any(_is_at(each, line, column) for each in self.flaws[-3:]):
            self.flaws.append(flaw(line, column, code, message, hint, fix=fix))


def _tag_text(tag: str) -> str:
    core = "tag:yaml.org,2002:"
    return f"!!{tag.removeprefix(core)}" if tag.startswith(core) else tag


def _is_at(found: Finding, line: int, column: int) -> bool:
    return (found.position.line, found.position.column) == (line, column)
