"""The characters of a file, looked at before YAML is: encoding, line ends, and what nobody can see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from reconciler.findings import Finding, Severity
from reconciler.source.problem import flaw

CHARACTER_CODES = frozenset({"byte-order-mark", "carriage-returns", "invisible-character", "windows-line-ends"})
"""The codes of flaws that leave the rest of a file readable."""

_BOM = b"\xef\xbb\xbf"
_PLAIN = bytes(range(0x20, 0x7F)) + b"\t\n"
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
_IN_VALUES = re.compile(f"[\t\n]|{_UNWANTED.pattern}")
_NAMES = {"\n": "a line break", "\t": "a tab", "\r": "a carriage return", "\x1b": "an escape character"}


def readable(data: bytes) -> tuple[bytes | None, list[Finding]]:
    """Return bytes that a YAML parser can take (None when it is not UTF-8), and the flaws of what was there.

    Unwanted characters are replaced by blanks, so that lines and columns of everything else stay what an editor shows.
    """
    if not data.translate(None, _PLAIN):
        return data, []
    flaws: list[Finding] = []
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
        flaws.append(
            flaw(1, 1, "byte-order-mark", "the file starts with a byte order mark", "save it as UTF-8 without BOM")
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return None, [*flaws, _not_utf8(data, error)]
    if "\r" in text:
        text = _unix_lines(text, flaws)
    if "\0" in text:
        line, column = line_column(text, text.index("\0"))
        return None, [*flaws, flaw(line, column, "not-text", "the file is not text", "replace it by a YAML file")]
    flaws.extend(_unwanted(text))
    return _UNWANTED.sub(" ", text).encode("utf-8"), flaws


def first_unwanted(text: str) -> str | None:
    """Return the name of the first character of a value that people cannot see or that breaks the line, if any."""
    match = _IN_VALUES.search(text)
    return _name(match[0]) if match else None


def without_unwanted(line: str) -> str:
    """Return a line without the characters that nobody can see; its own end stays."""
    end = "\r" if line.endswith("\r") else ""
    return _UNWANTED.sub("", line) + end


def line_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column, from 1, of a character of `text`."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _unwanted(text: str) -> Iterator[Finding]:
    """Yield the first character of each line that nobody can see."""
    for number, line in enumerate(text.split("\n"), 1):
        match = _UNWANTED.search(line)
        if match:
            message = f"the file holds {_name(match[0])} here, which cannot be seen"
            yield flaw(number, match.start() + 1, "invisible-character", message, "remove this character")


def _unix_lines(text: str, flaws: list[Finding]) -> str:
    offset = text.find("\r\n")
    if offset >= 0:
        place = line_column(text, offset)
        message = "lines end with CR LF, the way of Windows; they are read all the same"
        hint = "save the file with LF line ends, for instance with `* text=auto eol=lf` in .gitattributes"
        flaws.append(flaw(*place, "windows-line-ends", message, hint, severity=Severity.WARNING))
    text = text.replace("\r\n", "\n")
    if "\r" in text and "\n" not in text:
        hint = "save the file with LF line ends"
        flaws.append(flaw(1, text.index("\r") + 1, "carriage-returns", "lines end with CR alone", hint))
        return text.replace("\r", "\n")
    return text


def _not_utf8(data: bytes, error: UnicodeDecodeError) -> Finding:
    before = data[: error.start].decode("utf-8")
    line, column = line_column(before, len(before))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return flaw(1, 1, "not-utf8", "the file is UTF-16", "save it as UTF-8 without BOM")
    message = f"the byte 0x{data[error.start]:02x} is not UTF-8"
    return flaw(line, column, "not-utf8", message, "save the file as UTF-8")


def _name(character: str) -> str:
    name = unicodedata.name(character, "").lower()
    code = f"U+{ord(character):04X}"
    return _NAMES.get(character) or (f"the character {code} ({name})" if name else f"the control character {code}")
