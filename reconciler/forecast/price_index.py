"""What the days of a wallet would cost at today's prices and with today's cache, as tokens, requests and hits tell it.

A price cut or a cache that answers more is no change of demand: the days before it are counted as if it had been there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile

import numpy as np

from reconciler.forecast.cache_ramp import DAYS_APART, LARGEST_RATE, CacheRamp, Floats, fit_cache_ramp
from reconciler.forecast.launches import find_launch
from reconciler.forecast.repricing import PriceIndex, Repricing
from reconciler.forecast.steps import CERTAIN, SMALLEST_CHANGE, Step, find_steps, levels_of
from reconciler.forecast.turns import Ints
from reconciler.forecast.windows import HISTORY_DAYS, LONG_WINDOW_DAYS, WEEK, WINDOW_DAYS
from reconciler.model.usage import NANO, DailyUsage, tells

PRICE_NOISE = 0.01
LARGEST_CHANGE = float(np.log(10.0))
"""Where a token costs ten times as much or as little, tokens are counted another way, and tell nothing before that."""
LIKELY = 0.5
PART = 0.1
"""A model counts from this part of the wallet's cost on, of all days or of the last 90."""


def price_index(usage: DailyUsage | None, rows: Ints, end: date, *, cache: bool = True) -> PriceIndex | None:
    """Return the index of a wallet over its history before `end`; None where nothing changed or nothing tells.

    `rows` are the wallet's. Without `cache` only prices count: a plan that promises hits says what they are worth.
    """
    if usage is None:
        return None
    age = (np.datetime64(end, "D") - usage.day[rows]).astype(np.int64) - 1
    known = (age >= 0) & (age < HISTORY_DAYS)
    rows, age = rows[known], age[known]
    if not len(rows):
        return None
    worth, changes, ramp = np.ones(HISTORY_DAYS), list[Repricing](), None
    gross = (usage.cost[rows] - usage.credits[rows]).astype(np.float64) / NANO
    tokens = _paid_tokens(usage, rows)
    if _may_have_moved(gross, tokens, age):
        for repriced, more in _prices(usage, rows, gross, tokens, age, end):
            changes.extend(repriced)
            worth += more
    if cache and tells(usage.source.absent, "cache_hit") and (cached := _cache(usage, rows, age, end)):
        changes.extend(cached.changes)
        ramp = cached.ramp
        worth *= cached.worth
    near = age < LONG_WINDOW_DAYS
    launch = find_launch(usage, rows[near], gross[near], age[near]) if near.any() else None
    return PriceIndex(worth, tuple(changes), ramp, launch) if launch or (worth != 1.0).any() else None


def _paid_tokens(usage: DailyUsage, rows: Ints) -> Floats:
    """Return the tokens of each row but those of cache hits, which cost nothing and tell no price."""
    tokens = usage.input_tokens[rows] + usage.output_tokens[rows]
    if usage.apart is not None:
        tokens = tokens - usage.apart.hit_input[rows] - usage.apart.hit_output[rows]
    return tokens.astype(np.float64)


