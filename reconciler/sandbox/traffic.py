"""A trailing year of decision events, drawn vectorised from a seed and kept as columns.

One event stands for a whole conversation or batch of calls, so that a year stays below 200,000 rows: tokens and
cost per event are large, everything else (mix, rates, seasons) is to scale. Costs follow the price table, per million
tokens, and are whole micro-units. The same seed and month give the same events, whatever the day they are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from reconciler.model.period import Period
from reconciler.sandbox.clock import stamp

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DAY = 86_400 * 10**6
WORKWEEK = (1.02, 1.12, 1.10, 1.06, 0.94, 0.34, 0.28)
EVERY_DAY = (1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 1.1)
SPRINTS = (0.7, 0.9, 1.3, 1.4, 1.1, 0.3, 0.25)
OFFICE_HOURS = (13.5, 3.2)
NIGHT = (3.0, 1.3)
MONTH_CLOSE = 1.55


@dataclass(frozen=True, slots=True)
class Habits:
    """What all traffic of a team has in common: its fallback model, its cache and its growth over a year."""

    fallback: str
    cache_hit_rate: float
    growth: float


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of traffic of one wallet. `models` maps `provider/model` to its share a year ago and now."""

    team: Habits
    wallet: str
    environment: str
    workload: str
    lane: str
    events_per_day: float
    models: Mapping[str, tuple[float, float]]
    week: tuple[float, ...] = WORKWEEK
    hours: tuple[float, float] = OFFICE_HOURS
    size: float = 1.0
    month_close: bool = False
    unpriced: float = 0.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """Events as columns of equal length, in order of time. Codes index the vocabularies; money is micro-units."""

    wallets: tuple[str, ...]
    models: tuple[str, ...]
    labels: tuple[tuple[str, str, str], ...]
    number: Ints
    moment: Ints
    wallet: Ints
    label: Ints
    model: Ints
    user: Ints
    input_tokens: Ints
    output_tokens: Ints
    latency: Ints
    cost: Ints
    avoided: Ints
    cache_hit: Flags
    fallback: Flags
    blocked: Flags

    def __len__(self) -> int:
        return len(self.number)

    def between(self, start: int, end: int) -> slice:
        """Return the rows of `[start, end)`, in microseconds since 1970."""
        first, last = np.searchsorted(self.moment, [start, end])
        return slice(int(first), int(last))

    def by_wallet_and_day(self, end: int) -> list[tuple[str, int, int, int]]:
        """Return (wallet, day as microseconds, cost, events) of everything before `end`, by day and wallet."""
        rows = self.between(0, end)
        day = self.moment[rows] // DAY
        if not len(day):
            return []
        key = (day - day[0]) * len(self.wallets) + self.wallet[rows]
        cost = np.zeros(int(key.max()) + 1, np.int64)
        np.add.at(cost, key, self.cost[rows])
        events = np.bincount(key)
        return [
            (self.wallets[found % len(self.wallets)], (int(day[0]) + found // len(self.wallets)) * DAY, spent, count)
            for found, spent, count in zip(range(len(cost)), cost.tolist(), events.tolist(), strict=True)
            if count
        ]


@dataclass(frozen=True, slots=True)
class Market:
    """What is for sale: prices in major units per million tokens (input, output), and lanes as a factor on them."""

    prices: Mapping[str, tuple[float, float]]
    lanes: Mapping[str, float]
    unpriced_model: str

    @property
    def models(self) -> tuple[str, ...]:
        return (*sorted(self.prices), self.unpriced_model)


def generate(
    streams: Iterable[Stream], market: Market, spend: Mapping[str, float], *, month: Period, seed: int
) -> Traffic:
    """Return the events of the twelve months before `month` and of `month` itself.

    `spend` is what each wallet costs in the last full month, in major units: tokens are scaled to meet it.
    """
    streams = tuple(streams)
    wallets = tuple(sorted({stream.wallet for stream in streams}))
    days = np.arange(stamp_of(month.plus(-12).first) // DAY, stamp_of(month.end) // DAY)
    drawn = [_draw(stream, index, days, market, seed) for index, stream in enumerate(streams)]
    column: dict[str, Any] = {name: np.concatenate([part[name] for part in drawn]) for name in drawn[0]}
    column["wallet"] = np.repeat(
        [wallets.index(stream.wallet) for stream in streams], [len(part["moment"]) for part in drawn]
    ).astype(np.int64)
    column["label"] = np.repeat(np.arange(len(streams)), [len(part["moment"]) for part in drawn])
    lane = np.array([market.lanes[stream.lane] for stream in streams])[column["label"]]
    _price(column, market, lane, _scales(column, market, lane, wallets, spend, month))
    order = np.argsort(column["moment"], kind="stable")
    return Traffic(
        wallets=wallets,
        models=market.models,
        labels=tuple((stream.environment, stream.workload, stream.lane) for stream in streams),
        **{name: values[order] for name, values in column.items()},
    )


def stamp_of(day: date) -> int:
    return stamp(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _draw(stream: Stream, index: int, days: Ints, market: Market, seed: int) -> dict[str, Any]:
    """Draw one stream: how many events each day, then everything about each event."""
    random = np.random.Generator(np.random.PCG64([seed, index]))
    counts = random.poisson(stream.events_per_day * _demand(stream, days, random))
    day = np.repeat(days, counts)
    size = len(day)
    rank = np.arange(size) - np.repeat(np.cumsum(counts) - counts, counts)
    middle, spread = stream.hours
    time_of_day = np.minimum(np.mod(random.normal(middle, spread, size), 24.0) * 3_600_000, 86_399_999).astype(np.int64)
    rate_limited = np.where(random.random(len(days)) < 0.05, 0.26, 0.013)
    fallback = random.random(size) < np.repeat(rate_limited, counts)
    model = np.where(fallback, market.models.index(stream.team.fallback), _models(stream, day, days, market, random))
    model[random.random(size) < stream.unpriced] = market.models.index(market.unpriced_model)
    blocked = random.random(size) < 0.004
    cache_hit = (random.random(size) < stream.team.cache_hit_rate) & ~blocked
    return {
        "number": (day * 64 + index) * 4096 + rank,
        "moment": day * DAY + time_of_day * 1000,
        "model": model,
        "user": np.minimum(random.geometric(0.09, size), 60),
        "input_tokens": stream.size * random.lognormal(12.2, 0.55, size),
        "output_tokens": stream.size * random.lognormal(10.8, 0.6, size),
        "latency": np.where(cache_hit, random.integers(8, 40, size), random.lognormal(7.2, 0.5, size)).astype(np.int64),
        "cache_hit": cache_hit,
        "fallback": fallback & ~cache_hit & ~blocked,
        "blocked": blocked,
    }


def _demand(stream: Stream, days: Ints, random: np.random.Generator) -> Floats:
    """Return demand by day relative to the end: growth, weekdays, the month's close, and noise with a memory."""
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    from_end = (months + np.timedelta64(1, "M")).astype("datetime64[D]").astype(np.int64) - days
    growth = (1 + stream.team.growth) ** ((days - days[-1]) / 365.0)
    week = np.array(stream.week)[(days + 3) % 7]
    close = np.where(stream.month_close & (from_end <= 3), MONTH_CLOSE, 1.0)
    wander = np.zeros(len(days))
    for position, step in enumerate(random.normal(0, 0.02, len(days))[1:], start=1):
        wander[position] = 0.9 * wander[position - 1] + step
    demand: Floats = growth * week * close * np.exp(wander + random.normal(0, 0.06, len(days)))
    return demand


def _models(stream: Stream, day: Ints, days: Ints, market: Market, random: np.random.Generator) -> Ints:
    """Draw each event's model from shares that move linearly over the year."""
    age = (day - days[0]) / (days[-1] - days[0])
    shares = np.array([before + (now - before) * age for before, now in stream.models.values()])
    picked = (random.random(len(day)) * shares.sum(axis=0) >= np.cumsum(shares, axis=0)).sum(axis=0)
    codes: Ints = np.array([market.models.index(model) for model in stream.models])[
        np.minimum(picked, len(stream.models) - 1)
    ]
    return codes


def _worth(column: Mapping[str, Any], market: Market, lane: Floats) -> Floats:
    prices = np.array([market.prices.get(model, (0.0, 0.0)) for model in market.models])[column["model"]]
    worth: Floats = lane * (column["input_tokens"] * prices[:, 0] + column["output_tokens"] * prices[:, 1])
    return worth


def _scales(
    column: Mapping[str, Any],
    market: Market,
    lane: Floats,
    wallets: tuple[str, ...],
    spend: Mapping[str, float],
    month: Period,
) -> Floats:
    """Return by how much each wallet's tokens are scaled so that the last full month costs what it should."""
    last = month.plus(-1)
    counted = (column["moment"] >= stamp_of(last.first)) & (column["moment"] < stamp_of(last.end))
    counted &= ~column["cache_hit"] & ~column["blocked"]
    worth = np.where(counted, _worth(column, market, lane), 0.0)
    by_wallet = np.bincount(column["wallet"], weights=worth, minlength=len(wallets))
    scales: Floats = np.array([spend[wallet] * 1e6 for wallet in wallets]) / by_wallet
    return scales


def _price(column: dict[str, Any], market: Market, lane: Floats, scales: Floats) -> None:
    """Scale the tokens to whole numbers and price them, in place."""
    blocked, hit = column["blocked"], column["cache_hit"]
    for name in ("input_tokens", "output_tokens"):
        scaled = np.rint(column[name] * scales[column["wallet"]]).astype(np.int64)
        column[name] = np.where(blocked, 0, scaled)
    worth = np.rint(_worth(column, market, lane)).astype(np.int64)
    column["cost"] = np.where(hit | blocked, 0, worth)
    column["avoided"] = np.where(hit, worth, 0)
