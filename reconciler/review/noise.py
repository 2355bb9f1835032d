"""How far each factor of a team's cost varies by chance, from one day to the next, in money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reconciler.model.usage import NANO
from reconciler.review.split import FACTORS, Factor
from reconciler.review.traffic import Bools, Floats, Ints, Traffic

BLOCKS = (1, 7, 28)
"""Days that vary together: what is added up in blocks of so many days counts what lasts for some days too."""

FEWEST_BLOCKS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Wobble:
    """By how much of the whole each day is off, by factor: float64[days], whose sum over all days is 0."""

    days: Mapping[Factor, Floats]


Shape = Mapping[Factor, Floats]
"""What the reference has for each day, by factor, up to a multiple: what moves as it was to is not noise."""


def wobble(traffic: Traffic, days: Bools, weekdays: Ints, shape: Shape | None = None) -> Wobble | None:
    """Return how a unit's factors vary over the days of a mask, None where it paid for nothing in them.

    Each factor is a ratio of two sums; a day's part in the error of that ratio is what its numerator is off from the
    ratio times its denominator, over the sum of the numerators. With a `shape` the ratio is held to follow that.
    """
    requests = traffic.requests[days].astype(np.float64)
    direct = traffic.direct[:, days].sum(axis=0).astype(np.float64)
    volume = traffic.volume[:, days].astype(np.float64)
    paid = traffic.paid[:, days].astype(np.float64) / NANO
    if not (direct.sum() > 0 and volume.sum() > 0 and paid.sum() > 0):
        return None
    tokens, cost = volume.sum(axis=0), paid.sum(axis=0)
    sums = volume.sum(axis=1)
    prices = np.divide(paid.sum(axis=1), sums, out=np.zeros(len(sums)), where=sums > 0)
    worth = prices @ volume
    misses = direct + traffic.fallbacks[days]
    usual = _usual(requests, weekdays[days])
    form = {factor: shape[factor][days] for factor in shape} if shape else {}
    return Wobble(
        {
            "demand": _off(requests, usual * form.get("demand", 1.0)),
            "tokens_per_request": _off(tokens, direct),
            "cache": _off(misses, requests * form.get("cache", 1.0)),
            "provider_mix": _off(worth, tokens * form.get("provider_mix", 1.0)),
            "unit_price": _off(cost, worth),
        }
    )


def _off(part: Floats, whole: Floats) -> Floats:
    ratio = part.sum() / whole.sum() if whole.sum() > 0 else 0.0
    return np.asarray((part - ratio * whole) / part.sum())


def _usual(requests: Floats, weekdays: Ints) -> Floats:
    """Return what each day's weekday usually has; all alike where less than two weeks are known."""
    if len(requests) < 14:
        return np.ones(len(requests))
    means = np.asarray([requests[weekdays == day].mean() for day in range(7)])
    return np.asarray(means[weekdays])


def spread(off: Floats) -> float:
    """Return the standard error of a sum whose days are `off`: the largest that any size of block shows."""
    found = 0.0
    for size in BLOCKS:
        count = len(off) // size
        if size == 1 or count >= FEWEST_BLOCKS:
            blocks = off[: count * size].reshape(count, size).sum(axis=1)
            if count > 1:
                found = max(found, float(np.sqrt((blocks**2).sum() * count / (count - 1))))
    return found


def noise(parts: Sequence[tuple[float, Wobble]]) -> dict[Factor, float]:
    """Return the standard error of each factor's effect, in money; each unit comes with what it costs.

    Units that vary together are added up day by day before, so that what they have in common counts in full.
    """
    total: dict[Factor, float] = {}
    for factor in FACTORS:
        off = sum((cost * unit.days[factor] for cost, unit in parts), np.zeros(1))
        total[factor] = spread(np.asarray(off))
    return total
