"""Lines as a person counts them, and CSV files whose lines end in different ways, which the engine cannot read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

_CHUNK = 1 << 20
_QUOTE = b'"'
_OPENS_AFTER = b",;\t|\r\n"
_PIECES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ENDS = (b"\r\n", b"\n", b"\r")


def evened(source: Path, target: Path) -> bool:
    """Return whether the lines of a CSV file end in different ways; if so, write it to `target` with one line end.

    Line ends within quotes belong to a value: they stay, and are no difference.
    """
    if not _may_differ(source):
        return False
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


def _may_differ(source: Path) -> bool:
    """Return, in one quick pass, whether a file holds line ends of more than one kind, quoted or not."""
    with source.open("rb") as stream:
        chunk = stream.read(_CHUNK)
        foreign = b"\n" if b"\n" not in chunk else b"" if b"\r" in chunk else b"\r"
        while chunk:
            if (foreign in chunk) if foreign else not _only_pairs(chunk):
                return True
            carried = b"\r" if not foreign and chunk.endswith(b"\r") else b""
            following = stream.read(_CHUNK)
            if carried and not following:
                return True
            chunk = carried + following
    return False


def _only_pairs(chunk: bytes) -> bool:
    """Return whether each LF of a chunk follows a CR, and each CR but one that is its last byte is before an LF."""
    octets = np.frombuffer(chunk, np.uint8)
    return chunk[:1] != b"\n" and bool(np.array_equal(octets[1:] == ord("\n"), octets[:-1] == ord("\r")))
