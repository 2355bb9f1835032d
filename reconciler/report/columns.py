"""Columns of text on a terminal: aligned by what the eye sees, or one record below the other where it is narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rich.cells import cell_len, set_cell_size

Align = Literal["left", "right"]
GAP = "  "
_INKED = "\x1b"
_PROSE = 28
"""A left-aligned column that is wider holds sentences."""
GLUE = "\u00a0"
"""A space at which no line is broken. No text from outside holds one."""


def columns_of(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


@dataclass(frozen=True)
class Grid:
    """Rows of texts below headings. The first column names the row."""

    headings: tuple[str, ...]
    aligns: tuple[Align, ...]
    rows: tuple[tuple[str, ...], ...]

    @cached_property
    def widths(self) -> tuple[int, ...]:
        return tuple(max(map(columns_of, column)) for column in zip(self.headings, *self.rows, strict=True))

    def lines(self, width: int) -> list[str]:
        """Return the grid as lines of at most `width` columns, indented by two.

        Where it is too wide, sentences stand below their rows, then there are several parts, or a record for each row.
        """
        if not self.fits(width) and (prose := self._prose()) and (kept := self._only(prose, False)).fits(width):
            return kept.with_below(self._only(prose, True), width)
        parts = list(self._parts(width))
        if not all(part.fits(width) for part in parts):
            return self._records(width)
        return [line for index, part in enumerate(parts) for line in (*([""] if index else []), *part.aligned())]

    def _prose(self) -> frozenset[int]:
        """Return the columns of sentences, which can be wrapped; figures, days and short words are to be compared."""
        widths = self.widths
        return frozenset(
            index for index, align in enumerate(self.aligns) if index and align == "left" and widths[index] > _PROSE
        )

    def _only(self, columns: frozenset[int], are_kept: bool) -> Grid:
        chosen = [index for index in range(len(self.headings)) if not index or (index in columns) == are_kept]
        return Grid(
            tuple(self.headings[index] for index in chosen),
            tuple(self.aligns[index] for index in chosen),
            tuple(tuple(row[index] for index in chosen) for row in self.rows),
        )

    def with_below(self, prose: Grid, width: int) -> list[str]:
        """Return aligned rows, each with the sentences of the same row of `prose` in lines below it."""
        lines = self.aligned()
        heads = len(lines) - len(self.rows)
        found = lines[:heads]
        for line, row in zip(lines[heads:], prose.rows, strict=True):
            found.append(line)
            for heading, text in zip(prose.headings[1:], row[1:], strict=True):
                told = f"{heading}: {text}" if heading else text
                found += wrapped(told, width, indent=6, hanging=8) if text else []
        return found

    def _parts(self, width: int) -> Iterator[Grid]:
        """Yield grids that repeat the first column and share out the others, as many in each as fit."""
        start = 1
        while start < len(self.headings):
            end = start + 1
            while end < len(self.headings) and self._part(start, end + 1).fits(width):
                end += 1
            yield self._part(start, end)
            start = end

    def _part(self, start: int, end: int) -> Grid:
        return Grid(
            (self.headings[0], *self.headings[start:end]),
            (self.aligns[0], *self.aligns[start:end]),
            tuple((row[0], *row[start:end]) for row in self.rows),
        )

    def fits(self, width: int) -> bool:
        return sum(self.widths) + len(GAP) * len(self.widths) <= width

    def without(self, column: int) -> Grid:
        return Grid(
            self.headings[:column] + self.headings[column + 1 :],
            self.aligns[:column] + self.aligns[column + 1 :],
            tuple(row[:column] + row[column + 1 :] for row in self.rows),
        )

    def aligned(self) -> list[str]:
        headed = [self.headings] if any(self.headings) else []
        shapes = tuple(zip(self.widths, self.aligns, strict=True))
        return [_line(row, shapes) for row in (*headed, *self.rows)]

    def _records(self, width: int) -> list[str]:
        found = []
        for title, *rest in self.rows:
            found.extend(wrapped(title, width, indent=2))
            named = zip(self.headings[1:], rest, strict=True)
            pairs = [_kept_together(f"{heading} {text}", width - 7) for heading, text in named if text]
            found.extend(wrapped(", ".join(pairs), width, indent=6))
        return found


def _kept_together(pair: str, width: int) -> str:
    """Return a heading with its text as one word where a line holds it; else it may break between its words."""
    return pair.replace(" ", GLUE) if columns_of(pair) <= width else pair


def _line(row: Sequence[str], shapes: Sequence[tuple[int, Align]]) -> str:
    cells = (padded(text, width, align) for text, (width, align) in zip(row, shapes, strict=True))
    return (GAP + GAP.join(cells)).rstrip()


def clipped(text: str, width: int) -> str:
    """Return `text` cut to `width` columns, with three dots where something was cut."""
    return text if columns_of(text) <= width else f"{set_cell_size(text, width - 3).rstrip()}..."


def clipped_apart(texts: Sequence[str], width: int) -> list[str]:
    """Return each of `texts` cut to `width` columns, so that no two different ones become the same."""
    ends: dict[str, list[str]] = {}
    found: list[str] = []
    cuts = [clipped(text, width) for text in texts]
    cut_to: dict[str, set[str]] = {}
    for text, cut in zip(texts, cuts, strict=True):
        cut_to.setdefault(cut, set()).add(text)
    for text, cut in zip(texts, cuts, strict=True):
        if len(cut_to[cut]) > 1:
            half = (width - 3) // 2
            cut = f"{set_cell_size(text, half).rstrip()}...{_tail(text, half)}"
        taken = ends.setdefault(cut, [])
        if text not in taken:
            taken.append(text)
        number = taken.index(text) + 1
        found.append(cut if number == 1 else f"{clipped(cut, width - 4)} #{number}")
    return found


def _tail(text: str, width: int) -> str:
    start = len(text)
    while start and columns_of(text[start - 1 :]) <= width:
        start -= 1
    return text[start:].lstrip()


def padded(text: str, width: int, align: Align) -> str:
    """Return `text` filled with spaces to `width` columns."""
    filled = " " * (width - columns_of(text))
    return filled + text if align == "right" else text + filled


def wrapped(text: str, width: int, *, indent: int, hanging: int | None = None) -> list[str]:
    """Return `text` broken between words into lines of at most `width` columns; `hanging` indents all but the first."""
    lines: list[str] = []
    later = indent if hanging is None else hanging
    line = " " * indent
    empty = True
    for word in _fitting(text, width - max(indent, later)):
        if not empty and columns_of(line) + 1 + columns_of(word) > width:
            lines.append(line)
            line, empty = " " * later, True
        line += word if empty else f" {word}"
        empty = False
    return [found.replace(GLUE, " ").rstrip() for found in ([*lines, line] if not empty else lines)]


def fitted(text: str, width: int) -> str:
    """Return `text` with each line that is wider than `width` broken between words, its rest a little further in."""
    return "\n".join(part for line in text.split("\n") for part in _broken(line, width))


def _broken(line: str, width: int) -> list[str]:
    if columns_of(line) <= width or _INKED in line:
        return [line]
    indent = len(line) - len(line.lstrip())
    return wrapped(line.strip(), width, indent=indent, hanging=min(indent + 2, width // 2))


def _fitting(text: str, width: int) -> list[str]:
    """Return the words of `text`; one that is wider than a line is cut into pieces."""
    pieces = []
    for word in text.split(" "):
        rest = word
        while columns_of(rest) > width:
            head = set_cell_size(rest, width).rstrip()
            pieces.append(head)
            rest = rest[len(head) :]
        pieces.append(rest)
    return pieces
