"""How far the effect of each cause may be off by chance, in money: both sides are drawn from days that vary."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reconciler.model.usage import NANO
from reconciler.review.account import Known
from reconciler.review.noise import Wobble, noise, spread_of_steps, wobble
from reconciler.review.split import FACTORS, Cause, Factor
from reconciler.review.traffic import Bools, Floats, Unit

ENOUGH = 28
"""Days that tell how much days vary."""

LEVEL = 56
"""Days whose level is held to be one: a change of it later on is no noise."""


def standard_errors(known: Known, cost: Mapping[Unit, float], after: Bools, before: Bools) -> dict[Cause, float]:
    """Return the standard error of the effect of each factor and of fallbacks, in money.

    `cost` is what each unit's ordinary traffic costs.
    """
    first, last = (_errors(known, cost, days, before) for days in (before, after))
    found: dict[Cause, float] = {factor: float(np.hypot(first[factor], last[factor])) for factor in FACTORS}
    found["fallback"] = _fallback_error(known, after, before)
    return found


def _errors(known: Known, cost: Mapping[Unit, float], days: Bools, before: Bools) -> dict[Factor, float]:
    """Return the errors of one side's days, added up from parts of days that are long enough to tell.

    Of too few days, those `before` tell it, or what is earlier still: what changed since then is no noise.
    """
    count = max(int(days.sum()), 1)
    longer = (days, before, _before(before, known))
    told = next((each for each in longer if each.sum() >= ENOUGH), days)
    squares = dict.fromkeys(FACTORS, 0.0)
    whole = max(int(told.sum()), 1)
    for part in _parts(told):
        for factor, error in noise(_wobbles(known, cost, part)).items():
            squares[factor] += (error * int(part.sum()) / whole) ** 2
    found = {factor: float(np.sqrt(square * whole / count)) for factor, square in squares.items()}
    return found if told is days else _at_least(found, noise(_wobbles(known, cost, days), spread_of_steps))


def _at_least(found: dict[Factor, float], own: Mapping[Factor, float]) -> dict[Factor, float]:
    """Return errors told by other days, where the own few days vary more: a cache that answers more varies more, too.

    Requests follow the weekdays, which a few days do not tell from chance.
    """
    return {factor: error if factor == "demand" else max(error, own[factor]) for factor, error in found.items()}


def _parts(days: Bools) -> list[Bools]:
    """Return the days in parts of about `LEVEL` days that follow each other."""
    places = np.flatnonzero(days)
    parts = []
    for own in np.array_split(places, max(round(len(places) / LEVEL), 1)):
        part = np.zeros_like(days)
        part[own] = True
        parts.append(part)
    return parts


def _before(days: Bools, known: Known) -> Bools:
    """Return the `LEVEL` days before the first of some, as far as there is usage."""
    first = int(np.argmax(days))
    active = np.flatnonzero(sum((traffic.requests for traffic in known.seen.units.values()), np.zeros(len(days))))
    earlier = np.zeros_like(days)
    earlier[max(first - LEVEL, int(active[0]) if len(active) else first) : first] = True
    return earlier


def _wobbles(known: Known, cost: Mapping[Unit, float], days: Bools) -> list[tuple[float, Wobble]]:
    found = []
    for unit, amount in cost.items():
        steady = days & ~known.away[unit]
        varying = wobble(known.seen.units[unit], steady, known.seen.weekdays)
        if varying is not None:
            aligned = {name: _spread_out(each, steady[days]) for name, each in varying.days.items()}
            found.append((amount, Wobble(aligned)))
    return found


def _spread_out(values: Floats, where: Bools) -> Floats:
    full = np.zeros(len(where))
    full[where] = values
    return full


def _fallback_error(known: Known, after: Bools, before: Bools) -> float:
    """Return the standard error of what fallbacks cost beyond the usual on some days more than on others.

    They come one by one, so the variance of their sum is the sum of their squares (a compound Poisson process), taken
    from both sides' days: that few or none were seen before does not prove that none were to come.
    """
    counts = int(after.sum()), max(int(before.sum()), 1)
    each_day = (_squares(known, after) + _squares(known, before)) / sum(counts)
    return float(np.sqrt(each_day * (counts[0] + counts[0] ** 2 / counts[1])))


def _squares(known: Known, days: Bools) -> float:
    """Return the sum of the squares of what each fallback cost beyond the usual, those of one day and unit alike."""
    total = 0.0
    for traffic in known.seen.units.values():
        direct = float(traffic.direct[:, days].sum())
        usual = float(traffic.paid[:, days].sum()) / direct if direct else 0.0
        count = traffic.fallbacks[days].astype(np.float64)
        premium = (traffic.fallback_cost[:, days].sum(axis=0).astype(np.float64) - count * usual) / NANO
        total += float((premium**2 / np.maximum(count, 1.0)).sum())
    return total
