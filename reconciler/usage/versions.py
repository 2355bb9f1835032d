"""What rows of one id are to each other: one event again, another version of it, or another event.

- Rows that mean the same are *one event again*, whichever exports they are in.
- Rows of one second, team, model and gateway that differ elsewhere are *versions* of one event. The version of the
  latest export counts; where exports do not tell, the latest in time, then the largest cost.
- Rows that differ in second, team, model or gateway are *other events*: their id was used again. All count.

What a row does not say (an empty team, model or gateway) makes no other event. An id that many events share names no
event, so that what differs within the latest export is not a version but one event more (decision 0032).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
from ibis.expr.types import IntegerValue, StringValue, Table

from reconciler.usage.daily import interpreted

MANY_EVENTS = 10
"""An id that so many different events share is a counter, a constant or a word for none."""

Names = Mapping[str, Sequence[str]]


def ranked_versions(versions: Table, names: Names) -> Table:
    """Return the rows with `counts`, whether a row is counted, `kind` and `events`, the number of events of its id.

    `versions` are typed events with the `export` that they are from and its `rank`, larger for a later one. `kind` is
    "corrected" for a version that a later export replaced, "conflicting" for one that lost without such evidence,
    "reused" for a counted row whose id other events have too, and else "". The choice depends on what rows mean and on
    exports: order, split and format do not matter.
    """
    written = [name for name in versions.columns if name not in _OWN]
    meaning = interpreted(versions.mutate(**{f"_{name}": versions[name] for name in written}), names)
    meant = [name for name in sorted(meaning.columns) if not name.startswith("_") and name not in (*_OWN, *_NO_MEANING)]
    told = _in_events(meaning)
    event = [told[name] for name in _EVENT]
    order = [ibis.desc(told[name]) for name in ("at", "cost", *meant)]
    spelling = [*(ibis.desc(told[f"_{name}"]) for name in written), told.export]
    told = told.mutate(
        version=ibis.dense_rank().over(ibis.window(group_by=event, order_by=order)),
        number=ibis.dense_rank().over(ibis.window(group_by=told.id, order_by=event[1:])),
        newest=told["rank"].max().over(ibis.window(group_by=event)),
        spelled=ibis.row_number().over(ibis.window(group_by=[*event, told["rank"]], order_by=[*order, *spelling])),
    )
    event = [told[name] for name in _EVENT]
    newest_first = [ibis.desc(told.wallet != ""), ibis.desc(told["rank"]), told.spelled]
    told = told.mutate(
        place=ibis.row_number().over(ibis.window(group_by=event, order_by=newest_first)),
        again=ibis.row_number().over(ibis.window(group_by=[*event, told.version], order_by=newest_first)),
        valid=told.version.first().over(ibis.window(group_by=event, order_by=newest_first)),
        events=told.number.max().over(ibis.window(group_by=told.id)) + 1,
    )
    shared = (told.events >= MANY_EVENTS) & (told["rank"] == told.newest)
    counts = (told.place == 0) | (shared & (told.again == 0))
    return told.select(
        **{name: told[f"_{name}"] if name in written else told[name] for name in versions.columns},
        counts=counts,
        events=told.events,
        kind=_kind(told, counts, shared),
    )


_OWN = ("id", "at", "cost", "export", "rank")
_NO_MEANING = ("gateway_id", "is_unknown")
_EVENT = ("id", "second", "known_team", "known_model", "known_gateway")


def _in_events(meaning: Table) -> Table:
    """Say which event each row is of; what a row leaves open is taken from the others of its id and second."""
    rows = meaning.mutate(second=meaning["at"].truncate("s"))
    rows = rows.mutate(known_team=_filled(rows.wallet, rows, ("id", "second")))
    return rows.mutate(
        known_model=_filled(rows.model, rows, ("id", "second", "known_team")),
        known_gateway=_filled(rows.gateway_id, rows, ("id", "second", "known_team")),
    )


def _filled(value: StringValue, rows: Table, group: Sequence[str]) -> StringValue:
    known = value.max().over(ibis.window(group_by=[rows[name] for name in group]))
    return ibis.ifelse(value == "", known, value)


def _kind(told: Table, counts: IntegerValue, shared: IntegerValue) -> StringValue:
    other = (told.version != told.valid) & ~shared
    return ibis.cases(
        (other & (told["rank"] < told.newest), "corrected"),
        (other, "conflicting"),
        (counts & (told.events > 1), "reused"),
        else_="",
    )
