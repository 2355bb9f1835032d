"""Values and comments as budget files write them: each on one line, read back as what it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from reconciler.source.characters import first_unwanted
from reconciler.source.scalars import NotationError, resolve

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./()-]+)*")
_OTHER_READERS = frozenset("yes no on off y n true false null".split())  # noqa: SIM905 - a list to read
_LONGEST_COMMENT = 140


def literal(value: str | bool | int) -> str:
    """Return YAML for a value: text without quotes where every reader takes it for that text, else in quotes."""
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        is_text = resolve(value) == value and isinstance(resolve(value), str)
    except NotationError:
        is_text = False
    is_plain = is_text and _PLAIN.fullmatch(value) and not value[0].isdigit() and value.lower() not in _OTHER_READERS
    return value if is_plain else "".join(map(_escaped, json.dumps(value, ensure_ascii=False)))


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


def literals(values: Iterable[str | bool | int]) -> str:
    """Return YAML for a list, on one line."""
    return f"[{', '.join(map(literal, values))}]"


def is_writable(text: str) -> bool:
    """Whether a budget file may hold this text: nothing in it is unseen, breaks the line, or is half a character."""
    return first_unwanted(text) is None and not any(0xD800 <= ord(character) < 0xE000 for character in text)


def comment(text: str) -> str:
    """Return text of anybody's as part of a comment: printable, on one line, cut when long."""
    seen = " ".join("".join(c if c.isprintable() and is_writable(c) else " " for c in text).split())
    return seen if len(seen) <= _LONGEST_COMMENT else f"{seen[: _LONGEST_COMMENT - 1]}…"
