"""An engine that was used before reads as a new one does, and none is used again that is not as it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from engines_once import Engines

LIMIT = {"threads": 2, "memory_limit": "30MB", "preserve_insertion_order": False}


def used(engines: Engines, folder: Path, *statements: str) -> tuple[Any, Any]:
    """Run statements on a connection that is then closed, and return its engine and the last answer."""
    connection, lent = engines.connection(str(folder), LIMIT)
    with connection:
        found = [connection.execute(each).fetchall() for each in statements]
    engines.end(lent)
    return lent[1], found[-1]


def test_a_connection_leaves_nothing_to_the_next_one_but_its_engine(tmp_path: Path) -> None:
    engines = Engines()
    first, _ = used(engines, tmp_path / "one", "CREATE TEMP TABLE met AS SELECT 1", "SET TimeZone = 'Asia/Tokyo'")
    asked = "SELECT current_setting('temp_directory'), current_setting('TimeZone'), count(*) FROM duckdb_tables()"
    second, [(folder, zone, tables)] = used(engines, tmp_path / "two", asked)
    assert first is second
    assert (folder, zone, tables) == (str(tmp_path / "two"), duckdb.execute(asked).fetchall()[0][1], 0)


def test_two_connections_at_once_have_an_engine_each(tmp_path: Path) -> None:
    engines = Engines()
    one, other = (engines.connection(str(tmp_path), LIMIT)[1] for _ in range(2))
    assert one[1] is not other[1]


@pytest.mark.parametrize(
    "statement",
    [
        "SET memory_limit = '1GB'",
        "SET disabled_optimizers = 'unused_columns'",
        "SET preserve_insertion_order = true",
    ],
)
def test_an_engine_that_was_set_otherwise_is_not_used_again(tmp_path: Path, statement: str) -> None:
    engines = Engines()
    first, _ = used(engines, tmp_path, statement)
    second, [told] = used(engines, tmp_path, "SELECT current_setting('disabled_optimizers')")
    assert first is not second
    assert told == ("",)


def test_an_engine_that_has_spilled_is_not_given_another_folder(tmp_path: Path) -> None:
    engines = Engines()
    rows = "SELECT repeat('x', 90) || hash(range) AS text FROM range(400_000)"
    first, _ = used(engines, tmp_path / "one", f"CREATE TEMP TABLE many AS {rows}")
    assert (tmp_path / "one").exists()
    second, _ = used(engines, tmp_path / "two", "SELECT 1")
    assert first is not second
