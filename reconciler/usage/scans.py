"""One view per kind of export file, with the canonical columns of an event as text or as the file's own types.

This is where the engine's own readers are named. What comes out is a table that any Ibis backend could hold; everything
after it (`events`, `daily`) is Ibis alone. Each view has those canonical columns that its files have, and `file`, the
path of the scanned file.
"""

# ruff: noqa: S608 (the names and paths in these statements are our own, or quoted by `literal` and `quoted`)
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ibis.backends.duckdb import Backend

from reconciler.usage.columns import REQUIRED, find_columns, missing_columns
from reconciler.usage.dialect import dialect_of, refuse_decimal_commas
from reconciler.usage.engine import fetch, run
from reconciler.usage.formats import Format
from reconciler.usage.unpack import PlainFile, damaged

_SAMPLED_KEYS = 20_000
_SAMPLED_ROWS = 20_000
INEXACT = "inexact"
_EXACT_DIGITS, _EXACT_BELOW = 15, 10**6
LONGEST_ROW = 1 << 25
"""Bytes of a CSV file's row that the engine makes room for: the size of its usual buffer."""
_LINE_ENDS = {"": "", "\n": r", new_line = '\n'", "\r\n": r", new_line = '\r\n'", "\r": r", new_line = '\r'"}
Names = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Scan:
    """A view over files of one kind. `sql(paths)` selects from any of them.

    Of CSV files, `places` are those of each canonical column in a row, best first, and `delimiter` parts them.
    """

    view: str
    files: tuple[PlainFile, ...]
    columns: tuple[str, ...]
    sql: Callable[[Sequence[str]], str]
    places: Mapping[str, Sequence[int]] = field(default_factory=dict)
    delimiter: str = ","

    @property
    def is_csv(self) -> bool:
        return self.files[0].format is Format.CSV

    @property
    def is_json(self) -> bool:
        return self.files[0].format in (Format.JSON_ARRAY, Format.JSON_LINES, Format.JSON_OBJECTS)

    @property
    def first_row(self) -> int:
        """Return the number of the first event's row, as a person counts: the header is a CSV file's row 1."""
        return 2 if self.is_csv else 1


@dataclass(frozen=True, slots=True)
class _Layout:
    """How to read files that look alike: a table function with options, and an expression for each canonical column."""

    reader: str
    options: str
    select: tuple[tuple[str, str], ...]
    whole_rows: bool = False
    delimiter: str = ","
    places: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def sql(self, paths: Sequence[str]) -> str:
        columns = ", ".join(f"{expression} AS {quoted(name)}" for name, expression in self.select)
        files = ", ".join(literal(_unmagic(path)) for path in paths)
        source = f"{self.reader}([{files}], filename = true{self.options})"
        return f"SELECT {columns}, filename AS file FROM {f'(SELECT * FROM {source})' if self.whole_rows else source}"


def make_scans(
    connection: Backend, files: Sequence[PlainFile], names: Names, *, whole_rows: bool = False
) -> list[Scan]:
    """Create a view for each kind of file among `files` and return them; files that hold nothing have none.

    With `whole_rows` a view of CSV files has all their columns taken apart, which costs time.
    """
    alike: dict[_Layout, list[PlainFile]] = defaultdict(list)
    for file in files:
        layout = _layout(connection, file, names)
        if layout is not None:
            alike[replace(layout, whole_rows=whole_rows and file.format is Format.CSV)].append(file)
    scans = []
    for number, (layout, members) in enumerate(alike.items()):
        scan = Scan(
            f"scan_{number}",
            tuple(members),
            tuple(name for name, _ in layout.select),
            layout.sql,
            dict(layout.places),
            layout.delimiter,
        )
        run(connection, f"CREATE OR REPLACE TEMP VIEW {scan.view} AS {layout.sql([file.path for file in members])}")
        scans.append(scan)
    return scans or [_nothing(connection, names)]


