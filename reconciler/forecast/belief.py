"""How much of a promised saving comes: what is believed of the share of it that comes true, by its track record.

A lever that moved by a third of what was planned so far is expected to bring about a third of the rest (decision 0102).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from itertools import accumulate
from math import exp, log
from statistics import fmean, pvariance

STEPS = 20
"""What is believed is told in so many equally likely shares: the paths of one step have the share in common."""
SLACK = 0.08
"""How far a lever's later course may leave the share that it has so far, beside the noise of that share."""
ENOUGH_RATIOS = 10
"""From so many levers with a record on, what an organization's others did says what to expect of a new one."""
LEAST_WEIGHT, MOST_WEIGHT = 0.6, 20.0

_CELLS = 200
_GRID = tuple((place + 0.5) / _CELLS for place in range(_CELLS))
_LOGS = tuple((log(share), log(1.0 - share)) for share in _GRID)
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Record:
    """How far an entry was to be by now, and how far it is, both as shares moved since it began; and that in words.

    `error` is the standard error of what is `realized`.
    """

    planned: Decimal
    realized: Decimal
    told: str
    error: float = 0.0

    @property
    def ratio(self) -> float:
        """The realized share of what was planned by now."""
        return float(self.realized / self.planned)

    @property
    def ratio_error(self) -> float:
        return abs(self.error / float(self.planned))


def record(planned: float, realized: float, told: str, *, least: float, error: float = 0.0) -> Record | None:
    """Return the record of what was to have moved by `planned`; None where that is less than can be told apart."""
    if abs(planned) < least:
        return None
    return Record(Decimal(repr(planned)), Decimal(repr(realized)), told, error)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is expected of a lever that nothing is known of yet: a beta distribution of the share that comes true."""

    comes: float = 1.0
    fails: float = 1.0


EVEN = Prior()
"""Every share is as likely as any other."""


def prior_of(ratios: Sequence[float]) -> Prior:
    """Return what to expect of a lever where others came as far as `ratios` of their plans."""
    if len(ratios) < ENOUGH_RATIOS:
        return EVEN
    inside = [min(max(ratio, 0.0), 1.0) for ratio in ratios]
    mean, spread = min(max(fmean(inside), 0.01), 0.99), pvariance(inside)
    weight = mean * (1.0 - mean) / spread - 1.0 if spread > 0 else MOST_WEIGHT
    weight = min(max(weight, LEAST_WEIGHT), MOST_WEIGHT)
    return Prior(mean * weight, (1.0 - mean) * weight)


@dataclass(frozen=True, slots=True)
class Belief:
    """How likely each share of a grid from 0 to 1 is; `chances` add up to 1."""

    chances: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(chance * share for chance, share in zip(self.chances, _GRID, strict=True))

    @property
    def weight(self) -> Decimal:
        """How much of the saving to count, 0 to 1, at four decimals."""
        return Decimal(repr(self.mean)).quantize(_PLACES, ROUND_HALF_EVEN)

    def at(self, probability: float) -> float:
        """Return the share that is not exceeded with `probability`."""
        for share, chance, below in zip(_GRID, self.chances, accumulate(self.chances), strict=True):
            if below >= probability and chance > 0:
                return share + ((probability - below) / chance + 0.5) / _CELLS
        return 1.0

    @property
    def steps(self) -> tuple[float, ...]:
        """The means of STEPS equally likely parts, rising: their own mean is that of all."""
        return _steps(self.chances)


@lru_cache(maxsize=256)
def _steps(chances: tuple[float, ...]) -> tuple[float, ...]:
    sums = [0.0] * STEPS
    step, room = 0, 1.0 / STEPS
    for share, chance in zip(_GRID, chances, strict=True):
        left = chance
        while left > room and step < STEPS - 1:
            sums[step] += room * share
            left, step, room = left - room, step + 1, 1.0 / STEPS
        sums[step] += left * share
        room -= left
    return tuple(total * STEPS for total in sums)


@lru_cache(maxsize=1024)
def believed(ratio: float | None, error: float, prior: Prior) -> Belief:
    """Return what is believed of a lever that came as far as `ratio` of its plan, give or take `error`; None: unknown.

    Beta(prior) times the normal likelihood of the ratio, on a grid.
    """
    logs = [(prior.comes - 1.0) * low + (prior.fails - 1.0) * high for low, high in _LOGS]
    if ratio is not None:
        spread = 2.0 * (error * error + SLACK * SLACK)
        logs = [value - (ratio - share) ** 2 / spread for value, share in zip(logs, _GRID, strict=True)]
    top = max(logs)
    chances = [exp(value - top) for value in logs]
    whole = sum(chances)
    return Belief(tuple(chance / whole for chance in chances))
