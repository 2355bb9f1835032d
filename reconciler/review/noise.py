"""How far each factor of a team's cost varies by chance, from one day to the next, in money."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reconciler.model.usage import NANO
from reconciler.review.split import FACTORS, Factor
from reconciler.review.traffic import Bools, Floats, Ints, Traffic

MOST_LASTING = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Wobble:
    """By how much of the whole each day is off, by factor: float64[days], whose sum over all days is 0.

    `usual` is the part of the whole that it has where it is not off.
    """

    days: Mapping[Factor, Floats]
    usual: Mapping[Factor, Floats]

    def spread_out(self, where: Bools) -> Wobble:
        """Return the same for more days, of which the mask has these; the others are not off and have nothing."""
        return Wobble(*({name: _placed(own, where) for name, own in each.items()} for each in (self.days, self.usual)))


def wobble(traffic: Traffic, days: Bools, weekdays: Ints) -> Wobble | None:
    """Return how a unit's factors vary over the days of a mask, None where it paid for nothing in them.

    Each factor is a ratio of two sums; a day's part in the error of that ratio is what its numerator is off from the
    ratio times its denominator, over the sum of the numerators.
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
    ratios: dict[Factor, tuple[Floats, Floats]] = {
        "demand": (requests, usual),
        "tokens_per_request": (tokens, direct),
        "cache": (misses, requests),
        "provider_mix": (worth, tokens),
        "unit_price": (cost, worth),
    }
    expected = {factor: whole / whole.sum() for factor, (_, whole) in ratios.items()}
    return Wobble({factor: part / part.sum() - expected[factor] for factor, (part, _) in ratios.items()}, expected)


def _placed(values: Floats, where: Bools) -> Floats:
    full = np.zeros(len(where))
    full[where] = values
    return full


def _usual(requests: Floats, weekdays: Ints) -> Floats:
    """Return what each day's weekday usually has; all alike where less than two weeks are known."""
    if len(requests) < 14:
        return np.ones(len(requests))
    means = np.asarray([requests[weekdays == day].mean() for day in range(7)])
    return np.asarray(means[weekdays])


def spread(off: Floats) -> float:
    """Return the standard error of a sum whose days are `off`, of which each goes on with a part of the day before.

    What goes on is taken out before the days' variance is counted, and given back to the sum (prewhitening, Andrews and
    Monahan 1992, corrected for few days as Kendall 1954 does).
    """
    count, squares = len(off), float((off**2).sum())
    if count < 4 or squares <= 0:
        return float(np.sqrt(squares))
    part = lasting(off)
    news = off[1:] - part * off[:-1]
    return float(np.sqrt((news**2).sum() / (count - 2) * count)) / (1 - part)


def lasting(off: Floats) -> float:
    """Return which part of a day's deviation goes on to the next one, from 0 to `MOST_LASTING`."""
    squares = float((off**2).sum())
    part = float((off[1:] * off[:-1]).sum()) / squares if squares > 0 else 0.0
    return min(max(part + (1 + 3 * part) / len(off), 0.0), MOST_LASTING)


def spread_of_steps(off: Floats) -> float:
    """Return the standard error of a sum of few days from the steps between them, of which a new level is but one."""
    return float(np.sqrt((np.diff(off) ** 2).mean() / 2 * len(off))) if len(off) > 1 else 0.0


def noise(
    parts: Sequence[tuple[float, Wobble]], error: Callable[[Factor, Floats, Floats], float]
) -> dict[Factor, float]:
    """Return the standard error of each factor's effect, in money; each unit comes with what it costs.

    Units that vary together are added up day by day before, so that what they have in common counts in full. `error` is
    given by how much each day is off, and what it has where it is not.
    """
    total: dict[Factor, float] = {}
    for factor in FACTORS:
        off = sum((cost * unit.days[factor] for cost, unit in parts), np.zeros(1))
        usual = sum((cost * unit.usual[factor] for cost, unit in parts), np.zeros(1))
        total[factor] = error(factor, np.asarray(off), np.asarray(usual))
    return total