def metadata_is_diverse(connection: Backend, scans: Sequence[Scan]) -> bool:
    """Return whether a sample suggests that nearly every event has metadata of its own, such as a request id."""
    for scan in scans:
        if "metadata" not in scan.columns:
            continue
        sampled = fetch(
            connection,
            "SELECT count(*) AS n, count(DISTINCT metadata) AS kinds"
            f" FROM (SELECT metadata FROM {scan.view} LIMIT {_SAMPLED_ROWS})",
        )
        if sampled["kinds"][0] * 5 > max(sampled["n"][0], _SAMPLED_ROWS // 20):
            return True
    return False


def _nothing(connection: Backend, names: Names) -> Scan:
    """Return a scan without a row, for exports that are all empty."""
    columns = ", ".join(f"CAST(NULL AS VARCHAR) AS {name}" for name in (*names, "file"))
    run(connection, f"CREATE OR REPLACE TEMP VIEW scan_none AS SELECT {columns} WHERE false")
    return Scan("scan_none", (PlainFile("", "", Format.EMPTY),), tuple(names), lambda _: "SELECT * FROM scan_none")


def _layout(connection: Backend, file: PlainFile, names: Names) -> _Layout | None:
    match file.format:
        case Format.EMPTY:
            return None
        case Format.CSV:
            return _csv(file, names)
        case Format.PARQUET:
            return _parquet(connection, file, names)
        case Format.JSON_ARRAY | Format.JSON_LINES | Format.JSON_OBJECTS:
            return _json(connection, file, names)


def _csv(file: PlainFile, names: Names) -> _Layout:
    """Return how to read a CSV file.

    The end of the header's line is passed on to the engine, which would guess it from the first line end, even a quoted
    one.
    """
    known = {alias.casefold() for aliases in names.values() for alias in aliases}
    dialect = dialect_of(file.name, Path(file.path), known)
    places = find_columns(file.name, dialect.names, names)
    refuse_decimal_commas(file.name, dialect, places["cost"])
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(dialect.names)))
    options = (
        f", auto_detect = false, header = true, skip = {dialect.skip}, delim = {literal(dialect.delimiter)}"
        f", quote = '\"', escape = '\"'{_LINE_ENDS[dialect.line_end]}, max_line_size = {LONGEST_ROW}"
        f", buffer_size = {LONGEST_ROW}, store_rejects = true, columns = {{{columns}}}"
    )
    select = tuple((name, _first([f"c{index}" for index in at])) for name, at in places.items() if at)
    found = tuple((name, tuple(at)) for name, at in places.items())
    return _Layout("read_csv", options, select, delimiter=dialect.delimiter, places=found)


def _parquet(connection: Backend, file: PlainFile, names: Names) -> _Layout:
    described = fetch(connection, f"DESCRIBE SELECT * FROM read_parquet([{literal(_unmagic(file.path))}])")
    header, types = list(described["column_name"]), list(described["column_type"])
    places = find_columns(file.name, header, names)
    select = tuple(
        (name, _first([_parquet_value(name, quoted(header[index]), str(types[index])) for index in at]))
        for name, at in places.items()
        if at
    )
    return _Layout("read_parquet", "", select)


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


def _json(connection: Backend, file: PlainFile, names: Names) -> _Layout | None:
    source = json_objects(file)
    keys = fetch(
        connection,
        f"SELECT key, count(*) AS n FROM (SELECT unnest(json_keys(json)) AS key FROM {source} LIMIT {_SAMPLED_KEYS})"
        " GROUP BY key ORDER BY n DESC, key",
    )["key"]
    if not len(keys):
        _refuse_values(connection, file)
        return None
    spelled = {key.strip().casefold(): key for key in reversed(keys)}
    missing = [name for name in REQUIRED if not any(alias.casefold() in spelled for alias in names[name])]
    if missing:
        raise missing_columns(file.name, missing, keys)
    wanted = {name: [spelled.get(alias.casefold(), alias) for alias in aliases] for name, aliases in names.items()}
    distinct = sorted({key for keys in wanted.values() for key in keys})
    columns = ", ".join(f"{literal(key)}: 'VARCHAR'" for key in distinct)
    options = f", format = '{file.format}', columns = {{{columns}}}"
    select = tuple((name, _json_value(name, keys, exact=file.exact)) for name, keys in wanted.items())
    return _Layout("read_json", options, select)


def _json_value(name: str, keys: Sequence[str], *, exact: bool) -> str:
    """Return SQL for the text of a JSON value; a cost that a double may have rounded is `INEXACT` instead."""
    value = _first([quoted(key) for key in keys])
    if exact or name != "cost":
        return value
    rounded = f"length({value}) > {_EXACT_DIGITS} AND abs(TRY_CAST({value} AS DOUBLE)) >= {_EXACT_BELOW}"
    return f"CASE WHEN {rounded} THEN {literal(INEXACT)} ELSE {value} END"


def json_objects(file: PlainFile) -> str:
    """Return SQL for the objects of a JSON file as text, in a column `json`."""
    return f"read_json_objects([{literal(_unmagic(file.path))}], format = '{file.format}')"


def _refuse_values(connection: Backend, file: PlainFile) -> None:
    if int(fetch(connection, f"SELECT count(*) AS n FROM {json_objects(file)}")["n"][0]):
        raise damaged(file.name, "its JSON holds values that are not events")


def _first(expressions: Sequence[str]) -> str:
    """Return SQL for the first value that is not empty."""
    if len(expressions) == 1:
        return expressions[0]
    return "coalesce(" + ", ".join(f"nullif(CAST({each} AS VARCHAR), '')" for each in expressions) + ")"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _unmagic(path: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)
