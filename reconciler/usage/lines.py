"""On which line of its file a row stands, as an editor counts lines.

The engine counts rows: an empty line is one to it or none, depending on where it is asked, and a value that holds line
ends is on one line. Files are only gone through when there is something to say about one of their rows.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reconciler.model.usage import RowIssue
from reconciler.usage.dialect import dialect_of
from reconciler.usage.formats import Format
from reconciler.usage.line_ends import records
from reconciler.usage.unpack import PlainFile

_CHUNK = 1 << 20
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(slots=True)
class Lines:
    """Where the rows of one file stand. `above` rows come before the header; the header is row 1.

    The engine's numbers count `empty` rows too. `longer` rows have more than one line; `longer_sums` are the further
    lines of each of them and those before it.
    """

    above: int = 0
    empty: list[int] = field(default_factory=list)
    longer: list[int] = field(default_factory=list)
    longer_sums: list[int] = field(default_factory=list)

    def row(self, counted: int) -> int:
        """Return the row that the engine calls `counted`, without empty ones."""
        return counted - self.above - (bisect_right(self.empty, counted) - bisect_right(self.empty, self.above))

    def line(self, row: int) -> int:
        counted = row + self.above
        for empty in self.empty[bisect_right(self.empty, self.above) :]:
            if empty > counted:
                break
            counted += 1
        before = bisect_left(self.longer, counted)
        return counted + (self.longer_sums[before - 1] if before else 0)

    def placed(self, rows: npt.NDArray[np.int64], rejected: Sequence[int]) -> npt.NDArray[np.int64]:
        """Return the lines of rows, counted without the `rejected` ones and ascending, from the header on."""
        counted = _with(rows, rejected) + self.above
        counted = _with(counted, self.empty[bisect_right(self.empty, self.above) :])
        further = np.concatenate([np.zeros(1, np.int64), np.array(self.longer_sums, np.int64)])
        lines: npt.NDArray[np.int64] = counted + further[np.searchsorted(self.longer, counted, side="left")]
        return lines


def _with(numbers: npt.NDArray[np.int64], others: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return numbers that were counted without the `others` as they are when these are counted too."""
    before = np.array(others, np.int64) - np.arange(len(others))
    return numbers + np.searchsorted(before, numbers, side="right")


@dataclass(slots=True)
class Book:
    """The lines of all files, each gone through when it is asked for."""

    files: Mapping[str, PlainFile]
    known: dict[str, Lines] = field(default_factory=dict)

    def of(self, path: str) -> Lines:
        """Return the lines of a scanned file; those of a file that has no lines of its own are its rows."""
        if path not in self.known:
            file = self.files.get(path)
            by_line = file is not None and file.format in (Format.CSV, Format.JSON_LINES)
            self.known[path] = lines_of(file) if file and by_line else Lines()
        return self.known[path]

    def placed(self, issues: Iterable[RowIssue]) -> list[RowIssue]:
        paths = {file.name: path for path, file in self.files.items()}
        return [
            replace(each, row=self.of(paths[each.path]).line(each.row)) if each.row and each.path in paths else each
            for each in issues
        ]


def lines_of_rows(file: PlainFile, rows: int) -> Lines:
    """Return the lines of a file that has so many `rows`, its header not counted.

    Where there are no more lines than that, each row is on one, and nothing need be looked for.
    """
    if file.format is Format.CSV:
        dialect = dialect_of(file.name, Path(file.path), ())
        if _line_count(Path(file.path), b"\r" if dialect.line_end == "\r" else b"\n") == rows + 1 + dialect.skip:
            return Lines(above=dialect.skip)
    elif file.format is not Format.JSON_LINES or _line_count(Path(file.path), b"\n") == rows:
        return Lines()
    return lines_of(file)


def _line_count(path: Path, end: bytes) -> int:
    number, last = 0, end
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            number, last = number + chunk.count(end), chunk[-1:]
    return number + (last != end)


def lines_of(file: PlainFile) -> Lines:
    is_csv = file.format is Format.CSV
    path = Path(file.path)
    lines = Lines(above=dialect_of(file.name, path, ()).skip if is_csv else 0)
    further = 0
    for counted, row in enumerate(records(path) if is_csv else _plain(path), 1):
        if not row.strip():
            lines.empty.append(counted)
        elif is_csv and (b"\n" in row[:-1] or b"\r" in row[:-2]):
            ends = len(_LINE_END.findall(row.rstrip(b"\r\n")))
            if ends:
                further += ends
                lines.longer.append(counted)
                lines.longer_sums.append(further)
    return lines


def _plain(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        yield from source


def first_flaw(path: Path) -> tuple[int, str] | None:
    """Return the first line of a JSON Lines file that is no JSON and why; None for a file that is written otherwise."""
    with path.open("rb") as source:
        for number, line in enumerate(source, 1):
            try:
                json.loads(line if line.strip() else b"null")
            except ValueError as error:
                whole_first = isinstance(error, json.JSONDecodeError) and error.msg == "Extra data"
                return (number, _why(error)) if number > 1 or whole_first else None
    return None


def _why(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        why = error.msg.removesuffix(" at")
        return f"{why[0].lower()}{why[1:]} at column {error.colno}"
    return "it is not UTF-8"
