"""DuckDB engines that serve one reading after the other: to start and end one takes as long as to read a small export.

What a connection makes ends with it, and it has an engine for itself, in a spill folder of its own. An engine that was
set otherwise, broke down or spilled is ended as ever, and a fork has none of this process's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import duckdb
import pytest

_SET = "SELECT " + ", ".join(
    f"current_setting('{name}')" for name in ("memory_limit", "disabled_optimizers", "preserve_insertion_order")
)
"""What readings set for all connections of an engine."""
Made = tuple[tuple[str, object], ...]


class Engines:
    """The engines of this process that no connection has, by how they were made."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.idle: dict[Made, list[tuple[duckdb.DuckDBPyConnection, object]]] = {}

    def connection(self, temp_directory: str, config: dict[str, Any]) -> tuple[Any, Any]:
        """Return a connection to an engine, and the engine, to be handed to `end`."""
        made = tuple(sorted(config.items()))
        if self.process != os.getpid():
            self.__init__()  # type: ignore[misc]
        while idle := self.idle.get(made):
            engine, as_made = idle.pop()
            with suppress(duckdb.Error):
                engine.execute("SET temp_directory = ?", [temp_directory])
                return engine.cursor(), (made, engine, as_made)
        engine = duckdb.connect(config={**config, "temp_directory": temp_directory})
        return engine.cursor(), (made, engine, engine.execute(_SET).fetchone())

    def end(self, lent: tuple[Made, duckdb.DuckDBPyConnection, object]) -> None:
        """Keep an engine whose connection was closed, if it is as it was made."""
        made, engine, as_made = lent
        with suppress(duckdb.Error):
            if self.process == os.getpid() and engine.execute(_SET).fetchone() == as_made:
                self.idle.setdefault(made, []).append((engine, as_made))
                return
        engine.close()


@pytest.fixture(scope="session", autouse=True)
def engines_once() -> Iterator[None]:
    """Import Ibis late: most tests have no need of it."""
    from ibis.backends.duckdb import Backend

    engines = Engines()
    disconnect = Backend.disconnect

    def do_connect(self: Any, *, temp_directory: str, **config: Any) -> None:
        self.con, self.lent = engines.connection(temp_directory, config)
        self._post_connect()

    def end(self: Any) -> None:
        disconnect(self)
        engines.end(self.lent)

    with pytest.MonkeyPatch.context() as connecting:
        connecting.setattr(Backend, "do_connect", do_connect)
        connecting.setattr(Backend, "disconnect", end)
        yield
    for idle in engines.idle.values():
        for engine, _ in idle:
            engine.close()
