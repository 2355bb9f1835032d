"""Generated years of one team: daily usage with noise, its plan, and one planted cause that the plan does not have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, get_args

import numpy as np

from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan
from reconciler.model.usage import NANO, Apart, DailyUsage, UsageSource

Planted = Literal[
    "demand", "tokens_per_request", "cache", "provider_mix", "unit_price", "one_off", "new_workload", "fallback"
]
PLANTED: tuple[Planted, ...] = get_args(Planted)
START = Period(2026, 6)
BEFORE, DAYS = 56, 365
WALLET = "team_support"
MONTH = 30.4
WEEKDAYS = (1.1, 1.15, 1.1, 1.1, 1.0, 0.5, 0.45)


class Model(NamedTuple):
    name: str
    input: float
    output: float


LARGE, SMALL = Model("gpt-4o", 2.5e-3, 10e-3), Model("gpt-4o-mini", 0.15e-3, 0.6e-3)
"""Prices in major units a token, of conversations of a thousand tokens."""


@dataclass(frozen=True)
class Day:
    """What one workload does on one day."""

    requests: float
    cache: float
    small: float
    tokens: float = 1.0
    price: float = 1.0
    fallback: float = 0.002


@dataclass(frozen=True)
class World:
    """What is `planted`, None for nothing, is not in the plan; the usage begins eight weeks before the year."""

    planted: Planted | None
    plan: AnnualPlan
    usage: DailyUsage


class Row(NamedTuple):
    day: int
    workload: str
    model: str
    cost: int
    requests: int
    input_tokens: int
    output_tokens: int
    hits: int
    fallbacks: int
    fallback_cost: int
    hit_input: int
    hit_output: int
    fallback_input: int
    fallback_output: int


def world(seed: int, planted: Planted | None, *, size: float = 0.08, days: int = DAYS, begins: int = 0) -> World:
    """Return a year in which what is planted costs about `size` of what was planned, from the day `begins` on."""
    random = np.random.default_rng(seed)
    noise = float(random.uniform(0.05, 0.2))
    burst = BEFORE + int(random.integers(30, days - 30))
    rows: list[Row] = []
    for workload, weight, small in (("chat", 0.5, 0.2), ("drafting", 0.35, 0.5), ("batch", 0.15, 0.0)):
        rhythm = (1.0,) * 7 if workload == "batch" else WEEKDAYS
        drift = 0.0
        for day in range(BEFORE + days):
            drift = 0.5 * drift + float(random.normal(0, noise * 0.85))
            weekday = (START.first + timedelta(days=day - BEFORE)).weekday()
            usual = _planned(day, 400 * weight * rhythm[weekday] * float(np.exp(drift)), small)
            cause = planted if day >= BEFORE + begins else None
            actual = _with_cause(usual, cause, day, small, size, days, burst)
            rows += _rows(random, day, workload, actual)
    if planted == "new_workload":
        begins = BEFORE + int(random.integers(20, days // 2))
        requests = 400 * size * days / (BEFORE + days - begins)
        for day in range(begins, BEFORE + days):
            rows += _rows(random, day, "voice", Day(requests * float(random.lognormal(0, noise)), 0, 0, fallback=0))
    usage = _usage(rows)
    return World(planted, _plan(usage), usage)


def _planned(day: int, requests: float, small: float) -> Day:
    """Return a day as it was planned: 10% more requests, a cache that improves, traffic that moves."""
    return Day(
        requests * (1.1 if day >= BEFORE else 1.0),
        0.14 + 0.16 * _done(day, 4),
        small + (1 - small) * 0.2 * _done(day, 3),
    )


def _done(day: int, months: int) -> float:
    return min(max((day - BEFORE) / (MONTH * months), 0.0), 1.0)


def _with_cause(usual: Day, planted: Planted | None, day: int, small: float, size: float, days: int, burst: int) -> Day:
    if day < BEFORE:
        return usual
    match planted:
        case "demand":
            return replace(usual, requests=usual.requests * (1 + size))
        case "tokens_per_request":
            return replace(usual, tokens=1 + size)
        case "unit_price":
            return replace(usual, price=1 + size)
        case "cache":
            return replace(usual, cache=0.14)
        case "provider_mix":
            return replace(usual, small=small)
        case "one_off" if burst <= day < burst + 7:
            return replace(usual, requests=usual.requests * (1 + size * days / 7))
        case "fallback" if day // 30 % 3 == 1:
            return replace(usual, fallback=size * 2)
        case _:
            return usual


def _rows(random: np.random.Generator, day: int, workload: str, seen: Day) -> Iterator[Row]:
    for model, share in ((LARGE, 1 - seen.small), (SMALL, seen.small)):
        count = int(random.poisson(seen.requests * share))
        hits = int(random.binomial(count, seen.cache))
        away = int(random.binomial(count - hits, seen.fallback))
        spread = 0.6 / max(count, 1) ** 0.5
        ins = 900 * seen.tokens * float(random.lognormal(0, spread))
        outs = 250 * seen.tokens * float(random.lognormal(0, spread))
        each = seen.price * (ins * model.input + outs * model.output) * NANO
        tokens = [(int(ins * number), int(outs * number)) for number in (count, hits, away)]
        premium = round(away * each * 2.5)
        cost = round((count - hits - away) * each) + premium
        if count:
            yield Row(day, workload, model.name, cost, count, *tokens[0], hits, away, premium, *tokens[1], *tokens[2])


def _plan(usage: DailyUsage) -> AnnualPlan:
    before = usage.cost[usage.day < np.datetime64(START.first)]
    baseline = Decimal(int(before.sum())) / NANO / BEFORE * Decimal("30.4375")
    move = {"reason": "low-cost lane", "from": "openai/gpt-4o", "to": "openai/gpt-4o-mini", "share": "20%"}
    return AnnualPlan.model_validate(
        {
            "baseline_monthly": str(round(baseline, 2)),
            "growth": [{"reason": "regions", "rate": "10%", "from": "2026-06"}],
            "cache_hit_rate": {"from": "14%", "to": "30%", "by": "2026-09"},
            "provider_mix": [{**move, "by": "2026-08"}],
        }
    )


def _usage(rows: list[Row]) -> DailyUsage:
    columns = dict(zip(Row._fields, zip(*sorted(rows), strict=True), strict=True))
    counts = {name: np.asarray(columns[name], dtype=np.int64) for name in Row._fields[3:]}
    days = np.datetime64(START.first - timedelta(days=BEFORE), "D") + np.asarray(columns["day"], "timedelta64[D]")
    zero = np.zeros(len(rows), dtype=np.int64)
    first, last = days.min().item(), days.max().item()
    return DailyUsage(
        source=UsageSource("sha256:0", first, last, last, None, len(rows), 0, 0, 0.0),
        day=days,
        wallet=np.full(len(rows), WALLET),
        workload=np.asarray(columns["workload"]),
        provider=np.full(len(rows), "openai"),
        model=np.asarray(columns["model"]),
        lane=np.full(len(rows), ""),
        cost=counts["cost"],
        credits=zero,
        avoided=zero,
        requests=counts["requests"],
        input_tokens=counts["input_tokens"],
        output_tokens=counts["output_tokens"],
        cache_hits=counts["hits"],
        fallbacks=counts["fallbacks"],
        fallback_cost=counts["fallback_cost"],
        apart=Apart(
            zero,
            counts["hit_input"],
            counts["hit_output"],
            zero,
            counts["fallback_input"],
            counts["fallback_output"],
        ),
    )
