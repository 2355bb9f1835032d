"""A reading of exports on Spark: workers read them, Spark counts each event once and adds up, days alone come back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from ibis.expr.types import Table

from reconciler.findings import UsageError
from reconciler.forecast.windows import Days, last_month
from reconciler.model.usage import DailyUsage, RowIssue
from reconciler.usage.columns import MissingColumnsError
from reconciler.usage.coverage import overlap, recency, stale_wallets
from reconciler.usage.daily import MONEY, daily_table, no_days
from reconciler.usage.doubts import COUNTED, FILES_LOCATED, LEFT_OUT
from reconciler.usage.engine import Columns, connect
from reconciler.usage.engine_names import address
from reconciler.usage.events import LARGE_COST
from reconciler.usage.files import ExportFile, ExportFiles
from reconciler.usage.proposals import unmapped_ids, with_proposals
from reconciler.usage.repeats import Repeats
from reconciler.usage.result import Left, counted_once, in_doubt, make_usage, meeting_issues, outside
from reconciler.usage.scans import make_scans
from reconciler.usage.spark.facts import Facts, read_facts, refuse
from reconciler.usage.spark.repeats import Met, look_at_ids, settle
from reconciler.usage.spark.session import Spark, connected
from reconciler.usage.spark.worker import EVENTS, FILES, Order, key_of, work
from reconciler.usage.unpack import unpack
from reconciler.version import __version__

_LARGEST_SUM = Decimal(2**63).scaleb(-9)


@dataclass(frozen=True, slots=True)
class SparkEvents:
    """The events of all exports, on Spark."""

    spark: Spark
    files: Sequence[str]
    rows: Table

    def table(self) -> Table:
        return self.rows

    def columns(self, query: Table) -> Columns:
        return self.spark.columns(query)

    def tuples(self, query: Table) -> list[tuple[Any, ...]]:
        return self.spark.tuples(query)


def read_on_spark(
    engine: str,
    found: ExportFiles,
    order: Order,
    *,
    known: Collection[str],
    scratch: Path,
    say: Callable[[str], None],
) -> DailyUsage:
    """Return what `read_usage` returns for the exports `found`; `engine` names Spark, as `--engine` does.

    Raises what `read_usage` does, and UsageError where Spark cannot be used or cannot see the exports.
    """
    pipe = next((file for file in found.files if not file.remote and not Path(file.location).is_file()), None)
    if pipe is not None:
        raise UsageError(
            f"{pipe.name}: it is no plain file, and workers of Spark cannot read it; nothing was read",
            hint="write it to a file, or read it with `--engine duckdb`",
        )
    if engine.startswith("local"):
        order = replace(order, folder=str(scratch))
    say(f"starting Spark ({address(engine)})")
    with connected(engine) as spark:
        return SparkReading(spark, found.files, order, scratch, say).usage(known, found.issues)


class SparkReading:
    """One reading of exports; whatever engine is behind `spark`, the result is that of one machine."""

    def __init__(
        self, spark: Spark, files: Sequence[ExportFile], order: Order, scratch: Path, say: Callable[[str], None]
    ) -> None:
        self.spark = spark
        self.files = files
        self.order = order
        self.scratch = scratch
        self.say = say
        self.keys = [key_of(number) for number in range(len(files))]
        self.shown = {key: file.name for key, file in zip(self.keys, files, strict=True)}

    def usage(self, known: Collection[str], issues: Sequence[RowIssue]) -> DailyUsage:
        events, facts = self._read(known)
        scanned = [each for each in facts if each.layout]
        issues = (*issues, *(remark for each in facts for remark in each.remarks))
        window, month = self.order.window, self.order.month
        if all(each.rowless for each in facts):
            rejects = [issue for each in facts for issue in each.issues]
            return make_usage(no_days(), window, month, known=known, left=Left((*issues, *rejects)), stale={})
        of_all = SparkEvents(self.spark, [self.keys[each.number] for each in scanned], events)
        met = look_at_ids(self.spark, events)
        lack = met.lack or any("id" not in each.columns for each in scanned)
        counting, repeats = self._settled(of_all, met)
        self.say("adding up days")
        table = self.spark.columns(daily_table(counting, self.order.names, wide=True))
        doubts = self._doubts(table, of_all, facts, lack=lack or repeats.lack)
        if lack:
            doubts += self._unmapped(scanned)
        stale = stale_wallets(of_all, table, window)
        left = Left((*issues, *meeting_issues(repeats.meetings, self.shown), *doubts), repeats.left_out, repeats.cost)
        absent = {name for each in scanned for name in self.order.names if name not in each.columns}
        return make_usage(table, window, month, known=known, left=left, stale=stale, absent=absent)

    def _read(self, known: Collection[str]) -> tuple[Table, list[Facts]]:
        """Return the events of all exports and the facts about them; raise when one cannot be read."""
        self.say(f"reading {len(self.files)} export{'s' if len(self.files) != 1 else ''} on Spark")
        rows, facts = self._worked()
        if not self.order.whole_rows and any(each.broken for each in facts):
            self.say("starting again with every column, because bytes are not UTF-8")
            self.order = replace(self.order, whole_rows=True)
            rows, facts = self._worked()
        self._refuse(facts, known)
        return rows.filter(rows.note.isnull()).drop("note"), facts

    def _worked(self, **different: Any) -> tuple[Table, list[Facts]]:
        """Return what workers hand on, and the facts in it."""
        told = partial(work, order=replace(self.order, **different))
        exports = [(number, file.name, file.location, file.remote) for number, file in enumerate(self.files)]
        rows = self.spark.made("rows", exports, FILES, told, EVENTS)
        notes = rows.filter(rows.note.notnull()).select("note")
        return rows, read_facts([note for (note,) in self.spark.tuples(notes)])

    def _refuse(self, facts: Sequence[Facts], known: Collection[str]) -> None:
        """Raise what `refuse` raises; of exports that lack a column the first is read here, to say what would do."""
        try:
            refuse(self.files, facts, __version__)
        except MissingColumnsError as error:
            number = next(each.number for each in facts if each.missing)
            plain = unpack(self.files[number], self.scratch)
            connection = connect(self.order.memory_limit, self.scratch / "spill")
            with with_proposals(connection, [plain], self.order.names, known):
                raise error

    def _settled(self, events: SparkEvents, met: Met) -> tuple[Table, Repeats]:
        self.say("looking for repeated events")
        rows = events.table().drop("file", "written_id")
        return settle(
            self.spark,
            rows,
            met,
            self.order.names,
            files=self.keys,
            month=self.order.month,
            recency=lambda: recency(events, self.shown, end=self.order.window[1]),
        )

    def _doubts(self, table: Columns, events: SparkEvents, facts: Sequence[Facts], *, lack: bool) -> list[RowIssue]:
        window, month = self.order.window, self.order.month
        rejects = [issue for each in facts for issue in each.issues]
        if not (lack or self._is_wide(table, events) or in_doubt(table, window)):
            return rejects + outside(table, window, month)
        self.say("locating rows that are in doubt")
        _, looked = self._worked(doubts=True)
        found = _located([issue for each in looked for issue in each.issues])
        found = counted_once(found, table, window, month)
        if any(issue.code == "no-id" for issue in found):
            found += overlap(events, self.shown, window=window, month=month)
        return found

    def _is_wide(self, table: Columns, events: SparkEvents) -> bool:
        """Return whether an amount or a sum is larger than one machine makes room for at first."""
        if any(abs(Decimal(amount)) >= _LARGEST_SUM for name in MONEY for amount in table[name].tolist()):
            return True
        rows = events.table()
        ((large,),) = self.spark.tuples(rows.aggregate(n=rows.count(where=rows.cost.abs() >= LARGE_COST)))
        return bool(large)

    def _unmapped(self, facts: Sequence[Facts]) -> list[RowIssue]:
        """Return what is said of exports without ids, of which the first of each layout is read here."""
        first = {each.layout: each.number for each in reversed(facts) if "id" not in each.columns}
        plain = [unpack(self.files[number], self.scratch) for number in sorted(first.values())]
        if not plain:
            return []
        connection = connect(self.order.memory_limit, self.scratch / "spill")
        return unmapped_ids(connection, make_scans(connection, plain, self.order.names), self.order.names)


def _located(issues: Sequence[RowIssue]) -> list[RowIssue]:
    """Return issues with a row in as many files as one machine looks rows up in."""
    doubts = [issue for issue in issues if issue.code in (*LEFT_OUT, *COUNTED)]
    located = set(sorted({issue.path for issue in doubts})[:FILES_LOCATED])
    return [replace(issue, row=0) if issue in doubts and issue.path not in located else issue for issue in issues]


def order_for(names: Mapping[str, Sequence[str]], window: Days, memory_limit: str) -> Order:
    return Order(names, window, last_month(window[1]), memory_limit)
