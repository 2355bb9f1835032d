"""Generated wallets with the columns of an export: requests one by one, their tokens, prices and cache hits.

They are written as one export and read as the product reads exports, so that what is forecast is what it would know.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from generated_worlds import Floats, Timeline, World, between, ratio, timeline

if TYPE_CHECKING:
    import pyarrow as pa

Random = np.random.Generator
REQUESTS = (60.0, 400.0)
"""The requests of a usual day."""
TOKENS = 1000.0
COLUMNS_DAYS = 100
"""The days whose requests are made one by one; a day before them has `OLD_REQUESTS` at most, with the tokens of all."""
OLD_REQUESTS = 20
MODELS = ("large", "small")
LARGE_REQUESTS = 0.5
NANO = 10**9


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What a wallet's export tells beside the money, by day of the timeline.

    `hit` is the share of requests that the cache answers, `price` what a token of the large model costs by the usual.
    `large` is that model's part of the cost before, `fresh` the part of what is asked by a workload that is new.
    """

    requests: float
    hit: Floats
    price: Floats
    large: float = 0.7
    fresh: Floats | float = 0.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Asked(World):
    """A world whose columns are known; `demand` is what days of its `line` would cost without cache or new price."""

    columns: Columns
    line: Timeline
    demand: Floats


def columned(line: Timeline, random: Random, *, age: int, **told: Any) -> Asked:
    """Return the world of a wallet of which the columns are known: its days cost what they leave of the demand."""
    nothing = {"hit": np.zeros(len(line.gross)), "price": np.ones(len(line.gross))}
    columns = Columns(requests=ratio(random, REQUESTS), **(nothing | told))
    demand = line.gross.copy()
    line.gross *= (1.0 - columns.hit) * (1.0 - columns.large + columns.large * columns.price)
    world = line.world(age=age)
    known = {one.name: getattr(world, one.name) for one in fields(world)}
    return Asked(**known, columns=columns, line=line, demand=demand)


def cache_ramp(random: Random) -> Asked:
    """A cache takes 45% off within 30 days, of which 5 to 25 have gone by."""
    line, age = timeline(random), between(random, (5, 25))
    return columned(line, random, age=age, hit=0.45 * np.clip((line.offset + age) / 30.0, 0.0, 1.0))


def cache_fills(random: Random) -> Asked:
    """A cache fills up, fast at first and slower each day, to 20 to 60% of all requests."""
    line, age, days = timeline(random), between(random, (5, 25)), random.uniform(4, 15)
    filled = 1.0 - np.exp(-np.maximum(line.offset + age, 0) / days)
    return columned(line, random, age=age, hit=random.uniform(0.2, 0.6) * filled)


def cache_at_once(random: Random) -> Asked:
    """A cache that answers another share from one day on: more of the requests, or none any more."""
    line, age, rates = timeline(random), between(random, (3, 20)), random.uniform(0.0, 0.6, 2)
    return columned(line, random, age=age, hit=np.where(line.since(age), *rates))


def cache_as_ever(random: Random) -> Asked:
    """A cache whose share wanders from day to day as it always has."""
    line = timeline(random)
    wander = 0.03 * random.normal(size=len(line.gross)) + np.cumsum(random.normal(0, 0.002, len(line.gross)))
    return columned(line, random, age=0, hit=np.clip(random.uniform(0.1, 0.5) + wander, 0.0, 0.9))


def price(factors: tuple[float, float]) -> Callable[[Random], Asked]:
    """A token of the model that makes most of the cost has another price since some days."""

    def make(random: Random) -> Asked:
        line, age, large = timeline(random), between(random, (2, 14)), random.uniform(0.6, 1.0)
        changed = np.where(line.since(age), ratio(random, factors), 1.0)
        return columned(line, random, age=age, price=changed, large=large)

    return make


def new_workload(random: Random) -> Asked:
    """A launch x2 to x3 whose requests are of a workload that was not there before."""
    line, age = timeline(random), between(random, (2, 5))
    factor = ratio(random, (2.0, 3.0))
    line.times(factor, age=age)
    return columned(line, random, age=age, fresh=np.where(line.since(age), 1.0 - 1.0 / factor, 0.0))


