"""Lines as a person counts them, and CSV files whose lines end in different ways, which the engine cannot read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

_CHUNK, _TAIL = 1 << 20, 1 << 16
_QUOTE = b'"'
_OPENS_AFTER = b",;\t|\r\n"
_PIECES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ENDS = (b"\r\n", b"\n", b"\r")


def evened(source: Path, target: Path) -> bool:
    """Return whether the rows of a CSV file end in different ways; if so, write it to `target` with one line end.

    Line ends within quotes belong to a value: they stay, and are no difference.
    """
    ends = {_end(line) for line in records(source)} - {b""}
    if len(ends) < 2:
        return False
    with target.open("wb") as sink:
        sink.writelines(line.removesuffix(_end(line)) + b"\n" * bool(_end(line)) for line in records(source))
    return True


def records(source: Path) -> Iterator[bytes]:
    """Yield the rows of a CSV file as they stand there, with their line ends; a quoted value may hold line ends."""
    kept: list[bytes] = []
    is_open = False
    for piece in _pieces(source):
        is_open = _is_open_after(piece, is_open)
        if is_open:
            kept.append(piece)
        elif kept:
            yield b"".join((*kept, piece))
            kept.clear()
        else:
            yield piece
    if kept:
        yield b"".join(kept)


def _pieces(source: Path) -> Iterator[bytes]:
    """Yield what stands between line ends of any kind, with them."""
    with source.open("rb") as stream:
        for line in stream:
            if b"\r" in line:
                yield from _PIECES.findall(line)
            else:
                yield line


def _is_open_after(piece: bytes, is_open: bool) -> bool:
    """Return whether a quoted value goes on after `piece`; a quote opens only where a value begins."""
    if piece.count(_QUOTE) % 2 == 0:
        return is_open
    at = piece.find(_QUOTE)
    while at >= 0:
        if not is_open:
            is_open = at == 0 or piece[at - 1] in _OPENS_AFTER or piece[:at] == _BYTE_ORDER_MARK
        elif piece[at + 1 : at + 2] == _QUOTE:
            at += 1
        else:
            is_open = False
        at = piece.find(_QUOTE, at + 1)
    return is_open


def _end(line: bytes) -> bytes:
    return next((end for end in _ENDS if line.endswith(end)), b"")


def look_through(head: bytes, rest: IO[bytes]) -> tuple[bool, bytes]:
    """Return whether a file has line ends of more than one kind, quoted or not, and its end, in one quick pass.

    `head` is what was read of it already, `rest` reads on from there.
    """
    foreign = b"\n" if b"\n" not in head else b"" if b"\r" in head else b"\r"
    chunk, end, differ = head, b"", False
    while chunk:
        following = rest.read(_CHUNK)
        carried = b"\r" if not foreign and chunk.endswith(b"\r") else b""
        is_cut = bool(carried) and not following
        differ = differ or (foreign in chunk if foreign else is_cut or not _only_pairs(chunk))
        end = (end if len(chunk) < _TAIL else b"") + chunk
        chunk = carried + following if following else b""
    return differ, end[-_TAIL:]


def _only_pairs(chunk: bytes) -> bool:
    """Return whether each LF of a chunk follows a CR, and each CR but one that is its last byte is before an LF."""
    octets = np.frombuffer(chunk, np.uint8)
    return chunk[:1] != b"\n" and bool(np.array_equal(octets[1:] == ord("\n"), octets[:-1] == ord("\r")))
