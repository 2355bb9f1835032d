"""What the days of a wallet would cost at today's prices and with today's cache, as tokens, requests and hits tell it.

A price cut or a cache that answers more is no change of demand: the days before it are counted as if it had been there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from reconciler.forecast.cache_ramp import CacheRamp, Floats, fit_cache_ramp
from reconciler.forecast.launches import find_launch
from reconciler.forecast.repricing import PriceIndex, Repricing
from reconciler.forecast.turns import Ints
from reconciler.forecast.windows import LONG_WINDOW_DAYS, WEEK
from reconciler.model.usage import NANO, DailyUsage, tells

SMALLEST_PRICE_CHANGE = 0.04
"""In logs; what is smaller is left to the level."""
CERTAIN = 6.0
"""A change counts from so many standard errors on: the best of many days is taken."""
FEWEST_DAYS = 2
OLDEST_CHANGE = 56
PRICE_NOISE = 0.01
PART = 0.1
"""A model counts from this part of the wallet's cost on."""


def price_index(usage: DailyUsage | None, rows: Ints, end: date, *, cache: bool = True) -> PriceIndex | None:
    """Return the index of a wallet over the 90 days before `end`; None where nothing changed or nothing tells.

    `rows` are the wallet's. Without `cache` only prices count: a plan that promises hits says what they are worth.
    """
    if usage is None:
        return None
    age = (np.datetime64(end, "D") - usage.day[rows]).astype(np.int64) - 1
    near = (age >= 0) & (age < LONG_WINDOW_DAYS)
    rows, age = rows[near], age[near]
    if not len(rows):
        return None
    worth, changes, ramp = np.ones(LONG_WINDOW_DAYS), list[Repricing](), None
    gross = (usage.cost[rows] - usage.credits[rows]).astype(np.float64) / NANO
    tokens = _paid_tokens(usage, rows)
    if _may_have_moved(gross, tokens, age):
        for change, factor in _prices(usage, rows, gross, tokens, age, end):
            changes.append(change)
            worth *= factor
    if cache and tells(usage.source.absent, "cache_hit") and (cached := _cache(usage, rows, age, end)):
        changes.append(cached[0])
        ramp = cached[1]
        worth *= ramp.worth
    launch = find_launch(usage, rows, gross, age)
    return PriceIndex(worth, tuple(changes), ramp, launch) if changes or launch else None


def _paid_tokens(usage: DailyUsage, rows: Ints) -> Floats:
    """Return the tokens of each row but those of cache hits, which cost nothing and tell no price."""
    tokens = usage.input_tokens[rows] + usage.output_tokens[rows]
    if usage.apart is not None:
        tokens = tokens - usage.apart.hit_input[rows] - usage.apart.hit_output[rows]
    return tokens.astype(np.float64)


def _may_have_moved(gross: Floats, tokens: Floats, age: Ints) -> bool:
    """Whether a token costs another price in the last days than before: the quick look before the slow one."""
    prices = []
    for low, high in ((0, WEEK), (0, OLDEST_CHANGE // 2), (OLDEST_CHANGE // 2, LONG_WINDOW_DAYS)):
        chosen = (age >= low) & (age < high)
        total = tokens[chosen].sum()
        prices.append(gross[chosen].sum() / total if total > 0 else 0.0)
    known = [price for price in prices if price > 0]
    return len(known) > 1 and max(known) > (1.0 + SMALLEST_PRICE_CHANGE / 4) * min(known)


def _prices(
    usage: DailyUsage, rows: Ints, gross: Floats, tokens: Floats, age: Ints, end: date
) -> Iterator[tuple[Repricing, Floats]]:
    """Yield each model whose unit price changed, with what it makes of each day of the wallet."""
    whole = np.bincount(age, weights=gross, minlength=LONG_WINDOW_DAYS)
    names = np.char.add(np.char.add(usage.provider[rows], "/"), usage.model[rows])
    for name in np.unique(names).tolist():
        chosen = names == name
        cost, amount = (
            np.bincount(age[chosen], weights=each[chosen], minlength=LONG_WINDOW_DAYS) for each in (gross, tokens)
        )
        if cost.sum() < PART * whole.sum():
            continue
        told = (cost > 0) & (amount > 0)
        logs = np.log(np.where(told, cost, 1.0) / np.where(told, amount, 1.0))
        found = _step(np.where(told, logs, np.nan))
        if found is None:
            continue
        days, change = found
        part = np.divide(cost, whole, out=np.zeros_like(cost), where=whole > 0)
        part[whole <= 0] = cost[days:].sum() / max(whole[days:].sum(), 1e-12)
        factor = np.where(np.arange(LONG_WINDOW_DAYS) >= days, 1.0 + part * (np.exp(change) - 1.0), 1.0)
        yield Repricing(name.strip("/"), end - timedelta(days=days), float(np.exp(change))), factor


def _step(logs: Floats) -> tuple[int, float] | None:
    """Return since how many days, and by how much, `logs` (newest first, NaN unknown) are on another level.

    The day is that which leaves the least unexplained.
    """
    least, found = np.inf, None
    known = np.isfinite(logs)
    for days in range(FEWEST_DAYS, OLDEST_CHANGE):
        after, before = logs[:days][known[:days]], logs[days:][known[days:]]
        if len(after) < FEWEST_DAYS or len(before) < WEEK:
            continue
        middle, usual = _median(after), _median(before)
        rest = np.abs(np.concatenate((after - middle, before - usual)))
        noise = max(1.4826 * _median(rest), PRICE_NOISE)
        error = noise * np.sqrt(1.0 / len(after) + 1.0 / len(before))
        is_change = abs(middle - usual) > max(SMALLEST_PRICE_CHANGE, CERTAIN * error)
        if is_change and float(rest.sum()) < least:
            least, found = float(rest.sum()), (days, middle - usual)
    return found


def _median(values: Floats) -> float:
    """Return what `np.median` does, which takes five times as long for the few values of a wallet."""
    ordered, half = np.sort(values), len(values) // 2
    return float(ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def _cache(usage: DailyUsage, rows: Ints, age: Ints, end: date) -> tuple[Repricing, CacheRamp] | None:
    """Return since when the cache answers another share of the requests, and how that share moved."""
    requests, hits = (
        np.bincount(age, weights=each[rows], minlength=LONG_WINDOW_DAYS).astype(np.float64)
        for each in (usage.requests, usage.cache_hits)
    )
    ramp = fit_cache_ramp(requests, hits) if hits.any() else None
    if ramp is None:
        return None
    ratio = (1.0 - ramp.rate) / (1.0 - ramp.before)
    return Repricing("", end - timedelta(days=ramp.since), ratio, (ramp.before, ramp.rate), ramp.goes_on), ramp
