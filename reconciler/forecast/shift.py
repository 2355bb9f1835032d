"""Shifts: whether a wallet costs since some days what it did not cost before, how sure that is, and how long it lasts.

A posterior over the days of the new level, and over its size, as of change-point models whose hypotheses explain the
same days (Barry and Hartigan 1992; Fearnhead 2006). Without a shift the level adapts; with one it jumps once.
Decision 0105.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconciler.forecast.panel import DAY, MONTH, Bools, Days, Floats, median, running_sums, zero_share
from reconciler.forecast.steady import FREEDOM, Steady, fit_steady, log_density
from reconciler.forecast.turns import Ints
from reconciler.forecast.windows import WEEK

AGES = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 21, 25, 30, 36, 43, 52, 63)
"""Days of the new level that are weighed."""
HAZARD = 1 / 150
"""The chance of a shift on one day."""
SIZES = np.geomspace(0.2, 5.5, 18)
"""Log changes that are weighed; what is smaller is no shift."""
USUAL, LARGE = (0.6, 0.5), (0.4, 2.0)
"""Weight and scale of the two Laplace laws that log changes follow."""
OLD = 21
FIRST_LARGE = int(np.searchsorted(SIZES, 0.6))
"""After so many days only a large change is more than what the adapting level has followed."""
SUSPICIOUS = 2.0
"""Standard errors that the last days must be apart from the level for a closer look."""
SOLID_SHAPE = 0.3
INTERMITTENT_SHARE = 0.15
FEWEST_DAYS = 12
BEYOND = 14
"""A shift may be so many days older than the oldest age that is weighed."""
LOOKED_BACK = 12 * WEEK
FLOOR = 0.02
LIKELY = 0.5
HOLIDAY_HAZARD = 10.0
"""How much likelier a drop is to begin over Christmas."""
HOLIDAYS_BEGIN, HOLIDAYS_END = 19, 2
"""19 December and 2 January."""
LAUNCH_HAZARD = 50.0
"""How much likelier a rise is to have begun on the first day of a workload that is new, or on a day beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """`odds` float64[series, ages] is the probability that the present level began `ages` days ago; the rest of 1
    is that there was no shift. `sizes` float64[series, ages] is the expected log change. `back` is the day after which
    a shift that began over Christmas may pass, days after the history; NaN of others.
    """

    ages: Ints
    odds: Floats
    sizes: Floats
    back: Floats

    @property
    def probability(self) -> Floats:
        return np.asarray(self.odds.sum(axis=1))

    @property
    def best_days(self) -> Ints:
        """How many days the present level has lasted, if there was a shift."""
        return np.take_along_axis(self.ages, self.odds.argmax(axis=1)[:, None], axis=1)[:, 0]

    @property
    def best_size(self) -> Floats:
        """The log change of it."""
        return np.take_along_axis(self.sizes, self.odds.argmax(axis=1)[:, None], axis=1)[:, 0]

    @property
    def days(self) -> Ints:
        """How many days the present level has lasted; 0 where a shift is not likely."""
        return np.where(self.probability > LIKELY, self.best_days, 0)

    def settled(self, width: int) -> Ints:
        """Return the days of the present level, `width` where no shift is likely."""
        return np.where(self.days > 0, self.days, width)

    def part(self, chosen: slice | Ints) -> Shift:
        return Shift(self.ages[chosen], self.odds[chosen], self.sizes[chosen], self.back[chosen])

    def evened(self, values: Floats) -> Floats:
        """Return `values` with the days of a new level as if they were of the level before."""
        ages = np.arange(values.shape[1])
        return values * np.where(ages[None, :] < self.days[:, None], np.exp(-self.best_size)[:, None], 1.0)


