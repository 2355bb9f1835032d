"""Seasons: how a level moved in the year before, where that was a wave and not a walk, is expected again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import cast

import numpy as np

from reconciler.forecast.long_run import BLOCK, BLOCK_WEEKS
from reconciler.forecast.panel import Bools, Days, Floats
from reconciler.forecast.words import share
from reconciler.model.forecast import WalletNotice

BLOCKS = 13
"""So many times four weeks are a year; one more is known, so that its beginning is known beside its end."""
WAVE = 2.5
"""So many times the squares of steps are those of distances from the line before it is rather a season than a walk."""
MOST = 0.8
STEP_NOISE = 0.1
"""A deviation of steps by noise alone, as a multiple of the relative volatility."""
ANCHOR = -1.5
"""The week from which the present level counts, on average."""
TOLD, SWING = 0.3, 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Season:
    """`weight` float64[series] is how likely a season is, 0 where less than a year is known.

    `change` float64[series, 13] is the log change to each coming four weeks by the year before, without the `growth` of
    four weeks, float64[series].
    """

    weight: Floats
    change: Floats
    growth: Floats
    ends: Days

    def part(self, chosen: slice) -> Season:
        return Season(self.weight[chosen], self.change[chosen], self.growth[chosen], self.ends[chosen])

    def told_by_plan(self, planned: Bools) -> Season:
        """Return it without the growth of those series of which a plan tells how they grow."""
        return replace(self, growth=np.where(planned, 0.0, self.growth))

    def blended(self, middle: Floats) -> Floats:
        """Return the log changes `middle` float64[series, weeks] as far as no season stands against them."""
        if not self.weight.any():
            return middle
        weeks = middle.shape[1]
        grown = self.growth[:, None] * (np.arange(weeks) - ANCHOR) / BLOCK_WEEKS
        seasonal = (self.change[:, None] @ _between(weeks).T)[:, 0] + grown
        return middle + self.weight[:, None] * (seasonal - middle)

    def notices(self, row: int) -> Iterator[WalletNotice]:
        """Yield what there is to say of a season that is likely, and moves the level by much."""
        place, weight = int(np.abs(self.change[row]).argmax()), float(self.weight[row])
        swing = float(np.expm1(self.change[row, place]))
        if weight < TOLD or abs(swing) < SWING:
            return
        since = cast(date, self.ends[row].item()) - timedelta(days=(BLOCKS - 1 - place) * BLOCK + BLOCK // 2)
        yield WalletNotice(
            code="season",
            message=f"cost {share(abs(swing), places=0)} {'more' if swing > 0 else 'less'} around {since} than at this"
            f" time of the year, growth left aside: {share(weight, places=0)} of that is expected again",
            since=since,
            factor=round(1.0 + swing, 3),
            probability=round(weight, 4),
        )


def no_season(ends: Days) -> Season:
    return Season(np.zeros(len(ends)), np.zeros((len(ends), BLOCKS)), np.zeros(len(ends)), ends)


def fit_season(logs: Floats, usable: Bools, *, volatility: Floats, ends: Days) -> Season:
    """Return the season of each series from the log levels of fourteen times four weeks, newest first.

    The line leads from a year ago to now. A walk is about twice as far from it as its steps are long, in squares; a
    wave of a year far more.
    """
    nothing = no_season(ends)
    if logs.shape[1] <= BLOCKS:
        return nothing
    known = usable[:, : BLOCKS + 1].all(axis=1)
    level = logs[:, : BLOCKS + 1]
    growth = (level[:, 0] - level[:, BLOCKS]) / BLOCKS
    away = level - level[:, :1] + growth[:, None] * np.arange(BLOCKS + 1)
    steps = np.square(np.diff(away, axis=1)).mean(axis=1) + np.square(STEP_NOISE * volatility)
    wave = np.square(away[:, 1:BLOCKS]).mean(axis=1)
    weight = np.clip(1.0 - WAVE * steps / np.maximum(wave, 1e-12), 0.0, MOST)
    return Season(np.where(known, weight, 0.0), away[:, BLOCKS - 1 :: -1], growth, ends)


@lru_cache(maxsize=8)
def _between(weeks: int) -> Floats:
    """Return float64[weeks, 13]: how much each week lies in each of the blocks of a year, or between two of them."""
    middles = np.arange(-(-weeks // BLOCK_WEEKS) + 1) * BLOCK_WEEKS + (BLOCK_WEEKS - 1) / 2
    knots, part = np.append(ANCHOR, middles), np.zeros((weeks, BLOCKS))
    for block in range(len(middles)):
        one = np.zeros(len(knots))
        one[block + 1] = 1.0
        part[:, block % BLOCKS] += np.interp(np.arange(weeks), knots, one)
    return part
