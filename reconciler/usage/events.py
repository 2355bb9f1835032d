"""Canonical events: what a row of any export means, typed, with money exact. Ibis alone, for any of its backends.

A row is *readable* when it has a moment in time and a cost that is a number; an empty cost is zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import ibis
from ibis.expr.types import BooleanValue, Column, DecimalValue, StringValue, Table, TimestampValue, Value

from reconciler.usage.remembered import remembered

COST = "decimal(18, 9)"
"""Nine places after the point and at most 999,999,999.999999999, which engines add up fastest."""

WIDE_COST = "decimal(38, 9)"
"""For exports with larger amounts, up to `LARGEST_COST`."""

LARGE_COST, LARGEST_COST = 10**9, 10**15
"""From the first on an amount is unusual for one event, from the second on it is a mistake in any currency."""

MOST_TOKENS = 10**12
"""More tokens than this are no count of one event."""

TOKENS = ("input_tokens", "output_tokens")
OPTIONAL = ("provider", "model", "workload", "lane", "fallback", "metadata", "decision")
"""Attributes that an export may lack; what is not there is not attributed, never guessed."""

PLACES = ("file", "row", "export", "written_id")
"""Where an event was found: its file, its row there, the number of its file, the text of its id."""

NO_IDS = (
    *("", "-", "--", "0", "none", "null", "nil", "nan", "n/a", "na", "undefined", "unknown", "<null>", "(null)"),
    "00000000-0000-0000-0000-000000000000",
)
"""What programs write where they have no id, in any case."""

_SPACE = r" \t\n\r\v\f"
_NO_ID = f"(?i)^[{_SPACE}]*({'|'.join(map(re.escape, NO_IDS))})[{_SPACE}]*$"
"""An expression, because to take space away from each id and look it up in a list takes ten times as long."""

_NO_NUMBERS = ("", "-", "none", "null", "nan", "n/a", "na", "undefined")

FIRST_YEAR, LAST_YEAR = 2000, 2199
_NO_TEXT = ibis.null("string")
_NO_COUNT = ibis.literal(0, "int64")
_FIRST_MOMENT = ibis.timestamp(f"{FIRST_YEAR}-01-01")
_LAST_MOMENT = ibis.timestamp(f"{LAST_YEAR}-12-31")


@remembered
def events_of(scans: Sequence[Table], *, wide: bool = False, written: bool = False) -> Table:
    """Return the typed events of all scans as one table.

    Columns: those of `PLACES` that the scans have, `id` (None when there is none, see `NO_IDS`, or the row is not
    readable) and `day` (None when the row is not readable), `at`, `gateway_id` (text, "" where there is none),
    `cost` (None when it is no amount, or one of a billion and more and not `wide`), `input_tokens`, `output_tokens`,
    `unread_tokens` (whether one of them is there and no count), `cache_hit`, `team_id`, and, when a scan has them,
    `avoided` and as text those of `OPTIONAL`. With `written` there is `written_cost` too, the cost as text.
    """
    present = [name for name in (*OPTIONAL, "avoided_cost") if any(name in scan.columns for scan in scans)]
    tables = [_typed(scan, present, wide=wide, written=written) for scan in scans]
    return tables[0] if len(tables) == 1 else ibis.union(*tables)


def _typed(scan: Table, present: Sequence[str], *, wide: bool, written: bool) -> Table:
    """Work in steps, so that what is costly is computed once and what is rare only for the rows that need it.

    An engine may work out for every row what `coalesce` falls back on, so it is no way to say what is rare.
    """
    amount = wide_money if wide else money
    kept = {"written_cost": text(scan.cost)} if written else {}
    rows = scan.mutate(at=_plain_moment(scan.timestamp), cost=amount(scan.cost), **_counts(scan), **kept)
    if not scan.timestamp.type().is_timestamp():
        rows = rows.mutate(at=ibis.ifelse(rows["at"].isnull(), _other_moment(text(rows.timestamp)), rows["at"]))
    in_range = rows["at"].between(_FIRST_MOMENT, _LAST_MOMENT) & rows.cost.notnull()
    rows = rows.mutate(day=ibis.ifelse(in_range, rows["at"].date(), ibis.null("date")), **_plausible(rows))
    return rows.select(
        *(place for place in PLACES if place in scan.columns),
        id=ibis.ifelse(rows.day.notnull(), _real_id(text(rows.id)), _NO_TEXT) if "id" in rows.columns else _NO_TEXT,
        gateway_id=text(rows.gateway_id).fill_null("") if "gateway_id" in rows.columns else ibis.literal(""),
        at=rows["at"].cast("timestamp"),
        day=rows.day,
        cost=rows.cost,
        **{name: rows[name] for name in kept},
        **{name: rows[f"counted_{name}"].fill_null(0) if name in rows.columns else _NO_COUNT for name in TOKENS},
        unread_tokens=_unread(rows, words=written),
        cache_hit=_known(rows, "cache_hit", flag, ibis.literal(False)),
        team_id=text(rows.team_id),
        **({"avoided": _known(rows, "avoided_cost", amount, _nothing(wide=wide))} if "avoided_cost" in present else {}),
        **{name: text(rows[name]) if name in rows.columns else _NO_TEXT for name in OPTIONAL if name in present},
    )


def _real_id(written: StringValue) -> StringValue:
    return ibis.ifelse(written.re_search(_NO_ID), _NO_TEXT, written)


def is_blank(written: StringValue) -> BooleanValue:
    """Return whether a text is none, empty or space alone; to take space away takes an engine far longer."""
    return ~written.fill_null("").re_search(f"[^{_SPACE}]")


def _is_one_of(word: StringValue, words: Sequence[str]) -> BooleanValue:
    """Return whether a text is one of many: as `IN` an engine would join every row with them, asked for or not."""
    return ibis.array(list(words)).contains(word)


def _counts(scan: Table) -> dict[str, Value]:
    return {f"counted_{name}": count(scan[name]) for name in TOKENS if name in scan.columns}


def _plausible(rows: Table) -> dict[str, Value]:
    """Return counts without those that one event cannot have."""
    counts = {name: rows[name] for name in (f"counted_{name}" for name in TOKENS) if name in rows.columns}
    return {
        name: ibis.ifelse(number.between(0, MOST_TOKENS), number, ibis.null("int64")) for name, number in counts.items()
    }


def _unread(rows: Table, *, words: bool) -> BooleanValue:
    """Return whether tokens were written that are no count: they are not known, which is not the same as none.

    To tell words for none apart takes time for every row, and is done only with `words`.
    """
    present = [name for name in TOKENS if name in rows.columns]
    unread = [rows[name].notnull() & rows[f"counted_{name}"].isnull() for name in present]
    if words:
        none = [_is_one_of(text(rows[name]).strip().lower(), _NO_NUMBERS) for name in present]
        unread = [one & ~other for one, other in zip(unread, none, strict=True)]
    return ibis.or_(*unread) if unread else ibis.literal(False)


def _nothing(*, wide: bool) -> Value:
    return ibis.literal(0).cast(WIDE_COST if wide else COST)


def _known(rows: Table, name: str, convert: Callable[[Column], Value], default: Value) -> Value:
    """Return a column converted; `default` where the export does not have it or its text cannot be understood."""
    return convert(rows[name]).coalesce(default) if name in rows.columns else default


def text(column: Column) -> StringValue:
    return column if column.type().is_string() else column.cast("string")


def _plain_moment(column: Column) -> TimestampValue:
    """Return the moment that is written in the usual way, in UTC with a Z, None for any other way."""
    if column.type().is_timestamp():
        return column.cast("timestamp")
    return ibis.ifelse(column.endswith("Z"), column.try_cast("timestamp"), ibis.null("timestamp"))


def _other_moment(column: StringValue) -> TimestampValue:
    """Return the moment that text stands for, None when it stands for none.

    RFC 3339 with any offset (none means UTC), with or without seconds or fraction; a date alone is its midnight;
    a number is seconds, milliseconds or microseconds since 1970, told apart by size.
    """
    clean = column.strip().upper()
    with_seconds = clean.re_replace(r"^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)(Z|[+-]\d\d(:?\d\d)?)?$", r"\1:00\2")
    return with_seconds.try_cast("timestamp('UTC')").cast("timestamp").coalesce(_epoch(clean))


def _epoch(clean: StringValue) -> TimestampValue:
    number = ibis.ifelse(clean.re_search(r"^\d{9,16}(\.\d*)?$"), clean, ibis.null("string")).try_cast("decimal(38, 6)")
    milliseconds = ibis.cases((number < 10**11, number * 1000), (number < 10**14, number), else_=number / 1000)
    return milliseconds.floor().cast("int64").as_timestamp("ms")


def money(column: Column) -> DecimalValue:
    """Return the exact amount, None when the text is no number or too large; no text at all is zero."""
    if column.type().is_decimal():
        return column.fill_null(0)
    return _zero_if_empty(column).try_cast(COST)


def wide_money(column: Column) -> DecimalValue:
    """Return the exact amount as `money` does, for amounts up to `LARGEST_COST`."""
    if column.type().is_decimal():
        return column.cast(WIDE_COST).fill_null(0)
    amount = _zero_if_empty(column).try_cast(WIDE_COST)
    return ibis.ifelse(amount.abs() < LARGEST_COST, amount, ibis.null(WIDE_COST))


def count(column: Column) -> Value:
    """Return the number of tokens, None when it is not written, is no whole number or one beyond 18 digits."""
    if column.type().is_integer():
        return column.cast("int64")
    return _without_fraction(_without_underscore(text(column))).try_cast("decimal(18, 0)").cast("int64")


def _without_fraction(written: StringValue) -> StringValue:
    """Return text without what a cast would round in silence: `.5` and `5e-1` are no counts, `12.0` is one."""
    rounded = written.contains(".") & ~written.re_search(r"^[^.]+\.0*\s*$")
    return ibis.ifelse(rounded | written.contains("e-") | written.contains("E-"), _NO_TEXT, written)


def _zero_if_empty(column: StringValue) -> StringValue:
    return ibis.ifelse(column.isnull() | (column == ""), ibis.literal("0"), _without_underscore(column))


def _without_underscore(written: StringValue) -> StringValue:
    """Return text that no engine takes for another number than a person: some read `12_50` as 1,250."""
    return ibis.ifelse(written.contains("_"), _NO_TEXT, written)


def flag(column: Column) -> BooleanValue:
    if column.type().is_boolean():
        return column
    return column.try_cast("boolean")