def fit_shift(values: Floats, shape: Floats, *, ends: Days | None = None, launched: Ints | None = None) -> Shift:
    """Return the posterior of each series; `ends` are the last days of those that know Christmas.

    `launched` int[series] is for how many days a workload has been there that is new, 0 where there is none.
    """
    span = min(LOOKED_BACK, values.shape[1])
    logs, used = _logs(values[:, :span], shape[:, :span])
    steady, logs = fit_steady(logs, used)
    shift = no_shift(len(values))
    shift.back[:] = _christmas(ends, len(values))
    moved = _moved(logs, used, steady)
    eligible = (used.sum(axis=1) >= FEWEST_DAYS) & (zero_share(values) < INTERMITTENT_SHARE)
    rows = np.flatnonzero(eligible & (np.abs(moved) > SUSPICIOUS).any(axis=1))
    if len(rows):
        favoured = np.log(_hazards(shift.back[rows], moved[rows], None if launched is None else launched[rows]))
        posterior = _posterior(logs[rows], used[rows], steady.rows(rows), moved[rows], favoured)
        shift.odds[rows], shift.sizes[rows] = posterior
    told = np.flatnonzero(shift.days)
    if len(told):
        first = _first_days(logs[told], used[told], shift.part(told), steady.noise[told])
        shift.ages[told, shift.odds[told].argmax(axis=1)] = first
    return shift


def _first_days(logs: Floats, used: Bools, shift: Shift, noise: Floats) -> Ints:
    """Return the age of each row's likeliest shift that parts two levels best, of all between the weighed ones."""
    weighed = np.array(AGES)
    oldest = np.where(weighed < OLD, np.append(weighed[1:], 0) - 1, weighed + BEYOND)
    place = shift.odds.argmax(axis=1)
    known = logs.shape[1] - used[:, ::-1].argmax(axis=1)
    low, high = (edge[:, None] for edge in (np.append(1, weighed)[place] + 1, np.minimum(oldest[place], known - WEEK)))
    ages, seen = np.arange(logs.shape[1])[None, :], np.where(used, logs, np.nan)
    after, before = (
        median(np.where(chosen, seen, np.nan))[:, None] for chosen in (ages < low, (ages >= high) & (ages < high + OLD))
    )
    between = used & (ages >= low) & (ages < high)
    nearer = np.where(between, log_density(logs - after, noise) - log_density(logs - before, noise), 0.0)
    return np.asarray(np.maximum(low[:, 0], running_sums(np.nan_to_num(nearer)).argmax(axis=1)))


def _moved(logs: Floats, used: Bools, steady: Steady) -> Floats:
    """Return float64[series, ages]: by how much the days since are apart from the level before, in standard errors.

    0 where too little is known on either side.
    """
    places = np.minimum(AGES, logs.shape[1])
    count = running_sums(used.astype(np.float64))
    after = count[:, places]
    mean = running_sums(np.where(used, logs, 0.0))[:, places] / np.maximum(after, 1.0) - steady.level[:, places]
    told = (after >= 2) & (count[:, -1:] - after >= FEWEST_DAYS - 2)
    return np.where(told, mean * np.sqrt(after) / steady.noise[:, None], 0.0)


def _hazards(back: Floats, moved: Floats, launched: Ints | None) -> Floats:
    """Return float64[series, ages]: how many times likelier than usual a shift is to have begun so many days ago."""
    times = np.where((moved < 0) & np.isfinite(back), HOLIDAY_HAZARD, 1.0)
    if launched is not None:
        near = np.abs(np.array(AGES)[None, :] - launched[:, None]) <= 1
        times = np.where(near & (launched[:, None] > 0) & (moved > 0), LAUNCH_HAZARD, times)
    return times


def _posterior(logs: Floats, used: Bools, steady: Steady, moved: Floats, favoured: Floats) -> tuple[Floats, Floats]:
    """Return float64[series, ages] twice: the probability of each age, and the expected log change."""
    same = np.where(used, log_density(steady.residual, steady.noise), 0.0)
    prior = np.log(HAZARD * _widths())[:, None] + np.log(_size_prior())[None, :]
    odds, expected = np.zeros_like(moved), np.zeros_like(moved)
    for place, age in enumerate(AGES):
        if age >= logs.shape[1]:
            break
        first = 0 if age <= OLD else FIRST_LARGE
        error = steady.noise / np.sqrt(np.maximum(used[:, :age].sum(axis=1), 1))
        sizes = (np.sign(moved[:, place])[:, None] * _sizes(np.abs(moved[:, place]) * error))[:, first:]
        gain = _explained(logs, used, steady, age=age, sizes=sizes)
        gain += prior[place, first:] - same[:, :age].sum(axis=1)[:, None]
        gain += favoured[:, place, None]
        weight = np.where(sizes != 0, np.exp(np.minimum(gain, 500.0)), 0.0)
        odds[:, place] = weight.sum(axis=1)
        expected[:, place] = (weight * sizes).sum(axis=1)
    expected = np.divide(expected, odds, out=np.zeros_like(odds), where=odds > 0)
    return odds / (1.0 + odds.sum(axis=1, keepdims=True)), expected


