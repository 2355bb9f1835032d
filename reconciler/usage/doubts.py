"""Rows that could not be used, or were used with a doubt: which file, which row is the first, and how many."""

# ruff: noqa: S608 (the names and paths in these statements are our own, or quoted by `literal`)
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import StringValue, Table

from reconciler.model.usage import RowIssue
from reconciler.usage.engine import fetch, run
from reconciler.usage.events import FIRST_YEAR, LAST_YEAR, events_of
from reconciler.usage.scans import Scan
from reconciler.usage.unpack import damaged

FILES_LOCATED = 50
"""In how many files the first row of each kind is looked up; of further files the count alone is reported."""

MESSAGES: Mapping[str, str] = {
    "wrong-columns": "the row does not have the columns that the header names; it was left out",
    "not-utf8": "the row is not UTF-8; it was left out",
    "bad-timestamp": f"`timestamp` is no moment between {FIRST_YEAR} and {LAST_YEAR}; the row was left out",
    "bad-cost": "`cost` is no amount below one billion; the row was left out",
    "no-team": "`team_id` is empty, so the row belongs to no wallet; it was left out",
    "no-id": "the row has no `id`: it was counted, but a repetition of it could not be seen",
}
CONFLICT = "events with this `id` differ between exports; the latest in time was counted, then the largest cost"
_REJECTED = {"INVALID ENCODING": "not-utf8"}
_CUT_OFF = ("MISSING COLUMNS", "UNQUOTED VALUE")
_LONGEST_ROW = 1 << 24


@dataclass(frozen=True, slots=True)
class Rejected:
    """Rows that a scan could not take apart: the issues, and their row numbers by scanned file, ascending."""

    issues: tuple[RowIssue, ...] = ()
    rows: Mapping[str, Sequence[int]] = field(default_factory=dict)


def rejected_rows(connection: Backend, scans: Sequence[Scan], names: Mapping[str, str]) -> Rejected:
    """Return the rows of CSV files that the scan could not take apart; raise when one of them shows a cut-off file."""
    if not any(scan.is_csv for scan in scans):
        return Rejected()
    first: dict[tuple[str, str], int] = {}
    count: Counter[tuple[str, str]] = Counter()
    rows: dict[str, list[int]] = defaultdict(list)
    for path, row, kind, swallowed, at in _rejects(connection):
        if swallowed:
            raise damaged(names[path], f"a quote that opens in row {row:,} is never closed, so the file was cut off")
        if kind in _CUT_OFF and _is_last(path, at):
            raise damaged(names[path], f"its last row, row {row:,}, ends before its line does, so the file was cut off")
        key = names[path], _REJECTED.get(kind, "wrong-columns")
        first.setdefault(key, row)
        count[key] += 1
        rows[path].append(row)
    issues = (RowIssue(path, first[path, code], code, MESSAGES[code], many) for (path, code), many in count.items())
    return Rejected(tuple(issues), rows)


def holds_broken_text(connection: Backend, scans: Sequence[Scan]) -> bool:
    """Return whether a scan met bytes that are not UTF-8 in a column that it was asked for."""
    if not any(scan.is_csv for scan in scans):
        return False
    found = fetch(connection, "SELECT count(*) AS n FROM reject_errors WHERE error_type = 'INVALID ENCODING'")
    return bool(found["n"][0])


def _is_last(path: str, at: int) -> bool:
    """Return whether the row that begins at byte `at`, counted from 1, is the file's last and has no line end."""
    with Path(path).open("rb") as source:
        source.seek(at - 1)
        rest = source.read(_LONGEST_ROW).lstrip(b"\r\n")
    return len(rest) < _LONGEST_ROW and b"\n" not in rest and b"\r" not in rest


def _rejects(connection: Backend) -> list[tuple[str, int, str, bool, int]]:
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
    return list(zip(*(found[name].tolist() for name in ("file_path", "line", "kind", "swallowed", "at")), strict=True))


def doubtful_rows(
    connection: Backend, scans: Sequence[Scan], names: Mapping[str, str], rejected: Mapping[str, Sequence[int]]
) -> list[RowIssue]:
    """Return the issues of rows that were taken apart but not understood, with the first row of each kind and file."""
    found: list[tuple[str, str, int, Scan]] = []
    for scan in scans:
        events = events_of([connection.table(scan.view)])
        marked = events.select("file", code=doubt(events))
        marked = marked.filter(marked.code != "")
        counts = fetch(connection, marked.group_by("file", "code").agg(n=marked.count()))
        for path, code, number in zip(*(counts[name].tolist() for name in ("file", "code", "n")), strict=True):
            found.append((path, code, int(number), scan))
    scan_of = {path: scan for path, _, _, scan in sorted(found, key=lambda each: names[each[0]])}
    rows = {
        path: _first_rows(connection, scan, path, rejected.get(path, ()))
        for path, scan in list(scan_of.items())[:FILES_LOCATED]
    }
    return [
        RowIssue(names[path], rows.get(path, {}).get(code, 0), code, MESSAGES[code], number)
        for path, code, number, _ in found
    ]


def _first_rows(connection: Backend, scan: Scan, path: str, rejected: Sequence[int]) -> dict[str, int]:
    """Return the first row of each kind of doubt in one file, counted as a person would, rejected rows included."""
    run(connection, "SET preserve_insertion_order = true")
    numbered = f"SELECT *, row_number() OVER () AS row FROM ({scan.sql([path])})"
    run(connection, f"CREATE OR REPLACE TEMP VIEW one_file AS {numbered}")
    events = events_of([connection.table("one_file")])
    marked = events.select("row", code=doubt(events))
    marked = marked.filter(marked.code != "")
    first = fetch(connection, marked.group_by("code").agg(row=marked.row.min()))
    run(connection, "SET preserve_insertion_order = false")
    return {
        code: _with_rejected(int(row) + scan.first_row - 1, rejected)
        for code, row in zip(first["code"].tolist(), first["row"].tolist(), strict=True)
    }


def _with_rejected(row: int, rejected: Sequence[int]) -> int:
    for other in rejected:
        if other > row:
            break
        row += 1
    return row


def doubt(events: Table) -> StringValue:
    """Return the code of what is wrong with an event, "" when nothing is."""
    return ibis.cases(
        (events["at"].isnull(), "bad-timestamp"),
        (events.cost.isnull(), "bad-cost"),
        (events.day.isnull(), "bad-timestamp"),
        (events.team_id.fill_null("").strip() == "", "no-team"),
        (events.id.isnull(), "no-id"),
        else_="",
    )
