"""Trying columns out: whether an export can be read when this column of it is taken for that one of ours.

A column is chosen when its name is known (`likely_columns`) and its values can be read as what it would stand for; a
column whose values are the team ids of wallets is the team's, whatever its name.
"""

# ruff: noqa: S608 (the statements that are nested here are made, and quoted, by `scans`)
from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ibis.backends.duckdb import Backend

from reconciler.findings import UsageError
from reconciler.usage.columns import KNOWN_NAMES, REQUIRED, can_be_mapped, candidates, currency_of, foreign_currency
from reconciler.usage.dialect import ForeignAmountsError
from reconciler.usage.engine import fetch, run, table_of
from reconciler.usage.events import events_of, is_blank
from reconciler.usage.layouts import Names, rows_of
from reconciler.usage.unpack import PlainFile

_TRIED_ROWS = 5_000
_LOOKED_INTO = 100
_DEEPEST = 3
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class ColumnProposal:
    """Columns for those of ours that are missing, how many rows were tried and how many of them can be read with it."""

    columns: Mapping[str, str]
    tried: int = 0
    readable: int = 0


@dataclass(slots=True)
class Trial:
    """One export on trial: its columns, and a sample of their values as text."""

    connection: Backend
    file: PlainFile
    names: Names
    found: Sequence[str]
    known_wallets: Collection[str]
    values: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        every = {f"column {at}": (column,) for at, column in enumerate(self.found)}
        folded = [column.strip().casefold() for column in self.found]
        single = next(
            (column for column, name in zip(self.found, folded, strict=True) if folded.count(name) == 1), None
        )
        if single is None:
            return
        names = {**every, **dict.fromkeys(REQUIRED, (single,))}
        sql = rows_of(self.connection, self.file, names)
        sample = fetch(self.connection, f"SELECT * FROM ({sql}) LIMIT {_TRIED_ROWS}")
        for at, column in enumerate(self.found):
            texts = (str(value).strip() for value in sample.get(f"column {at}", ()) if value is not None)
            self.values[column] = [text for text in texts if text]

    def propose(self, missing: Sequence[str]) -> ColumnProposal:
        """Return the columns for those of `missing` that can be told, and for `id` where the export names none."""
        wanted = [name for name in KNOWN_NAMES if name in missing or (name == "id" and not self.has_id())]
        chosen = {name: column for name in wanted if (column := self._choose(name))}
        if not {"timestamp", "cost"} & set(missing) <= set(chosen):
            return ColumnProposal(chosen)
        moment = chosen.get("timestamp", self.found[0])
        stand_in = {name: (moment,) for name in missing if name not in chosen}
        names = {**self.names, **stand_in, **{name: (column,) for name, column in chosen.items()}}
        return ColumnProposal(chosen, *self._try(names))

    def nested(self, name: str, *, of_wallets: bool = False) -> str | None:
        """Return the dotted path of what may be our column `name` within the objects of another column.

        With `of_wallets` it is one that holds the team id of a wallet, whatever its name.
        """
        ours = currency_of(self.names)
        for column, values in self.values.items():
            for path, value in (found for each in values[:_LOOKED_INTO] for found in _paths(each)):
                fits = value in self.known_wallets if of_wallets else candidates(name, [path.rpartition(".")[2]], ours)
                if fits:
                    return f"{column}.{path}"
        return None

    def in_another_currency(self) -> str | None:
        """Return the column that would be the cost but for the currency in its name."""
        ours, likely = currency_of(self.names), candidates("cost", self.found)
        return next((each for each in likely if foreign_currency(each, ours) and self._fits("cost", each)), None)

    def has_id(self) -> bool:
        folded = [column.strip().casefold() for column in self.found]
        return any(alias.casefold() in folded for alias in self.names["id"])

    def _choose(self, name: str) -> str | None:
        if name == "team_id" and (column := self._of_wallets()):
            return column
        likely = candidates(name, self.found, currency_of(self.names))
        named = next((column for column in likely if self._fits(name, column)), None)
        moments = self.moments() if name == "timestamp" and named is None else []
        return moments[0] if len(moments) == 1 else named

    def moments(self) -> list[str]:
        """Return the columns that hold dates or moments, written as such and not as mere numbers."""
        return [
            column
            for column, values in self.values.items()
            if can_be_mapped(column) and all(map(_DATE.match, values)) and self._fits("timestamp", column)
        ]

    def _of_wallets(self) -> str | None:
        share = {
            column: sum(value in self.known_wallets for value in values) / len(values)
            for column, values in self.values.items()
            if values and can_be_mapped(column)
        }
        best = max(share, key=lambda column: share[column], default=None)
        return best if best is not None and share[best] > 0 else None

    def _fits(self, name: str, column: str) -> bool:
        """Return whether most values of a column can be read as what it would stand for; ids have to differ."""
        values = self.values.get(column)
        if not values:
            return False
        if name == "id":
            return len(set(values)) == len(values)
        if name == "team_id":
            return not any(value.startswith(("{", "[")) for value in values)
        tried, readable = self._try({**self.names, **dict.fromkeys(REQUIRED, (column,))}, name)
        return readable * 2 > tried or (name == "cost" and self.written_otherwise(column) is not None)

    def written_otherwise(self, cost: str) -> ForeignAmountsError | None:
        """Return what refuses a column of costs because of how its amounts are written, None where nothing does."""
        try:
            rows_of(self.connection, self.file, {**self.names, **dict.fromkeys(REQUIRED, (cost,))})
        except ForeignAmountsError as error:
            return error
        except UsageError:
            pass
        return None

    def _try(self, names: Names, name: str = "") -> tuple[int, int]:
        """Return how many rows were read with `names`, and in how many all that is needed, or only `name`, is there."""
        try:
            sql = rows_of(self.connection, self.file, names)
        except UsageError:
            return 0, 0
        run(self.connection, f"CREATE OR REPLACE TEMP VIEW trial AS SELECT * FROM ({sql}) LIMIT {_TRIED_ROWS}")
        table = table_of(self.connection, "trial")
        events = events_of([table])
        good = {"timestamp": events["at"].notnull(), "cost": events.cost.notnull()}
        whole = events.day.notnull() & ~is_blank(events.team_id)
        counted = fetch(
            self.connection, events.aggregate(n=events.count(), good=events.count(where=good.get(name, whole)))
        )
        return int(counted["n"][0]), int(counted["good"][0])


def _paths(value: str) -> Iterator[tuple[str, str]]:
    """Yield the dotted paths and the values within the text of a JSON object, no deeper than an export nests them."""
    if value.startswith("{"):
        with suppress(ValueError, RecursionError):
            yield from _paths_of(json.loads(value), _DEEPEST)


def _paths_of(node: dict[str, Any], depth: int) -> Iterator[tuple[str, str]]:
    for each, inner in node.items():
        if not isinstance(inner, dict):
            yield each, str(inner)
        elif depth > 1:
            yield from ((f"{each}.{path}", value) for path, value in _paths_of(inner, depth - 1))