def _sizes(seen: Floats) -> Floats:
    """Return float64[series, sizes], the nearest being what was `seen`: a steady wallet lies between two of them."""
    sizes = np.tile(SIZES, (len(seen), 1))
    nearest = np.abs(SIZES[None, :] - seen[:, None]).argmin(axis=1)
    sizes[np.arange(len(seen)), nearest] = np.clip(seen, SIZES[0], SIZES[-1])
    return sizes


def no_shift(series: int) -> Shift:
    ages = np.tile(np.array(AGES, dtype=np.intp), (series, 1))
    return Shift(ages, *(np.full((series, len(AGES)), value) for value in (0.0, 0.0, np.nan)))


def _christmas(ends: Days | None, series: int) -> Floats:
    """Return how many days after the history 2 January is, for the ages that begin in the Christmas before it."""
    if ends is None:
        return np.full((series, len(AGES)), np.nan)
    starts = ends[:, None] - np.array(AGES)[None, :].astype("timedelta64[D]") + DAY
    december = starts.astype("datetime64[Y]").astype("datetime64[M]") + 11 * MONTH
    eve = december.astype("datetime64[D]") + (HOLIDAYS_BEGIN - 1) * DAY
    back = (december + MONTH).astype("datetime64[D]") + (HOLIDAYS_END - 1) * DAY
    ahead = (back - ends[:, None]).astype(np.float64) - 1.0
    return np.where(starts >= eve, ahead, np.nan)


def _widths() -> Floats:
    """Return how many days each of the ages stands for."""
    ages = np.array(AGES, dtype=np.float64)
    edges = np.concatenate([[ages[0] - 0.5], (ages[1:] + ages[:-1]) / 2, [ages[-1] + 5.5]])
    return np.diff(edges)


def _size_prior() -> Floats:
    """Return the probability of each size, either sign having half of all."""
    density = sum(weight / scale * np.exp(-SIZES / scale) for weight, scale in (USUAL, LARGE))
    weights = np.asarray(density * np.gradient(SIZES))
    return np.asarray(weights / weights.sum() / 2.0)


def _logs(values: Floats, shape: Floats) -> tuple[Floats, Bools]:
    """Return log costs at shape 1, bounded below by a small part of the typical day, and which of them to look at."""
    used = np.isfinite(values) & (shape > SOLID_SHAPE)
    positive = np.where(used & (values > 0), values, np.nan)
    typical = median(positive / shape)[:, None]
    floor = np.where(np.isfinite(typical), FLOOR * typical, 1.0)
    return np.log(np.maximum(np.where(used, values, 0.0) / shape, floor)), used


def _explained(logs: Floats, used: Bools, steady: Steady, *, age: int, sizes: Floats) -> Floats:
    """Return float64[series, sizes]: the log density of the last `age` days after a jump by each of the sizes."""
    scale = FREEDOM * np.square(steady.noise)[:, None]
    total = np.zeros_like(sizes)
    product = np.ones_like(total)
    last = np.zeros_like(total)
    level = steady.level[:, age]
    for day in range(age - 1, -1, -1):
        known = used[:, day][:, None]
        deviation = (logs[:, day] - level)[:, None] - sizes
        innovation = np.where(known, deviation - steady.echo[:, None] * last, 0.0)
        product *= 1.0 + np.square(innovation) / scale
        last = np.where(known, deviation, last)
        level = level + steady.drift
        if day % 8 == 0:
            total += np.log(product)
            product[:] = 1.0
    return np.asarray(-0.5 * (FREEDOM + 1) * total)
