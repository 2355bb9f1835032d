"""How to read one export: the engine's own reader for its format, and an expression for each canonical column."""

# ruff: noqa: S608 (the names and paths in these statements are our own, or quoted by `literal` and `quoted`)
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ibis.backends.duckdb import Backend

from reconciler.findings import UsageError
from reconciler.model.yaml_types import shown
from reconciler.usage.columns import (
    CURRENCY,
    OTHER_CURRENCY,
    MissingColumnsError,
    abroad,
    currency_of,
    find_columns,
    lacking,
)
from reconciler.usage.dialect import dialect_of, refuse_foreign_amounts
from reconciler.usage.engine import fetch
from reconciler.usage.formats import Format
from reconciler.usage.unpack import PlainFile, damaged

_SAMPLED_KEYS = 20_000
MOST_DIGITS = 38
"""Digits of a decimal that the engines hold."""
_FEWEST_KINDS = 200
INEXACT = "inexact"
_EXACT_DIGITS, _EXACT_BELOW = 15, 10**6
LONGEST_ROW = 1 << 25
"""Bytes of a CSV file's row that the engine makes room for: the size of its usual buffer."""
_LINE_ENDS = {"": "", "\n": r", new_line = '\n'", "\r\n": r", new_line = '\r\n'", "\r": r", new_line = '\r'"}
_ROW_NUMBER = "file_row_number"
Names = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read files that look alike: a table function with options, and an expression for each canonical column.

    `diverse` says of CSV files that nearly every row has metadata of its own, such as a request id; `numbers_rows`
    that the engine can tell the number of a row.
    """

    reader: str
    options: str
    select: tuple[tuple[str, str], ...]
    whole_rows: bool = False
    delimiter: str = ","
    places: tuple[tuple[str, tuple[int, ...]], ...] = ()
    diverse: bool = field(default=False, compare=False)
    numbers_rows: bool = False

    def sql(self, paths: Sequence[str]) -> str:
        columns = ", ".join(f"{expression} AS {quoted(name)}" for name, expression in self.select)
        files = ", ".join(literal(unmagic(path)) for path in paths)
        source = f"{self.reader}([{files}], filename = true{self.options})"
        return f"SELECT {columns}, filename AS file FROM {f'(SELECT * FROM {source})' if self.whole_rows else source}"

    def numbered(self, paths: Sequence[str]) -> str:
        """Return SQL with the number of each row of its file in `row` too, which Parquet files alone tell."""
        options = f"{self.options}, {_ROW_NUMBER} = true"
        columns = (*self.select, ("row", f"{_ROW_NUMBER} + 1"))
        return replace(self, options=options, select=columns).sql(paths)


def layout_of(connection: Backend, file: PlainFile, names: Names) -> Layout | None:
    """Return how to read an export, None when it holds nothing; raise when it lacks a column that money needs."""
    match file.format:
        case Format.EMPTY:
            return None
        case Format.CSV:
            return _csv(file, names)
        case Format.PARQUET:
            return _parquet(connection, file, names)
        case Format.JSON_ARRAY | Format.JSON_LINES | Format.JSON_OBJECTS:
            return _json(connection, file, names)


def columns_of(connection: Backend, file: PlainFile, names: Names) -> Sequence[str]:
    """Return the columns of an export as it names them, of a JSON file the most frequent keys first."""
    match file.format:
        case Format.EMPTY:
            return ()
        case Format.CSV:
            return dialect_of(file.name, Path(file.path), _known(names)).names
        case Format.PARQUET:
            return [name for name, _ in _parquet_columns(connection, file)]
        case Format.JSON_ARRAY | Format.JSON_LINES | Format.JSON_OBJECTS:
            return _json_keys(connection, file)


def rows_of(connection: Backend, file: PlainFile, names: Names) -> str:
    """Return SQL that selects the rows of one export with the columns that `names` find; raise as `layout_of` does."""
    layout = layout_of(connection, file, names)
    return layout.sql([file.path]) if layout is not None else "SELECT NULL WHERE false"


def _csv(file: PlainFile, names: Names) -> Layout:
    """Return how to read a CSV file.

    The end of the header's line is passed on to the engine, which would guess it from the first line end, even a quoted
    one.
    """
    dialect = dialect_of(file.name, Path(file.path), _known(names))
    places = find_columns(file.name, dialect.names, names)
    refuse_foreign_amounts(file.name, dialect, places["cost"])
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(dialect.names)))
    options = (
        f", compression = 'none', auto_detect = false, header = true, skip = {dialect.skip}"
        f", delim = {literal(dialect.delimiter)}, quote = '\"', escape = '\"'{_LINE_ENDS[dialect.line_end]}"
        f", max_line_size = {LONGEST_ROW}, buffer_size = {LONGEST_ROW}, store_rejects = true, columns = {{{columns}}}"
    )
    told = _currency_place(dialect.names)
    values = (
        (name, _value(name, {dialect.names[index]: f"c{index}" for index in at}, names))
        for name, at in places.items()
        if at
    )
    select = _in_our_currency(values, None if told is None else f"c{told}", names)
    found = tuple((name, tuple(at)) for name, at in places.items())
    metadata = [each for at in places.get("metadata", ())[:1] for each in dialect.column(at)]
    diverse = is_diverse(len(metadata), len(set(metadata)))
    return Layout("read_csv", options, select, delimiter=dialect.delimiter, places=found, diverse=diverse)


def is_diverse(rows: int, kinds: int) -> bool:
    """Whether a sample of metadata suggests that nearly every event has some of its own."""
    return kinds > max(rows // 5, _FEWEST_KINDS)


def _known(names: Names) -> set[str]:
    return {alias.casefold() for aliases in names.values() for alias in aliases}


def _parquet_columns(connection: Backend, file: PlainFile) -> list[tuple[str, str]]:
    described = fetch(connection, f"DESCRIBE SELECT * FROM read_parquet([{literal(unmagic(file.path))}])")
    return list(zip(described["column_name"].tolist(), described["column_type"].tolist(), strict=True))


def _parquet(connection: Backend, file: PlainFile, names: Names) -> Layout:
    columns = _parquet_columns(connection, file)
    places = find_columns(file.name, [name for name, _ in columns], names)
    used = [columns[index] for at in places.values() for index in at]
    _refuse_too_exact(connection, file, [name for name, kind in used if kind == "DOUBLE"])
    values = (
        (name, _value(name, {each: _parquet_value(name, quoted(each), kind) for each, kind in of}, names))
        for name, at in places.items()
        if (of := [columns[index] for index in at])
    )
    told = _currency_place([name for name, _ in columns])
    select = _in_our_currency(values, None if told is None else quoted(columns[told][0]), names)
    return Layout("read_parquet", "", select, numbers_rows=all(name.casefold() != _ROW_NUMBER for name, _ in columns))


def _refuse_too_exact(connection: Backend, file: PlainFile, columns: Sequence[str]) -> None:
    """Raise UsageError where one of these is a decimal of more digits than are read: it would be read as another one.

    DuckDB describes it as a DOUBLE, and takes the first eight bytes of its number for one.
    """
    if not columns:
        return
    schema = f"SELECT name, precision, scale FROM parquet_schema([{literal(unmagic(file.path))}])"
    found = fetch(connection, f"{schema} WHERE precision > {MOST_DIGITS}")
    for name, precision, scale in zip(*(found[key].tolist() for key in ("name", "precision", "scale")), strict=True):
        if name in columns:
            raise UsageError(
                f"{file.name}: its column {shown(name)} is decimal({precision}, {scale}), and no more than"
                f" {MOST_DIGITS} digits can be read, so nothing of it was used",
                hint=f"cast it to decimal({MOST_DIGITS}, 9) where the export is made",
            )


def _parquet_value(name: str, column: str, kind: str) -> str:
    """Return SQL for a typed column: moments as TIMESTAMP in UTC, exact numbers as they are, all else as text.

    A floating-point cost becomes the shortest decimal that stands for it, which is what it was before it was stored.
    """
    if name == "timestamp" and kind.startswith(("TIMESTAMP", "DATE")):
        return f"TRY_CAST({column} AS TIMESTAMP)"
    if name == "metadata" and kind.startswith(("STRUCT", "MAP")):
        return f"CAST(to_json({column}) AS VARCHAR)"
    if kind in ("VARCHAR", "DECIMAL(18,9)", "BOOLEAN") or (kind == "BIGINT" and name.endswith("_tokens")):
        return column
    return f"CAST({column} AS VARCHAR)"


def _json_keys(connection: Backend, file: PlainFile) -> list[str]:
    """Return the keys of a JSON file's objects, the most frequent first."""
    return _sampled_keys(connection, file)[0]


