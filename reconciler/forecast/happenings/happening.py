"""Happenings: what befell wallets beyond level and calendar, each found before the level is fitted.

A finder looks at a panel and returns what it found with the panel that the rest is fitted on: a silence that is no
demand is unknown there, a charge of a fixed day is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Self

from reconciler.forecast.draws import Draws
from reconciler.forecast.panel import Floats
from reconciler.forecast.turns import Charge, Turn
from reconciler.model.forecast import WalletNotice


class Happening:
    """What one mechanism found, one row a series. What it does not override, it has no part in."""

    def part(self, chosen: slice) -> Self:
        """Return what was found of the `chosen` series."""
        raise NotImplementedError

    def share(self, row: int) -> float:
        """Return what part of the simulated days is paid in the end."""
        return 1.0

    def moved(self, row: int, draws: Draws, *, weeks: int) -> Floats | None:
        """Return by what each week of each path is multiplied, float64[weeks, paths]; None where by nothing."""
        return None

    def turns(self, row: int, draws: Draws) -> Iterator[Turn]:
        """Yield how what days cost turns on each path of `draws`, whose row `row` is."""
        return iter(())

    def charges(self, row: int, draws: Draws, *, days: int) -> Iterator[Charge]:
        """Yield what comes on top on some of the next `days`."""
        return iter(())

    def credits(self, row: int, draws: Draws, days: Callable[[], Floats]) -> Iterator[Charge]:
        """Yield what comes back on some days, below zero; `days` makes float64[days, paths] of what they cost."""
        return iter(())

    def notices(self, row: int) -> Iterator[WalletNotice]:
        """Yield what there is to say of it."""
        return iter(())
