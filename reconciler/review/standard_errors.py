"""How far the effect of each cause may be off by chance, in money: both sides are drawn from days that vary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from reconciler.model.review import CauseName as Cause
from reconciler.model.usage import NANO
from reconciler.review.account import Known
from reconciler.review.levels import spread_about_levels
from reconciler.review.noise import Wobble, noise, spread_of_steps, wobble
from reconciler.review.split import FACTORS, Factor
from reconciler.review.traffic import Bools, Floats, Unit

ENOUGH = 28
"""Days that tell how much days vary."""

FEW = 14
"""Days that tell how much they vary at least."""

LEVEL = 56
"""Days whose level is held to be one: a change of it later on is no noise."""


def standard_errors(known: Known, cost: Mapping[Unit, float], after: Bools, before: Bools) -> dict[Cause, float]:
    """Return the standard error of the effect of each factor, of fallbacks and of a baseline, in money.

    `cost` is what each unit's ordinary traffic costs.
    """
    days = _Days(known, cost)
    earlier = _before(before, known)
    first, last = days.errors(before, [earlier], after), days.errors(after, [before, earlier])
    found: dict[Cause, float] = {factor: float(np.hypot(first[factor], last[factor])) for factor in FACTORS}
    found["baseline"] = float(np.hypot.reduce([*first.values(), last["demand"]]))
    found["fallback"] = _fallback_error(known, after, before)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Days:
    """A team's days, and what each unit's ordinary traffic costs."""

    known: Known
    cost: Mapping[Unit, float]

    def errors(self, days: Bools, earlier: Sequence[Bools], *later: Bools) -> dict[Factor, float]:
        """Return the errors of one side's days. Of too few days, `earlier` ones tell it: what changed is no noise.

        Without their steps, the days that tell it are held to vary no less than others do.
        """
        count = max(int(days.sum()), 1)
        told = next((each for each in (days, *earlier) if each.sum() >= ENOUGH), days)
        others = (each for each in (*earlier, *later) if each is not told and each.sum() >= FEW)
        other = next(others, None)
        floor = dict.fromkeys(FACTORS, 0.0) if other is None else self._a_day(other, dict.fromkeys(FACTORS, 0.0))
        found = {factor: error / count**0.5 for factor, error in self._a_day(told, floor).items()}
        if told is days:
            return found
        return _at_least(found, noise(self._wobbles(days), lambda _, off, __: spread_of_steps(off)))

    def _a_day(self, days: Bools, floor: Mapping[Factor, float]) -> dict[Factor, float]:
        """Return the errors of one day like these, added up from parts of days that are long enough to tell."""
        squares = dict.fromkeys(FACTORS, 0.0)
        whole = max(int(days.sum()), 1)
        for part in _parts(days):
            count = max(int(part.sum()), 1)
            error = partial(_about_levels, {factor: error / count**0.5 for factor, error in floor.items()})
            errors = noise(self._wobbles(part), error)
            for factor in FACTORS:
                squares[factor] += (errors[factor] * count) ** 2 / whole
        return {factor: float(np.sqrt(square)) for factor, square in squares.items()}

    def _wobbles(self, days: Bools) -> list[tuple[float, Wobble]]:
        found = []
        for unit, amount in self.cost.items():
            steady = days & ~self.known.away[unit]
            varying = wobble(self.known.seen.units[unit], steady, self.known.seen.weekdays)
            if varying is not None:
                found.append((amount, varying.spread_out(steady[days])))
        return found


def _about_levels(floor: Mapping[Factor, float], factor: Factor, off: Floats, usual: Floats) -> float:
    return spread_about_levels(off, usual, floor[factor])


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
