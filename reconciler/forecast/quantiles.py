"""Quantiles of paths, in the forms that documents carry: money, dates, days and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from itertools import groupby

import numpy as np
import numpy.typing as npt

from reconciler.forecast.panel import Bools, Floats
from reconciler.model.money import CENT
from reconciler.model.usage import NANO

MONEY_KEYS = ("0.025", "0.1", "0.5", "0.9", "0.975")
DATE_KEYS = ("0.1", "0.5", "0.9")
NEVER = np.inf
NANOS_OF_A_CENT = NANO // 100
DOUBT = 1e-6
"""How near to half a cent a float is looked at digit by digit: far above the error of multiplying it by 100."""
LARGEST_SURE = 1e9
SIGNIFICANT_DIGITS = 3


def interval_keys(interval: Decimal) -> tuple[str, ...]:
    """Return the quantile keys that are always there, and those of the organization's own interval."""
    tail = (1 - interval) / 2
    own = {f"{tail.normalize():f}", f"{(1 - tail).normalize():f}"} if 0 < interval < 1 else set()
    return tuple(sorted({*MONEY_KEYS, *own}, key=Decimal))


def money(amount: float) -> Decimal:
    """Return a simulated amount as money: rounded once, here, half to even."""
    return Decimal(repr(float(amount))).quantize(CENT, ROUND_HALF_EVEN)


def three_digits(value: Decimal, rounding: str) -> Decimal:
    """Return `value` at three significant digits, and never finer than a whole unit."""
    if value <= 0:
        return Decimal("0.00")
    step = Decimal(10) ** max(value.adjusted() - SIGNIFICANT_DIGITS + 1, 0)
    return ((value / step).to_integral_value(rounding) * step).quantize(CENT)


def whole_cents(values: Floats) -> list[int]:
    """Return what `money` makes of each of `values`, in cents."""
    scaled = values.ravel() * 100.0
    near = np.rint(scaled)
    cents: list[int] = near.astype(np.int64).tolist()
    unsure = (np.abs(np.abs(scaled - near) - 0.5) < DOUBT) | (np.abs(scaled) > LARGEST_SURE)
    for place in np.flatnonzero(unsure).tolist():
        cents[place] = int(money(values.flat[place]).scaleb(2))
    return cents


def plus_exact(cents: Sequence[int], exact: Decimal) -> list[Decimal]:
    """Return `exact`, known to the billionth, plus each of `cents`, in whole cents rounded half to even."""
    whole, part = divmod(int(exact * NANO), NANOS_OF_A_CENT) if exact else (0, 0)
    if 2 * part == NANOS_OF_A_CENT:
        return [_money_of(whole + cent + (whole + cent) % 2) for cent in cents]
    whole += 2 * part > NANOS_OF_A_CENT
    return [_money_of(whole + cent) for cent in cents]


@lru_cache(maxsize=16_384)
def _money_of(cents: int) -> Decimal:
    """Return whole cents as money: half of a forecast's amounts are like others of it, and so are the same object."""
    return CENT * cents


def money_quantiles(paths: Floats, *, exact: Decimal, keys: Sequence[str]) -> dict[str, Decimal]:
    """Return the quantiles of `exact` plus the random part `paths`: the exact part is added as Decimal."""
    return dict(zip(keys, plus_exact(money_rows([paths], keys=keys)[0], exact), strict=True))


def money_rows(rows: Sequence[Floats], *, keys: Sequence[str]) -> list[list[int]]:
    """Return for each row float64[paths] its quantiles in cents, one for each key, never falling."""
    alike = [quantile_rows(np.stack(list(group)), tuple(keys)) for _, group in groupby(rows, key=len)]
    cents, width = whole_cents(np.maximum.accumulate(np.concatenate(alike), axis=1)), len(keys)
    return [cents[first : first + width] for first in range(0, len(cents), width)]


def quantile_rows(rows: Floats, keys: tuple[str, ...]) -> Floats:
    """Return float64[rows, keys]: the quantiles of each row, as `numpy.quantile` would, from one sort of them all."""
    below, above, share = _places(rows.shape[1], keys)
    ordered = np.sort(rows, axis=1)
    low, high = ordered[:, below], ordered[:, above]
    step = high - low
    return np.where(share >= 0.5, high - step * (1.0 - share), low + step * share)


@lru_cache(maxsize=32)
def _places(count: int, keys: tuple[str, ...]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    place = (count - 1) * np.array([float(key) for key in keys])
    below = np.floor(place)
    first = below.astype(np.intp)
    return first, np.minimum(first + 1, count - 1), place - below


def date_quantiles(ordered: Floats, *, start: date) -> dict[str, date | None]:
    """Return the dates by which shares of all paths got there; sorted days count from `start`, infinite is never."""
    found: dict[str, date | None] = {}
    for key, place in zip(DATE_KEYS, places(len(ordered)), strict=True):
        days = ordered.item(place)
        found[key] = None if days == NEVER else start + timedelta(days=int(days))
    return found


def day_quantiles(ordered: Floats) -> dict[str, int | None]:
    """Return quantiles of a number of days over the given paths, in order, null when there are none."""
    if not len(ordered):
        return dict.fromkeys(DATE_KEYS)
    return {key: int(ordered.item(place)) for key, place in zip(DATE_KEYS, places(len(ordered)), strict=True)}


@lru_cache(maxsize=4096)
def places(count: int) -> tuple[int, ...]:
    """Return for each key q the place of the smallest value that a share q of `count` sorted ones does not exceed."""
    return tuple(max(-int(-Decimal(key) * count // 1), 1) - 1 for key in DATE_KEYS)


def probability(happens: Bools) -> float:
    """Return the share of paths on which something happens."""
    return share_of_paths(int(np.count_nonzero(happens)), len(happens))


def share_of_paths(hits: int, count: int) -> float:
    """Return `hits` as a share of `count` paths.

    None or all of the paths is no certainty: it is reported as half a path, which prints as `<0.1%` and `>99.9%`.
    Where the answer is known without simulation, callers say 0 or 1 themselves.
    """
    return max(1, min(2 * hits, 2 * count - 1)) / (2 * count)
