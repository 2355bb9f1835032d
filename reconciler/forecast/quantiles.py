"""Quantiles of paths, in the forms that documents carry: money, dates, days and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from reconciler.forecast.panel import Bools, Floats
from reconciler.model.money import CENT

MONEY_KEYS = ("0.025", "0.1", "0.5", "0.9", "0.975")
DATE_KEYS = ("0.1", "0.5", "0.9")
NEVER = np.inf


def interval_keys(interval: Decimal) -> tuple[str, ...]:
    """Return the quantile keys that are always there, and those of the organization's own interval."""
    tail = (1 - interval) / 2
    own = {f"{tail.normalize():f}", f"{(1 - tail).normalize():f}"} if 0 < interval < 1 else set()
    return tuple(sorted({*MONEY_KEYS, *own}, key=Decimal))


def money(amount: float) -> Decimal:
    """Return a simulated amount as money: rounded once, here, half to even."""
    return Decimal(repr(float(amount))).quantize(CENT, ROUND_HALF_EVEN)


def money_quantiles(paths: Floats, *, exact: Decimal, keys: Sequence[str]) -> dict[str, Decimal]:
    """Return the quantiles of `exact` plus the random part `paths`: the exact part is added as Decimal."""
    values = np.quantile(paths, [float(key) for key in keys])
    values = np.maximum.accumulate(values)
    return {key: exact + money(value) for key, value in zip(keys, values, strict=True)}


def date_quantiles(days: Floats, *, start: date) -> dict[str, date | None]:
    """Return the dates by which shares of all paths got there; `days` counts from `start`, infinite is never."""
    return {
        key: None if np.isinf(value) else start + timedelta(days=int(value))
        for key, value in _order_statistics(days).items()
    }


def day_quantiles(days: Floats) -> dict[str, int | None]:
    """Return quantiles of a number of days over the given paths, null when there are none."""
    if not len(days):
        return dict.fromkeys(DATE_KEYS)
    return {key: int(value) for key, value in _order_statistics(days).items()}


def _order_statistics(values: Floats) -> dict[str, float]:
    """Return for each key q the smallest value that a share q of all paths does not exceed."""
    ordered = np.sort(values)
    count = len(ordered)
    return {key: float(ordered[max(-int(-Decimal(key) * count // 1), 1) - 1]) for key in DATE_KEYS}


def probability(happens: Bools) -> float:
    """Return the share of paths on which something happens.

    None or all of the paths is no certainty: it is reported as half a path, which prints as `<0.1%` and `>99.9%`.
    Where the answer is known without simulation, callers say 0 or 1 themselves.
    """
    count = len(happens)
    hits = int(np.count_nonzero(happens))
    return float(Decimal(max(1, min(2 * hits, 2 * count - 1))) / (2 * count))