def renamed(random: Random) -> Asked:
    """A workload goes by another name since some days, and costs what it did."""
    line, age = timeline(random), between(random, (2, 14))
    return columned(line, random, age=age, fresh=np.where(line.since(age), 1.0, 0.0))


def read_columns(worlds: Sequence[Asked], random: Random) -> list[World]:
    """Return `worlds` with the history that is read from their exports, and what its columns tell."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    from reconciler.forecast.history import spending
    from reconciler.forecast.price_index import price_index
    from reconciler.usage.read import read_usage

    with tempfile.TemporaryDirectory() as folder:
        events = pa.concat_tables([_events(world, f"world_{place}", random) for place, world in enumerate(worlds)])
        events = events.append_column("id", pa.array(np.arange(len(events)).astype(str)))
        parquet.write_table(events, Path(folder) / "events.parquet")
        first = min(world.as_of - timedelta(days=len(world.history)) for world in worlds)
        usage = read_usage([folder], first=first, end=max(world.as_of for world in worlds), folder=Path(folder))
    known, read = spending(usage, as_of=max(world.as_of for world in worlds)), []
    for place, world in enumerate(worlds):
        spend, rows = known.of(f"world_{place}"), np.flatnonzero(usage.wallet == f"world_{place}")
        start = world.as_of - timedelta(days=len(world.history))
        read.append(
            World(
                as_of=world.as_of,
                history=spend.charged(start, world.as_of),
                credits=world.credits,
                future=world.future,
                daily=world.daily,
                age=world.age,
                index=price_index(usage, rows, world.as_of),
            )
        )
    return read


def _events(asked: Asked, wallet: str, random: Random) -> pa.Table:
    """Return a row a request; a day of long ago has few, as large as all of them."""
    import pyarrow as pa

    columns, line = asked.columns, asked.line
    known = np.flatnonzero(line.offset < 0)
    old, demand = line.offset[known] < -COLUMNS_DAYS, asked.demand[known]
    whole = np.maximum(np.rint(columns.requests * demand / np.median(demand)), 1)
    count = np.where(old, np.minimum(whole, OLD_REQUESTS), whole).astype(np.intp)
    day = np.repeat(known, count)
    random_hit = random.random(len(day)) < columns.hit[day]
    fresh = random.random(len(day)) < np.broadcast_to(columns.fresh, len(line.offset))[day]
    is_large = random.random(len(day)) < LARGE_REQUESTS
    tokens = np.rint(TOKENS * np.exp(random.normal(-0.125, 0.5, len(day))) * np.repeat(whole / count, count)) + 1
    share = np.where(
        is_large, columns.large * columns.price[day] / LARGE_REQUESTS, (1 - columns.large) / (1 - LARGE_REQUESTS)
    )
    cost = share * tokens / TOKENS * np.repeat(demand / whole, count) * ~random_hit
    nanos = pa.array(np.rint(cost * NANO).astype(np.int64)).cast(pa.decimal128(19, 0))
    moment = np.datetime64(line.as_of, "s") + line.offset[day].astype("timedelta64[D]") + np.timedelta64(12, "h")
    return pa.table(
        {
            "timestamp": pa.array(moment.astype("datetime64[us]"), pa.timestamp("us", "UTC")),
            "team_id": pa.array(np.full(len(day), wallet)),
            "provider": pa.array(np.full(len(day), "openai")),
            "model": pa.array(np.array(MODELS)[np.where(is_large, 0, 1)]),
            "input_tokens": pa.array(tokens.astype(np.int64)),
            "output_tokens": pa.array(np.zeros(len(day), dtype=np.int64)),
            "cost": pa.Array.from_buffers(pa.decimal128(19, 9), len(day), nanos.buffers()),
            "cache_hit": pa.array(random_hit),
            "metadata": pa.array(np.where(fresh, '{"workload": "new"}', '{"workload": "chat"}')),
        }
    )
