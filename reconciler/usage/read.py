"""Read usage: exports in, one exact daily table out, with all that was left out or doubtful said."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ibis.backends.duckdb import Backend

from reconciler.findings import UsageError
from reconciler.model.usage import DailyUsage
from reconciler.usage.columns import column_names
from reconciler.usage.engine import connect, threads_for
from reconciler.usage.engine_names import DUCKDB, require_engine
from reconciler.usage.files import ExportFiles, find_exports
from reconciler.usage.parts import refuse_parts
from reconciler.usage.reading import Progress, Reading
from reconciler.usage.unpack import remarks, unpack

if TYPE_CHECKING:
    from reconciler.usage.store.session import Store


def read_usage(
    paths: Sequence[str],
    *,
    first: date,
    end: date,
    columns: Mapping[str, str] | None = None,
    currency: str = "",
    known_wallets: Collection[str] = (),
    folder: Path | None = None,
    memory_limit: str = "256MB",
    on_progress: Progress | None = None,
    store: Store | None = None,
    engine: str = DUCKDB,
) -> DailyUsage:
    """Return the daily usage of the days `[first, end)` that the exports at `paths` hold, each event counted once.

    `paths` are files, folders, globs or object-store URLs. `columns` maps canonical column names to the exports' own.
    Where `currency` is given, an event whose column `currency` names another one is left out.
    `known_wallets` are the team ids that are not to be counted as unknown. Temporary files (unpacked exports, data that
    outgrow `memory_limit`) go to a fresh folder in `folder`; a limit too tight to go on is raised once. `on_progress`
    is told in words what is being done. With a `store`, only exports are read that are new in it or have changed; the
    result is the same. `engine` is what reads and adds up: `duckdb` in this process, or Spark (`spark`, `local[N]`,
    `spark://…`, `sc://…`, `yarn`), which keeps no store; the result is the same.

    Raises UsageError when no export is found, when one lacks a column that money needs, or cannot be read whole; and
    UnreachableError when an object store does not answer.
    """
    require_engine(engine)
    names = column_names(columns or {}, currency)
    say = on_progress or (lambda _: None)
    found = find_exports(paths)
    with _scratch(folder) as scratch:
        window = (first, end)
        if engine != DUCKDB:
            from reconciler.usage.spark.reading import order_for, read_on_spark

            order = order_for(names, window, memory_limit)
            return read_on_spark(engine, found, order, known=known_wallets, scratch=scratch, say=say)

        read = _read_anew if store is None else store.read
        connection = partial(connect, memory_limit, scratch / "spill", threads_for(found.size))
        return read(found, connection, names, scratch, say, window, known_wallets)


def _read_anew(
    found: ExportFiles,
    connection: Callable[[], Backend],
    names: Mapping[str, Sequence[str]],
    scratch: Path,
    say: Progress,
    window: tuple[date, date],
    known: Collection[str],
) -> DailyUsage:
    say(f"unpacking {len(found.files)} export{'s' if len(found.files) != 1 else ''}")
    files = [unpack(file, scratch) for file in found.files]
    refuse_parts(file.part for file in files if file.part is not None)
    reading = Reading(connection, files, names, scratch, say, window)
    try:
        return reading.usage(known, (*found.issues, *remarks(files)))
    finally:
        reading.connection.disconnect()


@contextmanager
def _scratch(folder: Path | None) -> Iterator[Path]:
    try:
        made = tempfile.TemporaryDirectory(prefix="kt-budgets-", dir=folder, ignore_cleanup_errors=True)
    except OSError as error:
        raise UsageError(
            f"no temporary folder can be made in {folder or tempfile.gettempdir()} ({error.strerror})",
            hint="set TMPDIR to a folder that can be written to",
        ) from error
    with made as path:
        yield Path(path)
