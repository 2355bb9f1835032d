"""What format an export is in, told from its first bytes: a suffix can lie, and much that is named is no export."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from enum import StrEnum

from reconciler.findings import UsageError

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


_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_CONTAINERS = {
    b"PK\x03\x04": ("a zip archive or a spreadsheet", "unpack it (`unzip {0}`), or save the spreadsheet as CSV UTF-8,"),
    b"PK\x05\x06": ("an empty zip archive", "pack it again, or give the exports themselves,"),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "unpack it (`zstd -d {0}`)"),
    b"BZh": ("compressed with bzip2", "unpack it (`bunzip2 -k {0}`)"),
    b"\xfd7zXZ\x00": ("compressed with xz", "unpack it (`xz -dk {0}`)"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "unpack it (`7z x {0}`)"),
    b"\xd0\xcf\x11\xe0": ("an old spreadsheet", "save it as CSV UTF-8"),
    b"%PDF": ("a PDF", "export the events as CSV, JSON, JSON Lines or Parquet"),
    b"Obj\x01": ("an Avro file", "convert it to Parquet or JSON Lines"),
    b"ORC": ("an ORC file", "convert it to Parquet"),
    b"ARROW1": ("an Arrow or Feather file", "convert it to Parquet"),
    b"SQLite format 3": (
        "a SQLite database",
        "write the table of events as CSV (`sqlite3 -csv -header {0} 'SELECT …'`)",
    ),
    b"version https://git-lfs": (
        "the pointer that Git LFS leaves for a file",
        "fetch the file itself (`git lfs pull`)",
    ),
}
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<error")


def refuse_foreign(name: str, head: bytes) -> None:
    """Raise UsageError when a file that begins with `head` is known to be something else than an export in UTF-8."""
    if head.startswith(_UTF32) or _is_utf16(head):
        width = 32 if head.startswith(_UTF32) else 16
        order = "" if head.startswith((*_UTF16, *_UTF32)) else "LE" if head[1:2] == b"\x00" else "BE"
        command = f"iconv -f UTF-{width}{order} -t UTF-8 {shlex.quote(name)} > utf8-{shlex.quote(_base(name))}"
        raise _no_export(name, f"in UTF-{width}, not in UTF-8", f"write it in UTF-8 (`{command}`) and name that file")
    for magic, (what, cure) in _CONTAINERS.items():
        if head.startswith(magic):
            raise _no_export(name, what, f"{cure.format(shlex.quote(name))} and name what comes of it")
    if head.lstrip().lower().startswith(_MARKUP):
        cure = "download the export again, signed in, and look at the file before naming it"
        raise _no_export(name, "a web page or XML, as a download without a sign-in leaves it", cure)


def _is_utf16(head: bytes) -> bool:
    """Return whether a text has a mark of UTF-16, or every second of its first bytes is zero."""
    if head.startswith(_UTF16):
        return True
    start = head[:64]
    return len(start) >= 8 and any(set(start[first::2]) == {0} and 0 not in start[1 - first :: 2] for first in (0, 1))


def _base(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".gz")


def _no_export(name: str, what: str, cure: str) -> UsageError:
    return UsageError(f"{name}: it is {what}, so nothing of it was used", hint=cure)
