"""Rows that could not be used, or were used with a doubt: file, first row, number, money, as far as it can be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import BooleanValue, DecimalValue, StringValue, Table, Value

from reconciler.forecast.windows import Days
from reconciler.model.usage import RowIssue, by_currency
from reconciler.usage.columns import OTHER_CURRENCY
from reconciler.usage.decisions import is_unknown
from reconciler.usage.engine import run, table_of
from reconciler.usage.events import FIRST_YEAR, LARGE_COST, LARGEST_COST, LAST_YEAR, WIDE_COST, events_of, is_blank
from reconciler.usage.kept import Kept
from reconciler.usage.remembered import remembered, statement
from reconciler.usage.scans import Scan

_SIGN = r"[A-Za-z]{3}|[^\w\s.,+-]{1,3}"
_AMOUNT = rf"^\s*([+-]?)\s*(?:{_SIGN})?\s*([+-]?[0-9.,' ]*[0-9])\s*(?:{_SIGN})?\s*$"
_COMMA_GROUPS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_POINT_GROUPS = r"^[+-]?\d{1,3}(\.\d{3})+,\d+$"
_COMMA = r"^[+-]?\d+,\d+$"


def likely_amount(written: StringValue) -> DecimalValue:
    """Return the amount that text most likely means, such as `$1,234.50` or `12,5 EUR`; None when it is not clear."""
    number = (written.re_extract(_AMOUNT, 1) + written.re_extract(_AMOUNT, 2)).re_replace(r"[' ]", "")
    plain = ibis.cases(
        (number.re_search(_COMMA_GROUPS), number.replace(",", "")),
        (number.re_search(_POINT_GROUPS), number.replace(".", "").replace(",", ".")),
        (number.re_search(_COMMA), number.replace(",", ".")),
        else_=number,
    )
    amount = plain.nullif("").try_cast(WIDE_COST)
    return ibis.ifelse(amount.abs() < LARGEST_COST, amount, ibis.null(WIDE_COST))


FILES_LOCATED = 50
"""In how many files the first row of each kind is looked up; of further files the count alone is reported."""

_UNNAMED = "?"
"""For a currency without a code of three letters: its amounts are not added up."""

LEFT_OUT: Mapping[str, str] = {
    "bad-timestamp": f"`timestamp` is no moment of {FIRST_YEAR} to {LAST_YEAR} such as 2026-06-17T08:00:00Z; left out",
    "other-currency": "its currency is not that of org.yaml, and amounts of two are never added up; left out",
    "bad-cost": "`cost` is no plain amount below 10^15, such as 12.50; left out",
    "no-team": "`team_id` is empty, so it belongs to no wallet; left out",
    "after-as-of": "dated later than the day of the forecast, as with a wrong clock; left out",
    "before-window": "older than the days that are looked back on; left out",
}
"""Each row has at most one of these, the first that is true."""

COUNTED: Mapping[str, str] = {
    "no-id": "no `id`: counted, but a repetition could not be seen",
    "negative-cost": "tokens that cost less than nothing, as with a wrong price; counted",
    "bad-tokens": "a number of tokens that no event can have: the tokens are not known; the cost is counted",
    "large-cost": "an event that costs a billion or more; counted",
    "unknown-decision": "no cost, and a `decision` that is not known here: counted as served",
}
"""Of these a row that is not left out can have several."""


def doubtful_rows(
    connection: Backend,
    scans: Sequence[Scan],
    names: Mapping[str, str],
    rejected: Mapping[str, Sequence[int]],
    *,
    window: Days,
    month: Days,
    kept: Kept | None = None,
) -> list[RowIssue]:
    """Return the issues of rows that were taken apart but not understood, with the first row of each kind and file."""
    found: dict[tuple[str, str], _Sums] = defaultdict(_Sums)
    for scan in scans:
        _count(found, connection, scan, window, month)
    outside = list(kept.outside(window, month) if kept else ())
    for each in outside:
        found[each.file, each.code].add(each.rows, each.cost, each.month_cost)
    scan_of = {file.path: scan for scan in scans for file in scan.files}
    paths = sorted(dict.fromkeys(path for path, _ in found), key=lambda path: names[path])
    rows = {
        path: _first_rows(connection, scan_of[path], path, rejected.get(path, ()), window)
        for path in paths[:FILES_LOCATED]
    }
    for each in outside:
        if each.file in rows:
            rows[each.file][each.code] = min(each.first, rows[each.file].get(each.code, each.first))
    return [
        RowIssue(
            names[path],
            rows.get(path, {}).get(code, 0),
            code,
            LEFT_OUT.get(code) or COUNTED[code],
            sums.rows,
            sums.cost,
            sums.month_cost,
            unread=sums.unread,
            counted=code in COUNTED,
            elsewhere=by_currency(sums.elsewhere),
        )
        for (path, code), sums in found.items()
    ]


@dataclass(slots=True)
class _Sums:
    """Rows, their cost, what of it is of the month, rows with an unreadable cost, and costs in other currencies."""

    rows: int = 0
    cost: Decimal = Decimal(0)
    month_cost: Decimal = Decimal(0)
    unread: int = 0
    elsewhere: list[tuple[str, Decimal]] = field(default_factory=list)

    def add(self, rows: int, cost: Decimal, month_cost: Decimal, unread: int = 0, currency: str = "") -> None:
        self.rows += rows
        self.unread += unread
        if not currency:
            self.cost += cost
            self.month_cost += month_cost
        elif rows > unread:
            self.elsewhere.append((currency, cost))


def _count(found: Mapping[tuple[str, str], _Sums], connection: Backend, scan: Scan, window: Days, month: Days) -> None:
    """Add to `found`, by file and code, the rows of a scan that have a doubt."""
    for row in _rows(connection, _sums(table_of(connection, scan.view), window, month)):
        for code in (*LEFT_OUT, *COUNTED):
            if row[f"{code} n"]:
                cost, within = (Decimal(row[f"{code} {what}"] or 0) for what in ("cost", "month"))
                found[row["file"], code].add(row[f"{code} n"], cost, within, row[f"{code} unread"], row["currency"])


@remembered
def _sums(rows: Table, window: Days, month: Days) -> Table:
    """Return how many rows of each file and other currency have each doubt, and the money that they are about."""
    marked = _marked(rows, window)
    inside = (marked["at"] >= ibis.timestamp(str(month[0]))) & (marked["at"] < ibis.timestamp(str(month[1])))
    sums: dict[str, Value] = {}
    for code in (*LEFT_OUT, *COUNTED):
        on = marked[code]
        sums |= {
            f"{code} n": marked.count(where=on),
            f"{code} cost": marked.money.sum(where=on),
            f"{code} month": marked.money.sum(where=on & inside),
            f"{code} unread": marked.count(where=on & marked.money.isnull()),
        }
    return marked.group_by("file", "currency").agg(**sums)


def _rows(connection: Backend, table: Table) -> list[dict[str, Any]]:
    """Return rows as dictionaries, with decimals as they are."""
    result = connection.con.execute(statement(table))
    header = [name for name, *_ in result.description]
    return [dict(zip(header, row, strict=True)) for row in result.fetchall()]


def _first_rows(connection: Backend, scan: Scan, path: str, rejected: Sequence[int], window: Days) -> dict[str, int]:
    """Return the first row of each kind of doubt in one file, counted as a person would, rejected rows included."""
    run(connection, "SET preserve_insertion_order = true")
    run(connection, f"CREATE OR REPLACE TEMP VIEW one_file AS {scan.rows_of(path)}")
    (found,) = _rows(connection, _firsts(table_of(connection, "one_file"), window))
    run(connection, "SET preserve_insertion_order = false")
    first_rows = {code: int(row) + scan.first_row - 1 for code, row in found.items() if row is not None}
    if scan.numbered:
        return first_rows
    return {code: _with_rejected(row, rejected) for code, row in first_rows.items()}


@remembered
def _firsts(rows: Table, window: Days) -> Table:
    marked = _marked(rows, window)
    return marked.aggregate(**{code: marked["row"].min(where=marked[code]) for code in (*LEFT_OUT, *COUNTED)})


def _with_rejected(row: int, rejected: Sequence[int]) -> int:
    for other in rejected:
        if other > row:
            break
        row += 1
    return row


def _marked(scanned: Table, window: Days) -> Table:
    """Say of each event which doubts it has, a column each, and what `money` it is about, "" the `currency` if ours."""
    events = events_of([scanned], wide=True, written=True)
    reason = left_out(events, window)
    is_foreign = _is_foreign(events)
    written = ibis.ifelse(is_foreign, events.written_cost.substr(len(OTHER_CURRENCY)), events.written_cost)
    money = ibis.ifelse(events.cost.isnull(), likely_amount(written), events.cost)
    code = written.re_extract(r"^ ([A-Z]{3}) ", 1).nullif("")
    currency = ibis.ifelse(is_foreign, code.fill_null(_UNNAMED), "")
    rows = events.mutate(reason=reason, money=ibis.ifelse(currency == _UNNAMED, ibis.null(WIDE_COST), money))
    rows = rows.mutate(currency=currency)
    kept = rows.reason == ""
    tokens = rows.input_tokens + rows.output_tokens
    doubts: dict[str, BooleanValue] = {
        "no-id": rows.id.isnull(),
        "negative-cost": (rows.cost < 0) & (tokens > 0),
        "bad-tokens": rows.unread_tokens,
        "large-cost": rows.cost.abs() >= LARGE_COST,
        "unknown-decision": is_undecided(rows),
    }
    return rows.mutate(
        **{code: rows.reason == code for code in LEFT_OUT},
        **{code: kept & doubt.fill_null(False) for code, doubt in doubts.items()},
    )


def is_undecided(events: Table) -> BooleanValue:
    """Return whether nobody can tell if an event was served: it cost nothing, and its decision is not known."""
    if "decision" not in events.columns:
        return ibis.literal(False)
    return (events.cost == 0) & ~events.cache_hit & is_unknown(events.decision)


def _is_foreign(events: Table) -> BooleanValue:
    return events.written_cost.startswith(f"{OTHER_CURRENCY} ").fill_null(False)


def left_out(events: Table, window: Days) -> StringValue:
    """Return the code of why an event is not in the figures, "" when it is."""
    return ibis.cases(
        (events["at"].isnull(), "bad-timestamp"),
        (_is_foreign(events), "other-currency"),
        (events.cost.isnull(), "bad-cost"),
        (events.day.isnull(), "bad-timestamp"),
        (is_blank(events.team_id), "no-team"),
        (events.day > ibis.literal(window[1]), "after-as-of"),
        (events.day < ibis.literal(window[0]), "before-window"),
        else_="",
    )
