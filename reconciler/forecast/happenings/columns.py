"""Prices and the cache: days before a change are counted as if it had been there, since demand did not change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from reconciler.forecast.happenings.happening import Happening
from reconciler.forecast.panel import Panel
from reconciler.forecast.repricing import Repricing
from reconciler.forecast.words import share
from reconciler.model.forecast import WalletNotice

TOLD = 0.1
"""A change is told from this log change of what is paid on."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns(Happening):
    """`changes` are those of each series."""

    changes: tuple[tuple[Repricing, ...], ...]

    def part(self, chosen: slice) -> Columns:
        return Columns(self.changes[chosen])

    def notices(self, row: int) -> Iterator[WalletNotice]:
        """Yield each change that moves what is paid by a good part."""
        for change in self.changes[row]:
            if abs(np.log(change.factor)) >= TOLD:
                yield WalletNotice(
                    code="price-change" if change.rates is None else "cache-change",
                    message=f"{_seen(change)}; the days before are counted as if it had been so",
                    since=change.since,
                    factor=round(change.factor, 3),
                )


def find_columns(panel: Panel) -> tuple[Columns, Panel]:
    """Return `panel` at the prices and with the cache of its last days, where its index tells them."""
    if not any(panel.indices):
        return Columns(((),) * panel.series), panel
    days = panel.values.shape[1]
    worth = np.stack([np.ones(days) if index is None else index.over(days) for index in panel.indices])
    credits = None if panel.credits is None else panel.credits * worth
    changes = tuple(() if index is None else index.changes for index in panel.indices)
    return Columns(changes), replace(panel, values=panel.values * worth, credits=credits)


def _seen(change: Repricing) -> str:
    if change.rates is not None:
        before, now = (share(rate, places=0) for rate in change.rates)
        return f"has {now} of its requests answered by the cache, {before} before {change.since}"
    word = "less" if change.factor < 1.0 else "more"
    moved = share(abs(change.factor - 1.0), places=0)
    return f"pays {moved} {word} for a token of {change.model} since {change.since}"
