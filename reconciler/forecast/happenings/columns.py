"""Prices and the cache: days before a change are counted as if it had been there, since demand did not change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from reconciler.forecast.draws import Draws
from reconciler.forecast.happenings.happening import Happening
from reconciler.forecast.panel import Floats, Panel
from reconciler.forecast.repricing import PriceIndex, Repricing
from reconciler.forecast.words import share
from reconciler.model.forecast import WalletNotice

TOLD = 0.1
"""A change is told from this log change of what is paid on."""

LIKELY = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Columns(Happening):
    """`indices` are those of each series, None where nothing changed."""

    indices: tuple[PriceIndex | None, ...]

    def part(self, chosen: slice) -> Columns:
        return Columns(self.indices[chosen])

    def moved(self, row: int, draws: Draws, *, weeks: int) -> Floats | None:
        """Return what becomes of each week where the cache's share is still on its way."""
        index = self.indices[row]
        if index is None or index.ramp is None:
            return None
        return index.ramp.factors(draws.more(row, "cache"), paths=draws.paths, weeks=weeks)

    def notices(self, row: int) -> Iterator[WalletNotice]:
        """Yield each change that moves what is paid by a good part."""
        index = self.indices[row]
        for change in index.changes if index else ():
            if abs(np.log(change.factor)) >= TOLD:
                yield WalletNotice(
                    code="price-change" if change.rates is None else "cache-change",
                    message=f"{seen_change(change)}; the days before are counted as if it had been so",
                    since=change.since,
                    factor=round(change.factor, 3),
                )


def find_columns(panel: Panel) -> tuple[Columns, Panel]:
    """Return `panel` at the prices and with the cache of its last days, where its index tells them."""
    if not any(panel.indices):
        return Columns((None,) * panel.series), panel
    days = panel.values.shape[1]
    worth = np.stack([np.ones(days) if index is None else index.over(days) for index in panel.indices])
    credits = None if panel.credits is None else panel.credits * worth
    return Columns(panel.indices), replace(panel, values=panel.values * worth, credits=credits)


def seen_change(change: Repricing) -> str:
    if change.rates is not None:
        before, now = (share(rate, places=0) for rate in change.rates)
        more = f", and {'more' if change.factor < 1.0 else 'less'} each week" if change.goes_on > LIKELY else ""
        return f"has {now} of its requests answered by the cache, {before} before {change.since}{more}"
    word = "less" if change.factor < 1.0 else "more"
    moved = share(abs(change.factor - 1.0), places=0)
    return f"pays {moved} {word} for a token of {change.model} since {change.since}"
