"""One reading of exports: events counted once, days added up, and what is doubtful looked for where there is some."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import duckdb
import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from reconciler.forecast.windows import Days, last_month
from reconciler.model.usage import DailyUsage, RowIssue
from reconciler.usage.coverage import overlap, recency, stale_wallets
from reconciler.usage.daily import daily_table, no_days
from reconciler.usage.doubts import doubtful_rows
from reconciler.usage.engine import Columns, fetch, in_our_words, run, table_of
from reconciler.usage.events import LARGE_COST, events_of, wide_money
from reconciler.usage.kept import Kept
from reconciler.usage.lines import Book
from reconciler.usage.proposals import unmapped_ids, with_proposals
from reconciler.usage.rejects import Rejected, holds_broken_text, rejected_rows
from reconciler.usage.repeats import Ids, Repeats, events_met_once, look_at_ids, settle
from reconciler.usage.result import Left, counted_once, in_doubt, make_usage, meeting_issues, outside, unusable
from reconciler.usage.scans import Scan, ScannedEvents, make_exact, make_scans, metadata_is_diverse
from reconciler.usage.unpack import PlainFile, hold_nothing

Progress = Callable[[str], None]

MORE_MEMORY = "2GB"
"""What is used when the exports have more different keys a day than the given limit has room for."""


WHOLE_ROWS = "every column, because bytes are not UTF-8"


class Reading:
    """One reading of a set of files: the scans over them and what was found out about them on the way."""

    def __init__(
        self,
        connect: Callable[[], Backend],
        files: Sequence[PlainFile],
        names: Mapping[str, Sequence[str]],
        scratch: Path,
        say: Progress,
        window: Days,
    ) -> None:
        self.connect = connect
        self.connection = connect()
        self.files = files
        self.names = names
        self.scratch = scratch
        self.say = say
        self.window = window
        self.month = last_month(window[1])
        self.shown = {file.path: file.name for file in files}
        self.scans: list[Scan] = []
        self.ids = Ids(meet=False, lack=False)
        self.repeats = Repeats()
        self.wide = False
        self.whole_rows = False
        self.kept: Kept | None = None
        self.met: set[str] = set()

    def usage(self, known: Collection[str], issues: Sequence[RowIssue]) -> DailyUsage:
        with in_our_words(self.shown), with_proposals(self.connection, self.files, self.names, known):
            table = self.add_up()
            while unusable(table).any() and (self._make_exact() or self._make_wide()):
                table = self.add_up()
            book = Book({file.path: file for scan in self.scans for file in scan.files})
            rejected = self.rejected(book)
            doubts = book.placed((*rejected.issues(self.shown, self.month), *self._doubts(table, rejected)))
            if self.ids.lack:
                doubts += self.unmapped()
            stale = stale_wallets(self._scanned(), table, self.window, self.kept)
        met_again = meeting_issues(self.repeats.meetings, self.shown)
        left = Left((*issues, *met_again, *doubts), self.repeats.left_out, self.repeats.cost)
        absent = {name for scan in self.scans for name in self.names if name not in scan.columns}
        return make_usage(table, self.window, self.month, known=known, left=left, stale=stale, absent=absent)

    def scan(self) -> list[Scan]:
        """Return the scans over the files, on the connection of now."""
        return make_scans(self.connection, self.files, self.names, whole_rows=self.whole_rows)

    def rejected(self, book: Book) -> Rejected:
        return rejected_rows(self.connection, self.scans, self.shown, book)

    def unmapped(self) -> list[RowIssue]:
        return unmapped_ids(self.connection, self.scans, self.names)

    def add_up(self) -> Columns:
        """Return the daily table; once again for each thing that the exports turn out to need."""
        while True:
            self.scans = self.scan()
            if hold_nothing(self.files):
                self.scans = []
                return no_days()
            try:
                table = self._sums()
                if not (holds_broken_text(self.connection, self.scans) and self._once(WHOLE_ROWS)):
                    return table
                self._take_whole_rows()
            except duckdb.OutOfMemoryException:
                if not self._once("more memory"):
                    raise
                run(self.connection, f"SET memory_limit = '{MORE_MEMORY}'")
            except (duckdb.ConversionException, duckdb.OutOfRangeException):
                if not self._once("room for larger sums"):
                    raise
                self.wide = True
            except duckdb.InternalException:
                if not self._once(WHOLE_ROWS):
                    raise
                self._take_whole_rows()

    def _once(self, need: str) -> bool:
        """Return whether `need` is new, and say so."""
        if need in self.met:
            return False
        self.met.add(need)
        self.say(f"starting again with {need}")
        return True

    def _take_whole_rows(self) -> None:
        """Start anew on a connection that takes every column of a row apart, needed or not.

        DuckDB breaks down over bytes that are not UTF-8 in a column that stands behind more columns than it was asked
        for, and a connection that broke down is of no more use (decision 0034).
        """
        self.connection.disconnect()
        self.connection = self.connect()
        if "more memory" in self.met:
            run(self.connection, f"SET memory_limit = '{MORE_MEMORY}'")
        run(self.connection, "SET disabled_optimizers = 'unused_columns'")
        self.whole_rows = True

    def _sums(self) -> Columns:
        self.say("looking for repeated events")
        self.ids = look_at_ids(self.connection, self.scans)
        self.repeats = self._settled() if self.ids.meet else Repeats()
        self.say("adding up days")
        parse_first = metadata_is_diverse(self.connection, self.scans)
        sums = self.kept.sums if self.kept else None
        table = daily_table(self._events(), self.names, parse_first=parse_first, wide=self.wide, kept=sums)
        columns = fetch(self.connection, table)
        return columns | {"day": columns["day"].astype("datetime64[D]")}

    def _settled(self) -> Repeats:
        return settle(
            self.connection,
            self.scans,
            self.names,
            wide=self.wide,
            month=self.month,
            recency=lambda: recency(self._scanned(), self.shown, end=self.window[1], kept=self.kept),
        )

    def _scanned(self) -> ScannedEvents:
        return ScannedEvents(self.connection, self.scans)

    def _events(self) -> Table:
        if not self.ids.meet:
            return events_of([table_of(self.connection, scan.view) for scan in self.scans], wide=self.wide)
        once = events_met_once(self.connection, self.scans, wide=self.wide).drop("file")
        winners = table_of(self.connection, "winners")
        kinds = once.schema().items()
        nothing = {name: ibis.null(kind) for name, kind in kinds if name not in winners.columns}
        return ibis.union(once, winners.mutate(**nothing).cast(once.schema()).select(*once.columns))

    def _make_exact(self) -> bool:
        exact = make_exact(self.connection, self.scans, self.scratch)
        self.files = [exact.get(file.path, file) for file in self.files]
        self.shown |= {file.path: file.name for file in exact.values()}
        return bool(exact)

    def _make_wide(self) -> bool:
        """Return whether there are amounts of a billion and more; from then on they are read."""
        if not self.wide:
            self.wide = any(self._is_wide(scan) for scan in self.scans)
            return self.wide
        return False

    def _is_wide(self, scan: Scan) -> bool:
        events = table_of(self.connection, scan.view)
        large = wide_money(events.cost).abs() >= LARGE_COST
        return bool(fetch(self.connection, events.aggregate(n=events.count(where=large)))["n"][0])

    def _doubts(self, table: Columns, rejected: Rejected) -> list[RowIssue]:
        if not (self.ids.lack or self.repeats.lack or self.wide or in_doubt(table, self.window)):
            return outside(table, self.window, self.month)
        self.say("locating rows that are in doubt")
        about: dict[str, Days] = {"window": self.window, "month": self.month}
        found = doubtful_rows(self.connection, self.scans, self.shown, rejected.rows, **about, kept=self.kept)
        found = counted_once(found, table, **about)
        if any(issue.code == "no-id" for issue in found):
            found += overlap(self._scanned(), self.shown, **about)
        return found