def _may_have_moved(gross: Floats, tokens: Floats, age: Ints) -> bool:
    """Whether a token costs another price in some four weeks, or the last one: the quick look before the slow one."""
    four_weeks = np.where(age < WEEK, 0, 1 + age // WINDOW_DAYS)
    cost, amount = np.bincount(four_weeks, weights=gross), np.bincount(four_weeks, weights=tokens)
    told = (cost > 0) & (amount > 0)
    prices = cost[told] / amount[told]
    return len(prices) > 1 and bool(prices.max() > (1.0 + SMALLEST_CHANGE / 4) * prices.min())


def _prices(
    usage: DailyUsage, rows: Ints, gross: Floats, tokens: Floats, age: Ints, end: date
) -> Iterator[tuple[list[Repricing], Floats]]:
    """Yield of each model whose unit price changed its changes, and by how much more each day of the wallet counts."""
    whole = np.bincount(age, weights=gross, minlength=HISTORY_DAYS)
    names = np.char.add(np.char.add(usage.provider[rows], "/"), usage.model[rows])
    for name in np.unique(names).tolist():
        chosen = names == name
        cost, amount = (
            np.bincount(age[chosen], weights=each[chosen], minlength=HISTORY_DAYS) for each in (gross, tokens)
        )
        if all(cost[:days].sum() < PART * whole[:days].sum() for days in (LONG_WINDOW_DAYS, HISTORY_DAYS)):
            continue
        told = (cost > 0) & (amount > 0)
        logs = np.log(np.where(told, cost, 1.0) / np.where(told, amount, 1.0))
        found = find_steps(np.where(told, logs, np.nan), noise=PRICE_NOISE)
        steps = list(takewhile(lambda step: abs(step.change) < LARGEST_CHANGE, found))
        if steps:
            part = np.divide(cost, whole, out=np.zeros_like(cost), where=whole > 0)
            part[whole <= 0] = cost.sum() / whole.sum()
            changes = [
                Repricing(name.strip("/"), end - timedelta(days=step.days), float(np.exp(step.change)))
                for step in steps
            ]
            yield changes, part * np.expm1(levels_of(steps, HISTORY_DAYS))


@dataclass(frozen=True, slots=True, eq=False)
class _Cached:
    """What the cache of now makes of each day, float64[days] as a multiple; how it moved, and whether it still does."""

    worth: Floats
    changes: list[Repricing]
    ramp: CacheRamp | None


def _cache(usage: DailyUsage, rows: Ints, age: Ints, end: date) -> _Cached | None:
    """Return since when the cache answers another share of the requests, and how that share moved.

    What began within four weeks may still be on its way. What is older, and came at once, is a step.
    """
    requests, hits = (
        np.bincount(age, weights=each[rows], minlength=HISTORY_DAYS).astype(np.float64)
        for each in (usage.requests, usage.cache_hits)
    )
    if not hits.any():
        return None
    told = requests > 0
    rates = np.divide(hits, requests, out=np.zeros(HISTORY_DAYS), where=told)
    paid = np.where(told, np.log1p(-np.minimum(rates, LARGEST_RATE)), np.nan)
    share = float(hits.sum() / requests.sum())
    chance = np.sqrt(share / max(1.0 - share, 1.0 - LARGEST_RATE) / float(np.median(requests[told])))
    found = find_steps(paid, noise=max(float(chance), PRICE_NOISE))
    steps = [step for step in found if step.days >= WINDOW_DAYS]
    worth = np.exp(levels_of(steps, HISTORY_DAYS))
    changes = [_moved_at(step, end) for step in steps[:1]]
    since = min(steps[0].days if steps else LONG_WINDOW_DAYS, LONG_WINDOW_DAYS)
    near = np.where(np.arange(LONG_WINDOW_DAYS) < since, requests[:LONG_WINDOW_DAYS], 0.0)
    if ramp := fit_cache_ramp(near, hits[:LONG_WINDOW_DAYS]):
        ratio = (1.0 - ramp.rate) / (1.0 - ramp.before)
        worth[:since] = ramp.worth[:since]
        worth[since:] *= ratio
        began = end - timedelta(days=_began(ramp, found))
        changes = [Repricing("", began, ratio, (ramp.before, ramp.rate), ramp.goes_on)]
    return _Cached(_with_slow(worth, requests, hits), changes, ramp)


def _began(ramp: CacheRamp, steps: list[Step]) -> int:
    """Return how many days ago the move began: of those days that the ramp weighs as one, on that of a step."""
    close = [step.days for step in steps if abs(step.days - ramp.since) <= max(ramp.since / DAYS_APART, 1.0)]
    return close[0] if close and ramp.goes_on < LIKELY else ramp.since


def _moved_at(step: Step, end: date) -> Repricing:
    """Return what a step of the share that is paid makes of the cost."""
    rates = 1.0 - float(np.exp(step.before)), 1.0 - float(np.exp(step.before + step.change))
    return Repricing("", end - timedelta(days=step.days), float(np.exp(step.change)), rates)


def _with_slow(worth: Floats, requests: Floats, hits: Floats) -> Floats:
    """Return `worth` with what the share moved slowly before the last 90 days: four weeks each, straight lines between.

    Where none of them differs from now by more than chance it is left as it is.
    """
    first = LONG_WINDOW_DAYS
    rest = -(HISTORY_DAYS - first) % WINDOW_DAYS
    paid, asked = (requests - hits) * worth, requests
    parts, wholes = (np.pad(each[first:], (0, rest)).reshape(-1, WINDOW_DAYS).sum(axis=1) for each in (paid, asked))
    told = np.flatnonzero((parts > 0) & (wholes > 0))
    if not len(told) or not paid[:first].any():
        return worth
    parts, wholes, now = parts[told], wholes[told], paid[:first].sum() / asked[:first].sum()
    away = np.log(now * wholes / parts)
    error = np.sqrt(np.maximum(wholes / parts - 1.0, 0.0) / wholes)
    if not (np.abs(away) > np.maximum(SMALLEST_CHANGE, CERTAIN * error)).any():
        return worth
    middles = first + told * WINDOW_DAYS + (WINDOW_DAYS - 1) / 2
    slow = np.interp(np.arange(HISTORY_DAYS), np.append(first, middles), np.append(0.0, away))
    return np.asarray(worth * np.exp(slow))
