"""Generated wallets whose truth is known: a level with a week, noise and a mild drift, and what happens to it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from reconciler.forecast.repricing import PriceIndex
from reconciler.model.period import Period

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
FIRST = date(2024, 2, 1)
LAST = date(2026, 6, 30)
DRIFT = 0.008
"""The standard deviation of a day's step of the log level."""
ROUGH: ContextVar[bool] = ContextVar("rough", default=False)
"""Whether noise lingers for days and levels drift twice as much: wallets that are harder than the usual ones."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A wallet as of a day, and what then happened. `history` is gross and `credits` what came back, oldest day first.

    `future` is the net spend of each day from `as_of` on, `daily` what a usual day costs from then on, and `age` for
    how many days of the history what happened has been there. `index` is what the columns of an export tell.
    """

    as_of: date
    history: Floats
    credits: Floats
    future: Floats
    daily: float
    age: int
    index: PriceIndex | None = None

    def window(self, month: int) -> tuple[int, int]:
        """Return the days of the future that are the rest of the month (0), or the month that many months later."""
        period = Period.of(self.as_of).plus(month)
        return max((period.first - self.as_of).days, 0), (period.end - self.as_of).days


@dataclass(slots=True, eq=False)
class Timeline:
    """A wallet in the making: `gross` and `credits` of days from the first of the history to the last of the future.

    `offset` counts the days from as_of on, which is 0.
    """

    random: np.random.Generator
    as_of: date
    offset: npt.NDArray[np.intp]
    gross: Floats
    daily: float
    credits: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.credits = np.zeros_like(self.gross)

    @property
    def days(self) -> npt.NDArray[np.datetime64]:
        return np.datetime64(self.as_of) + self.offset.astype("timedelta64[D]")

    def since(self, age: int) -> Bools:
        return np.asarray(self.offset >= -age)

    def times(self, factor: float, *, age: int) -> None:
        """Let every day from `age` days ago on cost `factor` times as much."""
        self.gross[self.since(age)] *= factor
        self.daily *= factor

    def world(self, *, age: int = 0) -> World:
        known = self.offset < 0
        return World(
            as_of=self.as_of,
            history=self.gross[known],
            credits=self.credits[known],
            future=(self.gross - self.credits)[~known],
            daily=self.daily,
            age=age,
        )


def timeline(
    random: np.random.Generator,
    *,
    history: tuple[int, int] = (60, 400),
    ahead: int = 1,
    as_of: date | None = None,
    noise: tuple[float, float] = (0.1, 0.5),
) -> Timeline:
    """Return a wallet to which nothing happens, with the rest of the month and `ahead` months more."""
    if as_of is None:
        as_of = FIRST + timedelta(days=int(random.integers(0, (LAST - FIRST).days)))
    before = int(random.integers(history[0], history[1], endpoint=True))
    after = (Period.of(as_of).plus(ahead).end - as_of).days
    offset = np.arange(-before, after)
    week = np.exp(random.normal(0, 0.1, 7))
    week[5:] *= random.uniform(0.2, 1.1)
    weekday = (np.datetime64(as_of) + offset.astype("timedelta64[D]") - np.datetime64("2024-01-01")).astype(np.intp) % 7
    sigma = random.uniform(*noise)
    tails = random.standard_t(4, len(offset)) / np.sqrt(2) if random.random() < 0.3 else random.normal(size=len(offset))
    drift = np.cumsum(random.normal(0, DRIFT * random.uniform(0, 1.5), len(offset)))
    if ROUGH.get():
        tails, drift = lingering(tails, random.uniform(0.3, 0.7)), 2.0 * drift
    drift -= drift[before]
    level = float(np.exp(random.normal(4, 1)))
    daily = level * (week / week.mean())[weekday] * np.exp(drift + sigma * np.clip(tails, -4, 4) - sigma**2 / 2)
    return Timeline(random, as_of, offset, daily, level)


def lingering(noise: Floats, memory: float) -> Floats:
    """Return noise of the same spread of which a day keeps a part of the day before."""
    kept = noise.copy()
    for day in range(1, len(noise)):
        kept[day] = memory * kept[day - 1] + np.sqrt(1 - memory**2) * noise[day]
    return kept


def between(random: np.random.Generator, limits: tuple[int, int]) -> int:
    return int(random.integers(limits[0], limits[1], endpoint=True))


def ratio(random: np.random.Generator, limits: tuple[float, float]) -> float:
    """Return a factor between the limits, evenly on a logarithmic scale."""
    return float(np.exp(random.uniform(np.log(limits[0]), np.log(limits[1]))))
