"""Which events are in the exports more than once, and which version counts: `usage/repeats.py` in Ibis, for Spark.

One machine compares hashes first, for want of memory; here the engine groups the ids themselves. What rows of one id
are to each other is decided by the same expression, `ranked_versions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import ibis
from ibis.expr.types import Table

from reconciler.forecast.windows import Days
from reconciler.usage.repeats import SPELLINGS, Meeting, Recency, Repeats
from reconciler.usage.spark.session import Spark
from reconciler.usage.versions import Names, ranked_versions


@dataclass(frozen=True, slots=True)
class Met:
    """Ids that more than one row has, in `table`; `lack` says that rows have no id, `unclear` as `Repeats.lack` does.

    `repeated` says that more than one readable row has one of them.
    """

    table: Table
    lack: bool
    unclear: bool
    repeated: bool


def look_at_ids(spark: Spark, events: Table) -> Met:
    """Group all rows by the text of their id, as it is written."""
    rows = events.mutate(written=events.id.coalesce(events.written_id.nullif("")))
    texts = rows.group_by("written").agg(
        number=rows.count(),
        readable=rows.count(where=rows.id.notnull()),
        idle=rows.count(where=rows.day.notnull() & rows.id.isnull()),
    )
    met = spark.keep("met", texts.filter((texts.number > 1) | texts.written.isnull()))
    is_none = met.written.isnull() | met.written.isin(SPELLINGS)
    ((lack, unclear, repeated),) = spark.tuples(
        met.aggregate(
            lack=met.count(where=is_none),
            unclear=met.count(where=~is_none & (met.idle > 0)),
            repeated=met.count(where=met.readable > 1),
        )
    )
    return Met(met, bool(lack), bool(unclear), bool(repeated))


def settle(
    spark: Spark, events: Table, met: Met, names: Names, *, files: Sequence[str], month: Days, recency: Recency
) -> tuple[Table, Repeats]:
    """Return the events that count, each once, and what is to be said of the others.

    `files` are the keys of the exports by their number.
    """
    if not met.repeated:
        return events, Repeats(lack=met.unclear)
    ids = met.table.filter(met.table.readable > 1).select(id="written")
    rivals = spark.keep("rivals", events.semi_join(ids, "id"))
    different = spark.keep("different", rivals.drop("export").distinct())
    several = different.group_by("id").agg(number=different.count())
    several = several.filter(several.number > 1).select("id")
    alike = different.anti_join(several, "id")
    ranked = None
    if spark.number(several):
        ranked = spark.keep("ranked", _ranked(spark, rivals.semi_join(several, "id"), names, files, recency))
        chosen = ranked.filter(ranked.counts).select(*different.columns)
        winners = ibis.union(alike, chosen)
    else:
        winners = alike
    total, cost = _sum(spark, rivals)
    counted, counted_cost = _sum(spark, winners)
    meetings = _meetings(spark, ranked, files, month) if ranked is not None else ()
    once = events.anti_join(ids, "id").drop("export")
    counting = ibis.union(once, winners.select(*once.columns))
    return counting, Repeats(total - counted, cost - counted_cost, met.unclear, meetings)


def _ranked(spark: Spark, rivals: Table, names: Names, files: Sequence[str], recency: Recency) -> Table:
    latest = recency()
    known = [(number, latest[key]) for number, key in enumerate(files) if key in latest]
    ranks = spark.values("ranks", known, "export int, rank int")
    versions = rivals.inner_join(ranks, "export")
    return ranked_versions(versions.select(*rivals.columns, "rank").distinct(), names)


def _meetings(spark: Spark, ranked: Table, files: Sequence[str], month: Days) -> tuple[Meeting, ...]:
    told = ranked.filter(ranked.kind != "")
    inside = (told.day >= ibis.literal(month[0])) & (told.day < ibis.literal(month[1]))
    found = told.group_by("export", "kind").agg(
        rows=told.count(),
        cost=told.cost.sum(),
        month_cost=told.cost.sum(where=inside).fill_null(Decimal(0)),
        example=told.id.min(),
    )
    return tuple(
        Meeting(files[export], kind, rows, cost, month_cost, example)
        for export, kind, rows, cost, month_cost, example in sorted(spark.tuples(found), key=lambda row: row[:2])
    )


def _sum(spark: Spark, table: Table) -> tuple[int, Decimal]:
    ((number, cost),) = spark.tuples(table.aggregate(number=table.count(), cost=table.cost.sum()))
    return int(number), Decimal(cost or 0)