def _sampled_keys(connection: Backend, file: PlainFile) -> tuple[list[str], bool]:
    """Return the keys of a JSON file's objects, the most frequent first, and whether all of the file was looked at."""
    found = fetch(
        connection,
        f"SELECT key, count(*) AS n FROM (SELECT unnest(json_keys(json)) AS key FROM {json_objects(file)}"
        f" LIMIT {_SAMPLED_KEYS}) GROUP BY key ORDER BY n DESC, key",
    )
    return list(found["key"]), int(found["n"].sum()) < _SAMPLED_KEYS


def _unseen(connection: Backend, file: PlainFile, wanted: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the names of which no object of a JSON file has a key."""
    keys = sorted({key for keys in wanted.values() for key in keys})
    columns = ", ".join(f"{literal(key)}: 'VARCHAR'" for key in keys)
    path = literal(unmagic(file.path))
    source = f"read_json([{path}], compression = 'uncompressed', format = '{file.format}', columns = {{{columns}}})"
    counts = ", ".join(f"count({quoted(key)}) AS k{place}" for place, key in enumerate(keys))
    found = fetch(connection, f"SELECT {counts} FROM {source}")
    seen = {key for place, key in enumerate(keys) if int(found[f"k{place}"][0])}
    return frozenset(name for name, keys in wanted.items() if not seen & set(keys))


def _json(connection: Backend, file: PlainFile, names: Names) -> Layout | None:
    keys, is_whole = _sampled_keys(connection, file)
    if not keys:
        _refuse_values(connection, file)
        return None
    spelled = {key.strip().casefold(): key for key in reversed(keys)}
    if missing := lacking(spelled, names):
        raise MissingColumnsError(file.name, missing, keys)
    wanted = {name: [spelled.get(alias.casefold(), alias) for alias in aliases] for name, aliases in names.items()}
    rare = {name: keys for name, keys in wanted.items() if not set(keys) & set(spelled.values())}
    absent = frozenset(rare) if is_whole or not rare else _unseen(connection, file, rare)
    wanted = {name: keys for name, keys in wanted.items() if name not in absent}
    told = spelled.get(CURRENCY, CURRENCY)
    distinct = sorted({told, *(key for keys in wanted.values() for key in keys)})
    columns = ", ".join(f"{literal(key)}: 'VARCHAR'" for key in distinct)
    options = f", compression = 'uncompressed', format = '{file.format}', columns = {{{columns}}}"
    values = ((name, _json_value(name, keys, names, exact=file.exact)) for name, keys in wanted.items())
    return Layout("read_json", options, _in_our_currency(values, quoted(told), names))


def _json_value(name: str, keys: Sequence[str], names: Names, *, exact: bool) -> str:
    """Return SQL for the text of a JSON value; a cost that a double may have rounded is `INEXACT` instead."""
    value = _value(name, {key: quoted(key) for key in keys}, names)
    if exact or name != "cost":
        return value
    rounded = f"length({value}) > {_EXACT_DIGITS} AND abs(TRY_CAST({value} AS DOUBLE)) >= {_EXACT_BELOW}"
    return f"CASE WHEN {rounded} THEN {literal(INEXACT)} ELSE {value} END"


def _currency_place(found: Sequence[str]) -> int | None:
    return next((place for place, name in enumerate(found) if name.strip().casefold() == CURRENCY), None)


def _in_our_currency(values: Iterable[tuple[str, str]], told: str | None, names: Names) -> tuple[tuple[str, str], ...]:
    """Return SQL by column; where `told` is another currency, the cost is `OTHER_CURRENCY`, that and the amount."""
    if told is None or not (ours := currency_of(names)):
        return tuple(values)
    said, other = f"coalesce(upper(trim(CAST({told} AS VARCHAR))), '')", literal(f"{OTHER_CURRENCY} ")

    def cost(value: str) -> str:
        written = f"CAST({value} AS VARCHAR)"
        is_ours = f"{said} IN ('', {literal(ours)}) OR starts_with(coalesce({written}, ''), {other})"
        return f"CASE WHEN {is_ours} THEN {written} ELSE {other} || {said} || ' ' || coalesce({written}, '') END"

    return tuple((name, cost(value) if name == "cost" else value) for name, value in values)


def json_objects(file: PlainFile) -> str:
    """Return SQL for the objects of a JSON file as text, in a column `json`."""
    path = literal(unmagic(file.path))
    return f"read_json_objects([{path}], compression = 'uncompressed', format = '{file.format}')"


def _refuse_values(connection: Backend, file: PlainFile) -> None:
    if int(fetch(connection, f"SELECT count(*) AS n FROM {json_objects(file)}")["n"][0]):
        raise damaged(file.name, "its JSON holds values that are not events")


def _value(name: str, columns: Mapping[str, str], names: Names) -> str:
    """Return SQL for the first value of `columns`, SQL by name, that is not empty; a cost abroad says of what."""
    if len(columns) == 1:
        return next(iter(columns.values()))
    values = []
    for column, sql in columns.items():
        other = abroad(name, column, names)
        said = f"{literal(f'{OTHER_CURRENCY} {other} ')} || " if other else ""
        values.append(f"{said}nullif(CAST({sql} AS VARCHAR), '')")
    return f"coalesce({', '.join(values)})"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def unmagic(path: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)
