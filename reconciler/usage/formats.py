"""What format an export is in, told from its first bytes: a suffix can lie, and JSON comes in three shapes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

HEAD_BYTES = 1 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
_ENVELOPE_KEYS = ("events", "data")
_SPACE = " \t\r\n"


class Format(StrEnum):
    EMPTY = "empty"
    CSV = "csv"
    JSON_ARRAY = "array"
    JSON_LINES = "newline_delimited"
    JSON_OBJECTS = "unstructured"
    PARQUET = "parquet"


JSON = (Format.JSON_ARRAY, Format.JSON_LINES, Format.JSON_OBJECTS)


@dataclass(frozen=True, slots=True)
class FileShape:
    """A format and, for a JSON envelope, the byte at which its list of events opens and the text before that."""

    format: Format
    envelope: str | None = None


def recognise(head: bytes) -> FileShape:
    """Return the shape of a file that starts with `head`."""
    if head.startswith(PARQUET_MAGIC):
        return FileShape(Format.PARQUET)
    text = head.decode("utf-8", errors="replace").removeprefix("\ufeff").lstrip(_SPACE)
    if not text:
        return FileShape(Format.EMPTY)
    if text[0] == "[":
        return FileShape(Format.JSON_ARRAY)
    if text[0] == "{":
        return _object(head, text)
    return FileShape(Format.CSV)


def _object(head: bytes, text: str) -> FileShape:
    opening = _list_of_events(text)
    if opening is not None:
        before = head.decode("utf-8", errors="replace")
        return FileShape(Format.JSON_ARRAY, envelope=before[: before.index(text) + opening])
    first_line, newline, _ = text.partition("\n")
    try:
        json.loads(first_line)
    except ValueError:
        return FileShape(Format.JSON_OBJECTS if newline else Format.JSON_LINES)
    return FileShape(Format.JSON_LINES)


def _list_of_events(text: str) -> int | None:
    """Return where the envelope's list of events opens in `text`, None when the object is itself an event."""
    decoder = json.JSONDecoder()
    lists: list[int] = []
    at = _skip(text, 1)
    try:
        while text[at] == '"':
            key, at = decoder.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
            if text[at] == "[" and text[_skip(text, at + 1)] in "{]":
                if key in _ENVELOPE_KEYS:
                    return at
                lists.append(at)
            _, at = decoder.raw_decode(text, at)
            at = _skip(text, at)
            if text[at] == ",":
                at = _skip(text, at + 1)
    except (ValueError, IndexError, RecursionError):
        return lists[-1] if lists else None
    return lists[0] if len(lists) == 1 else None


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at
