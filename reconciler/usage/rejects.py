"""Rows of CSV files that a scan could not take apart, and what they tell about their file."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from ibis.backends.duckdb import Backend

from reconciler.forecast.windows import Days
from reconciler.model.usage import RowIssue
from reconciler.usage.engine import fetch
from reconciler.usage.events import LARGEST_COST
from reconciler.usage.lines import Book
from reconciler.usage.scans import Scan
from reconciler.usage.unpack import PlainFile, damaged

MESSAGES: Mapping[str, str] = {
    "wrong-columns": "not the columns that the header names; left out",
    "not-utf8": "not UTF-8; left out",
    "no-line-end": "the last row has no line end: it was counted as it is, but if the file was cut off there, what"
    " came after it is missing",
}
_CUT_OFF = ("MISSING COLUMNS", "UNQUOTED VALUE")
_LONGEST_ROW = 1 << 24


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was left out: its number, its money and its day as they are written, None and "" where not told."""

    row: int
    code: str
    cost: Decimal | None = None
    day: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The rejected rows by scanned file, ascending, and the money of last rows that have no line end."""

    rejects: Mapping[str, Sequence[Reject]] = field(default_factory=dict)
    open_ends: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, list[int]]:
        return {path: [each.row for each in rejects] for path, rejects in self.rejects.items()}

    def issues(self, names: Mapping[str, str], month: Days) -> list[RowIssue]:
        """Return an issue for each kind of rejected row in each file, of which `names` are for people."""
        tallies: dict[tuple[str, str], _Tally] = {}
        for path, rejects in self.rejects.items():
            for each in rejects:
                tallies.setdefault((path, each.code), _Tally(each.row)).add(each, month)
        return [tally.issue(names[path], code) for (path, code), tally in tallies.items()] + [
            RowIssue(names[path], 0, "no-line-end", MESSAGES["no-line-end"], 1, amount, counted=True)
            for path, amount in self.open_ends.items()
        ]


@dataclass(frozen=True, slots=True)
class _Row:
    path: str
    number: int
    kind: str
    swallowed: bool
    at: int

    @property
    def code(self) -> str:
        return "not-utf8" if self.kind == "INVALID ENCODING" else "wrong-columns"


def holds_broken_text(connection: Backend, scans: Sequence[Scan]) -> bool:
    """Return whether a scan met bytes that are not UTF-8 in a column that it was asked for."""
    if not any(scan.is_csv for scan in scans):
        return False
    found = fetch(connection, "SELECT count(*) AS n FROM reject_errors WHERE error_type = 'INVALID ENCODING'")
    return bool(found["n"][0])


def rejected_rows(connection: Backend, scans: Sequence[Scan], names: Mapping[str, str], book: Book) -> Rejected:
    """Return the rows of CSV files that the scan could not take apart; raise when one of them shows a cut-off file."""
    csvs = {file.path: scan for scan in scans if scan.is_csv for file in scan.files}
    rejects: dict[str, list[Reject]] = defaultdict(list)
    for counted in _rejects(connection) if csvs else ():
        lines = book.of(counted.path)
        row = replace(counted, number=lines.row(counted.number))
        _refuse_cut_off(row, f"{names[row.path]}:{lines.line(row.number)}")
        rejects[row.path].append(Reject(row.number, row.code, *_told(row, csvs[row.path])))
    ends = {file.path: _open_end(file, scan) for scan in scans if scan.is_csv for file in scan.files}
    return Rejected(rejects, {path: amount for path, amount in ends.items() if amount is not None})


def _open_end(file: PlainFile, scan: Scan) -> Decimal | None:
    """Return the money of a last row that has no line end and may have lost the end of its last value; else None.

    A quoted value that is closed is whole. Many programs write no last line end, so the file is used.
    """
    if not file.end or file.end[-1:] in b'\r\n"' or b"\n" not in file.end:
        return None
    values = next(csv.reader([file.end.rpartition(b"\n")[2].decode("utf-8", "replace")], delimiter=scan.delimiter), [])
    return _amount(_cost_and_moment(values, scan)[0]) or Decimal(0)


@dataclass(slots=True)
class _Tally:
    first: int
    count: int = 0
    cost: Decimal = Decimal(0)
    month_cost: Decimal = Decimal(0)
    unread: int = 0

    def add(self, reject: Reject, month: Days) -> None:
        self.count += 1
        if reject.cost is None:
            self.unread += 1
            return
        self.cost += reject.cost
        if _is_in(reject.day, month):
            self.month_cost += reject.cost

    def issue(self, path: str, code: str) -> RowIssue:
        return RowIssue(
            path, self.first, code, MESSAGES[code], self.count, self.cost, self.month_cost, unread=self.unread
        )


def _is_in(day: str, month: Days) -> bool:
    try:
        return month[0] <= date.fromisoformat(day[:10]) < month[1]
    except ValueError:
        return False


def _refuse_cut_off(row: _Row, name: str) -> None:
    if row.swallowed:
        raise damaged(name, "a quote that opens in the row that begins here is never closed, so the file was cut off")
    if row.kind in _CUT_OFF and _is_last(row.path, row.at):
        raise damaged(name, "this last row ends before it has all columns, so the file was cut off")


def _is_last(path: str, at: int) -> bool:
    """Return whether the row that begins at byte `at`, counted from 1, is the file's last and has no line end."""
    rest = _bytes_from(path, at)
    return len(rest) < _LONGEST_ROW - 2 and b"\n" not in rest and b"\r" not in rest


def _bytes_from(path: str, at: int) -> bytes:
    with Path(path).open("rb") as source:
        source.seek(at - 1)
        return source.read(_LONGEST_ROW).lstrip(b"\r\n")


def _told(row: _Row, scan: Scan) -> tuple[Decimal | None, str]:
    """Return the cost and the day of a row that is whole but for its bytes: in any other, columns may have moved."""
    if row.code != "not-utf8" or not scan.places:
        return None, ""
    with Path(row.path).open("rb") as source:
        source.seek(row.at - 1)
        cost, moment = _cost_and_moment(next(csv.reader(_lines(source), delimiter=scan.delimiter), []), scan)
    return _amount(cost), moment.strip()


def _cost_and_moment(values: Sequence[str], scan: Scan) -> tuple[str, str]:
    """Return the text of a row's cost and of its moment, "" where there is none."""
    cost, moment = (
        next((values[at] for at in scan.places.get(name, ()) if at < len(values) and values[at]), "")
        for name in ("cost", "timestamp")
    )
    return cost, moment


def _lines(source: Iterator[bytes]) -> Iterator[str]:
    started = False
    for line in source:
        started = started or bool(line.strip(b"\r\n"))
        if started:
            yield line.decode("utf-8", "replace")


def _amount(text: str) -> Decimal | None:
    if "_" in text:
        return None
    try:
        amount = Decimal(text.strip() or "0")
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < LARGEST_COST else None


def _rejects(connection: Backend) -> Iterator[_Row]:
    found = fetch(
        connection,
        """
        SELECT file_path, line, min(error_type::VARCHAR) AS kind,
               bool_or(error_type = 'UNQUOTED VALUE' AND contains(csv_line, chr(10))) AS swallowed,
               min(line_byte_position) AS at
        FROM reject_errors JOIN reject_scans USING (scan_id, file_id)
        GROUP BY file_path, line ORDER BY file_path, line
        """,
    )
    columns = (found[name].tolist() for name in ("file_path", "line", "kind", "swallowed", "at"))
    yield from (_Row(*values) for values in zip(*columns, strict=True))
