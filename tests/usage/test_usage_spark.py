"""The reading for Spark, held to that of one machine: the same exports, days, cents, findings and refusals.

Here it goes over DuckDB's Ibis, in every run; `test_usage_spark_servers.py` has it on Spark itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from ibis.expr.types import Table
from usage.hostile import END, FIRST
from usage.worst_exports import GOOD, alike, write_worst

from reconciler.findings import UnreachableError, UsageError
from reconciler.model.usage import DailyUsage
from reconciler.usage.columns import column_names
from reconciler.usage.engine import Columns, connect, fetch
from reconciler.usage.files import ExportFile, find_exports
from reconciler.usage.spark.facts import Facts, Failure, Step, refuse
from reconciler.usage.spark.reading import SparkReading, order_for
from reconciler.usage.spark.worker import EVENTS, FILES, work

Read = Callable[..., DailyUsage]


class Stand:
    """What `Spark` does, by DuckDB in this process."""

    def __init__(self, folder: Path) -> None:
        self.ibis = connect("256MB", folder / "spill")
        self.number_of_tables = 0

    def _table(self, sql: str) -> Table:
        self.number_of_tables += 1
        name = f"made_{self.number_of_tables}"
        self.ibis.con.execute(f"CREATE TEMP TABLE {name} AS {sql}")
        return self.ibis.table(name)

    def _of_arrow(self, made: pa.Table) -> Table:
        self.ibis.con.register("handed_on", made)
        return self._table("SELECT * FROM handed_on")

    def keep(self, name: str, query: Table) -> Table:
        return self._table(self.ibis.compile(query))

    def values(self, name: str, rows: Sequence[tuple[Any, ...]], schema: str) -> Table:
        columns = [each.split()[0] for each in schema.split(",")]
        return self._of_arrow(pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))))

    def made(self, name: str, rows: Sequence[tuple[Any, ...]], schema: str, function: Any, result: pa.Schema) -> Table:
        columns = [each.split()[0] for each in schema.split(",")]
        batch = pa.RecordBatch.from_pylist([dict(zip(columns, row, strict=True)) for row in rows])
        return self._of_arrow(pa.Table.from_batches(function(iter([batch])), result))

    def columns(self, query: Table) -> Columns:
        found = fetch(self.ibis, query)
        return found | ({"day": found["day"].astype("datetime64[D]")} if "day" in found else {})

    def tuples(self, query: Table) -> list[tuple[Any, ...]]:
        return list(self.ibis.con.execute(self.ibis.compile(query)).fetchall())

    def number(self, table: Table) -> int:
        return int(self.tuples(table.aggregate(n=table.count()))[0][0])


@pytest.fixture
def by_stand(exports: Any, tmp_path: Path) -> Read:
    def read(*paths: Path) -> DailyUsage:
        found = find_exports([str(path) for path in paths or (exports.folder,)])
        order = order_for(deepcopy(column_names({}, "USD")), (FIRST, END), "256MB")
        scratch = Path(tempfile.mkdtemp(dir=tmp_path))
        stand: Any = Stand(scratch)
        return SparkReading(stand, found.files, order, scratch, lambda _: None).usage({"team_a"}, found.issues)

    return read


def test_the_reading_for_spark_gives_what_one_machine_gives_of_the_worst_rows(exports: Any, by_stand: Read) -> None:
    write_worst(exports)
    expected = exports.read(first=FIRST, end=END, known_wallets={"team_a"})
    assert alike(expected, by_stand())
    codes = {issue.code for issue in expected.source.issues}
    assert codes >= {"wrong-columns", "not-utf8", "no-line-end", "overlap-without-id", "corrected-events", "bad-cost"}


def test_what_no_doubt_is_about_is_read_once(exports: Any, by_stand: Read, events: Any) -> None:
    exports.write(events(40, 3), "csv", name="one")
    exports.write(events(60, 3), "parquet", name="two")
    assert alike(exports.read(first=FIRST, end=END, known_wallets={"team_a"}), by_stand())


def test_money_in_another_currency_is_left_out_by_each_engine(exports: Any, by_stand: Read, events: Any) -> None:
    exports.write([event | {"currency": "EUR"} for event in events(3)] + events(9)[3:], "csv")
    expected = exports.read(first=FIRST, end=END, known_wallets={"team_a"}, currency="USD")
    assert [issue.code for issue in expected.source.issues] == ["other-currency"]
    assert alike(expected, by_stand())


def test_exports_without_events_give_no_day(exports: Any, by_stand: Read) -> None:
    exports.text("a.csv", GOOD)
    exports.text("b.json", "[]")
    assert alike(exports.read(first=FIRST, end=END, known_wallets={"team_a"}), by_stand())


UNREADABLE = {
    "lacks-columns": {"a.csv": "id,when,squad\n1,2026-01-01,x\n", "b.csv": "id,when,squad\n1,2026-01-01,x\n"},
    "no-json": {"a.jsonl": '{"id": "1", "timestamp": "2026-01-01", "team_id": "t", "cost": 1}\n{"id": \n'},
    "cut-off": {"a.csv": GOOD + '1,2026-01-01T00:00:00Z,team_a,1,m,"p'},
    "cut-gzip": {"a.csv.gz": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b"},
    "half": {"a.json": '{"total": 9, "events": [{"id": "1", "timestamp": "2026-01-01", "team_id": "t", "cost": 1}]}'},
}


@pytest.mark.parametrize("files", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_refused_in_the_same_words(
    exports: Any, by_stand: Read, files: dict[str, str | bytes]
) -> None:
    for name, content in files.items():
        exports.text(name, content)
    said = []
    for read in (lambda: exports.read(first=FIRST, end=END, known_wallets={"team_a"}), by_stand):
        with pytest.raises(UsageError) as refused:
            read()
        said.append((refused.value.message, refused.value.hint))
    assert said[0] == said[1]


def test_a_worker_that_does_not_see_a_file_says_so(tmp_path: Path) -> None:
    batch = pa.RecordBatch.from_pylist(
        [{"number": 0, "name": "a.csv", "location": str(tmp_path / "a"), "remote": False}]
    )
    order = order_for(column_names({}), (FIRST, END), "256MB")
    (only,) = work(iter([batch]), order)
    assert only.schema == EVENTS
    assert "a worker of Spark does not find this file" in only.to_pylist()[0]["note"]
    assert [each.split()[0] for each in FILES.split(", ")] == batch.schema.names


def test_workers_of_another_version_are_refused() -> None:
    with pytest.raises(UsageError, match=r"the workers of Spark have kt-budgets 0\.0\.1, and this is 2"):
        refuse([ExportFile("a", "a")], [Facts(0, "0.0.1")], "2")


def test_what_a_worker_could_not_reach_is_unreachable_here() -> None:
    with pytest.raises(UnreachableError, match="no answer"):
        refuse([ExportFile("a", "a")], [Facts(0, "2", Failure(Step.UNPACK, "no answer", "", unreachable=True))], "2")
