"""DuckDB behind Ibis, kept within a memory limit and a folder to spill into, with errors in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import ibis
import numpy as np
import numpy.typing as npt
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from reconciler.findings import UsageError
from reconciler.usage.lines import first_flaw
from reconciler.usage.remembered import statement

Columns = dict[str, npt.NDArray[Any]]


class Events(Protocol):
    """The events of all exports on the engine that holds them, typed as `events_of` does, with their `file`."""

    @property
    def files(self) -> Sequence[str]:
        """Return what `file` can be."""

    def table(self) -> Table: ...

    def columns(self, query: Table) -> Columns: ...

    def tuples(self, query: Table) -> list[tuple[Any, ...]]: ...


THREADS = 2
SMALL = 4_000_000
"""Bytes of exports, as CSV or Parquet, of which one thread makes as fast what two make for more of the processors."""
_DATA_ERRORS = (duckdb.DataError, duckdb.IOException, duckdb.InvalidInputException)
"""What the engine raises because of what is in a file; anything else is ours."""

ibis.options.sql.fuse_selects = False
"""Keep each step of an expression a step of the statement: fused, a value is computed wherever it is mentioned."""


def threads_for(size: int | None) -> int:
    """Return how many threads read exports of so many bytes; None where nobody knows."""
    return 1 if size is not None and size < SMALL else THREADS


def connect(memory_limit: str, spill: Path, threads: int = THREADS) -> Backend:
    """Return an in-memory DuckDB that spills to `spill`, in UTC, and has no need of the input's order."""
    try:
        return Backend().connect(
            threads=threads, memory_limit=memory_limit, temp_directory=str(spill), preserve_insertion_order=False
        )
    except duckdb.Error as error:
        raise UsageError(
            f"`{memory_limit}` is not a memory limit that DuckDB understands", hint="write it as 256MB or 1GB"
        ) from error


def run(connection: Backend, sql: str) -> None:
    connection.con.execute(sql)


def table_of(connection: Backend, name: str) -> Table:
    """Return a table or view of now as an expression that no connection is in, equal to that of an equal one."""
    return ibis.table(connection.get_schema(name), name=name)


def fetch(connection: Backend, query: ibis.Expr | str) -> Columns:
    """Return the result of an expression or a statement as plain numpy columns; masked values become None or NaT."""
    sql = query if isinstance(query, str) else statement(query)
    columns = connection.con.execute(sql).fetchnumpy()
    return {name: _unmasked(values) for name, values in columns.items()}


def _unmasked(values: Any) -> npt.NDArray[Any]:
    if not isinstance(values, np.ma.MaskedArray):
        plain: npt.NDArray[Any] = values
    elif values.dtype.kind == "M":
        plain = np.ma.filled(values, np.datetime64("NaT", "us"))
    else:
        plain = np.ma.filled(values.astype(object), None)
    return plain


@contextmanager
def in_our_words(names: dict[str, str]) -> Iterator[None]:
    """Turn an engine error into one that names the export (`names`: scanned path to export) and the place."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise UsageError(
            "the exports need more memory, or room to spill, than reading them is allowed",
            hint="free space in the temporary folder, or set TMPDIR to a folder that has some",
        ) from error
    except _DATA_ERRORS as error:
        raise _explained(str(error), names) from error


def _explained(text: str, names: dict[str, str]) -> UsageError:
    said = next((name for path, name in names.items() if path in text), None)
    if said is None and len(set(names.values())) == 1:
        said = next(iter(names.values()))
    flaw = next((_flaw(path, name) for path, name in names.items() if path in text and "Malformed JSON" in text), None)
    if flaw is not None:
        return flaw
    for path, name in names.items():
        text = text.replace(path, name)
    first = re.sub(r"\s+", " ", text.split("\n\n")[0].split("Possible fixes")[0].split("LINE 1:")[0]).strip()
    first = re.sub(r", at byte \d+ in (line|record/value) \d+", "", first)
    reason = re.sub(r"^(?:\w+ )?Error: ", "", re.sub(r"^\w+(?: \w+)* Error: ", "", first))[:300].rstrip(". ")
    return UsageError(
        f"{said or 'the exports'}: cannot be read whole ({reason}); nothing of it was used",
        hint="export or download this file again",
    )


def _flaw(path: str, name: str) -> UsageError | None:
    """Return the error that names the line of a JSON Lines file that is no JSON: the engine's own is too high."""
    found = first_flaw(Path(path))
    if found is None:
        return None
    line, why = found
    return UsageError(
        f"{name}:{line}: this line is no JSON ({why}), so nothing of the file was used",
        hint="export or download this file again; a last line that is cut shows that it did not come whole",
    )
