"""THE expression: canonical events in, the daily table out. Ibis alone, so that any of its backends can run it.

Events are first summed as they are written, then the few distinct spellings are interpreted and summed again: a JSON
object is parsed once for each distinct text and not once for each event. Both sums are exact, so the order of the two
steps does not show in the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import numpy as np
from ibis.expr.types import BooleanValue, StringValue, Table, Value

from reconciler.usage.columns import IN_METADATA
from reconciler.usage.decisions import is_unknown, is_unserved
from reconciler.usage.engine import Columns
from reconciler.usage.events import OPTIONAL, WIDE_COST
from reconciler.usage.remembered import remembered

ATTRIBUTES = ("wallet", "workload", "provider", "model", "lane")
KEYS = ("day", *ATTRIBUTES)
MONEY = ("cost", "credits", "avoided", "fallback_cost", "hit_cost", "unserved_cost")
WHOLE = ("cost", "credits", "avoided", "unpriced", "unpriced_tokens", "unread_tokens")
"""Sums over all events; `events` and `tokens` too are of all."""
SERVED = (
    *("requests", "input_tokens", "output_tokens", "cache_hits"),
    *("hit_cost", "hit_input", "hit_output", "credit_rows"),
)
"""Sums over those that were served, and so are demand: see `decisions`. Those of fallbacks too."""
FALLBACKS = ("fallbacks", "fallback_cost", "fallback_input", "fallback_output")
UNSERVED = ("unserved_cost", "unserved_unpriced", "unserved_unpriced_tokens", "unknown_decisions")
"""What the others cost and how many of them have no price; and of how many nobody knows which they are."""
_FLAGS = ("is_fallback", "is_unserved", "is_unknown")
LONGEST_NAME = 200
"""Characters of an attribute that are kept: a column may hold anything, and every row of the table has room for it."""

Names = Mapping[str, Sequence[str]]


@remembered
def daily_table(
    events: Table, names: Names, *, parse_first: bool = False, wide: bool = False, kept: Table | None = None
) -> Table:
    """Return the sums per day, wallet, workload, provider, model and lane, with how many events have no price.

    Events that cannot be read have no `day`; those without a team have the wallet "". `parse_first` interprets event by
    event, which is better when nearly every event has metadata of its own; the result is the same. `kept` are sums of
    further events, as `daily_sums` gives them. Money comes as whole billionths in int64, an error of the engine when
    one sum is too large for that; as decimal text when `wide`.
    """
    sums = daily_sums(events, names, parse_first=parse_first)
    if kept is not None:
        both = ibis.union(sums, kept.select(*sums.columns).cast(sums.schema()))
        added = {name: both[name].sum() for name in sums.columns if name not in (*KEYS, "latest")}
        sums = _in_kept_types(both.group_by(*KEYS).agg(**added, latest=both.latest.max()))
    return sums.mutate(**{name: _exact(sums[name], wide=wide) for name in MONEY}).order_by(*KEYS)


def daily_sums(events: Table, names: Names, *, parse_first: bool) -> Table:
    """Return the daily table with money as decimals: sums of it over any parts of the events are those of all."""
    if parse_first:
        return _sum_up(_summed(interpreted(events, names), (*KEYS, *_FLAGS)))
    written = ("day", "team_id", *(name for name in OPTIONAL if name in events.columns))
    return _sum_up(interpreted(_summed(events, written), names))


def no_days() -> Columns:
    """Return the daily table of no event at all."""
    numbers = dict.fromkeys((*WHOLE, "events", "tokens", *SERVED, *FALLBACKS, *UNSERVED), np.dtype(np.int64))
    moments = {"day": np.dtype("datetime64[D]"), "latest": np.dtype("datetime64[us]")}
    kinds = {**dict.fromkeys(ATTRIBUTES, np.dtype(object)), **numbers, **moments}
    return {name: np.empty(0, kind) for name, kind in kinds.items()}


def _summed(rows: Table, keys: Sequence[str]) -> Table:
    """Sum events by `keys`, kept as they are."""
    rows = rows.mutate(tokens=rows.input_tokens + rows.output_tokens)
    rows = rows.mutate(is_free=(rows.cost == 0) & ~rows.cache_hit)
    rows = rows.mutate(without_price=rows.is_free & (rows.tokens > 0))
    avoided = {"avoided": rows.avoided.sum()} if "avoided" in rows.columns else {}
    summed = rows.group_by(*keys).agg(
        cost=rows.cost.sum(),
        credits=rows.cost.sum(where=rows.cost < 0),
        requests=rows.count(),
        input_tokens=rows.input_tokens.sum(),
        output_tokens=rows.output_tokens.sum(),
        cache_hits=rows.count(where=rows.cache_hit),
        hit_cost=rows.cost.sum(where=rows.cache_hit & (rows.cost > 0)),
        hit_input=rows.input_tokens.sum(where=rows.cache_hit),
        hit_output=rows.output_tokens.sum(where=rows.cache_hit),
        credit_rows=rows.count(where=rows.cost < 0),
        latest=rows["at"].max(),
        free=rows.count(where=rows.is_free),
        unpriced=rows.count(where=rows.without_price),
        unpriced_tokens=rows.tokens.sum(where=rows.without_price),
        unread_tokens=rows.count(where=rows.unread_tokens),
        **avoided,
    )
    return summed if avoided else summed.mutate(avoided=ibis.literal(0).cast("decimal(38, 9)"))


def interpreted(rows: Table, names: Names) -> Table:
    """Give attributes their meaning: surrounding space dropped, metadata looked into, a missing one is empty."""
    has = rows.columns
    inside = rows.mutate(inside=rows.metadata.try_cast("json")) if "metadata" in has else rows

    def attribute(name: str) -> StringValue:
        written = [_clean(inside[name])] if name in has else []
        if name in IN_METADATA and "metadata" in has:
            written += [_clean(inside.inside[key].str) for key in names[name]]
        return ibis.coalesce(*written, "")

    plain = inside.mutate(
        wallet=ibis.coalesce(_clean(inside.team_id), ""),
        provider=attribute("provider"),
        model=attribute("model"),
        workload=attribute("workload"),
        lane=attribute("lane").lower().re_replace(r"[-\s]+", "_"),
        is_fallback=_is_fallback(inside, names["fallback"]),
        is_unserved=is_unserved(inside.decision) if "decision" in has else ibis.literal(False),
        is_unknown=is_unknown(inside.decision) if "decision" in has else ibis.literal(False),
    )
    return plain.drop(*({"team_id", "fallback", "decision", "metadata", "inside", "file"} & set(plain.columns)))


def _is_fallback(rows: Table, keys: Sequence[str]) -> BooleanValue:
    written = [rows.fallback.strip().try_cast("boolean")] if "fallback" in rows.columns else []
    if "inside" in rows.columns:
        for value in (rows.inside[key] for key in keys):
            written += [value.bool, value.str.try_cast("boolean"), value.int.try_cast("boolean")]
    return ibis.coalesce(*written, False)


def _clean(value: StringValue) -> StringValue:
    return value.strip().left(LONGEST_NAME).nullif("")


def _sum_up(rows: Table) -> Table:
    """Sum sums by the daily table's keys."""
    served = ~rows.is_unserved
    sums: dict[str, Value] = {name: rows[name].sum() for name in WHOLE}
    sums |= {"events": rows.requests.sum(), "tokens": (rows.input_tokens + rows.output_tokens).sum()}
    sums |= {name: rows[name].sum(where=served) for name in SERVED}
    counted = ("requests", "cost", "input_tokens", "output_tokens")
    sums |= {name: rows[of].sum(where=rows.is_fallback & served) for name, of in zip(FALLBACKS, counted, strict=True)}
    sums |= {
        "unserved_cost": rows.cost.sum(where=rows.is_unserved),
        "unserved_unpriced": rows.unpriced.sum(where=rows.is_unserved),
        "unserved_unpriced_tokens": rows.unpriced_tokens.sum(where=rows.is_unserved),
        "unknown_decisions": rows.free.sum(where=rows.is_unknown),
    }
    return _in_kept_types(rows.group_by(*KEYS).agg(**sums, latest=rows.latest.max()))


def _in_kept_types(table: Table) -> Table:
    """Return sums in types that a file can keep, none as zero."""
    sums = (name for name in table.columns if name not in (*KEYS, "latest"))
    kinds = {name: WIDE_COST if name in MONEY else "int64" for name in sums}
    return table.mutate(**{name: table[name].fill_null(0).cast(kind) for name, kind in kinds.items()})


def _exact(amount: Value, *, wide: bool) -> Value:
    return amount.cast("string") if wide else (amount * 10**9).cast("int64")
