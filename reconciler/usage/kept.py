"""Rows of exports that are known by their daily sums alone, because nothing was to be said of one of them.

They have a moment, a team, an id that no other row has, and a cost below a billion. Only a window makes one doubtful.
"""

# ruff: noqa: S608 (the dates in these statements are our own)
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy.typing as npt
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from reconciler.forecast.windows import Days
from reconciler.usage.engine import fetch, table_of

VIEW = "kept"


@dataclass(frozen=True, slots=True)
class Outside:
    """Rows of one file that are outside of the window, on the side that `code` says; `first` is the first of them."""

    file: str
    code: str
    rows: int
    cost: Decimal
    month_cost: Decimal
    first: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The view `kept` of a connection: the daily table (see `daily_sums`) of each scanned `file`.

    `first_rows` is the first row of each day of a file.
    """

    connection: Backend
    first_rows: Mapping[str, Mapping[date, int]]

    @property
    def sums(self) -> Table:
        return table_of(self.connection, VIEW).drop("file")

    def held(self, before: date) -> Iterator[tuple[str, str, date]]:
        """Yield file, wallet, and the last day `before` which it holds the wallet."""
        days = f"SELECT file, wallet, max(day) FROM {VIEW} WHERE day < DATE '{before}' GROUP BY file, wallet"
        yield from self.connection.con.execute(days).fetchall()

    def reach(self, last: date) -> Iterator[tuple[str, str]]:
        """Yield each file and the moment of its last event up to the day `last`."""
        sql = f"SELECT file, max(latest) AS latest FROM {VIEW} WHERE day <= DATE '{last}' GROUP BY file"
        found = fetch(self.connection, sql)
        yield from zip(found["file"].tolist(), in_order(found["latest"]), strict=True)

    def outside(self, window: Days, month: Days) -> Iterator[Outside]:
        """Yield what is outside of the window, by file."""
        inside = f"day >= DATE '{month[0]}' AND day < DATE '{month[1]}'"
        conditions = {"after-as-of": f"day > DATE '{window[1]}'", "before-window": f"day < DATE '{window[0]}'"}
        for code, where in conditions.items():
            found = self.connection.con.execute(
                "SELECT file, sum(events)::BIGINT, sum(cost), coalesce(sum(cost) FILTER (WHERE"
                f" {inside}), 0), list(DISTINCT day) FROM {VIEW} WHERE {where} GROUP BY file"
            ).fetchall()
            for file, rows, cost, month_cost, days in found:
                first = min(self.first_rows[file][day] for day in days)
                yield Outside(file, code, rows, Decimal(cost), Decimal(month_cost), first)


def in_order(moments: npt.NDArray[Any]) -> list[str]:
    """Return moments as texts that sort as they do."""
    texts: list[str] = moments.astype("datetime64[us]").astype(str).tolist()
    return texts
