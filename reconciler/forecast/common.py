"""What wallets have in common: how far all of them move together, from their own past. Decision 0115."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest

import numpy as np

from reconciler.forecast.history import Spending
from reconciler.forecast.long_run import BLOCK, MOST_BLOCKS, WALK, WALK_BLOCKS
from reconciler.forecast.panel import Bools, Floats

TOGETHER = 0.25
"""The part of what levels move that wallets have in common, where the past tells little."""
MOST_WALLETS = 200
"""So many, the dearest, tell enough: what the sum does is what they do."""
PRIOR_SPREAD = 1.5
"""How far from that it may be, as a multiple of it."""
FEWEST_STEPS = 4
ERROR = 6.0
LARGEST_STEP = 0.7
"""A log change in four weeks beyond this is something that happened to one wallet."""
LINE_ERROR = 1.2
"""A line through a walk of n steps of variance q is off by 6/5·q/n a step (Durbin and Watson; long_run.py)."""


@dataclass(frozen=True, slots=True)
class Common:
    """`variance` is that of a day's step of the log level that all wallets share, learned from `days`."""

    variance: float = 0.0
    days: int = BLOCK

    def over(self, days: int) -> float:
        """Return the variance of what `days` to come add up to, in logs, as far as wallets share it.

        A walk's mean over h days has a third of the variance of its end; what its slope is off by adds (h/2)².
        """
        return self.variance * (days / 3.0 + LINE_ERROR * days**2 / (4.0 * max(self.days, BLOCK)))


def fit_common(known: Spending) -> Common:
    """Return how far the dearest wallets of an export move together."""
    histories = (known.wallets[wallet].history(known.known_until) for wallet in sorted(known.wallets))
    return common_of(nsmallest(MOST_WALLETS, histories, key=lambda days: -float(np.nansum(days[-BLOCK:]))))


def common_of(histories: Sequence[Floats]) -> Common:
    """Return how far wallets move together, from totals of four weeks of their `histories`, oldest day first.

    The covariance of two wallets' steps, and twice that of a step and the next one, is the variance of the walk that
    both share: what they share for some days only makes a step and the next one opposite and falls out. The mean over
    all pairs is (S² − Σd²)/(n(n−1)), S being the sum over wallets. It is shrunk to a quarter of the wallets' own walk
    by its error: with n wallets of variance v over T steps its square is 6/T·(c + v/n)².
    """
    steps, usable = _steps(histories)
    count = usable.sum(axis=1)
    enough = count >= FEWEST_STEPS
    steps, usable, count = steps[enough], usable[enough], count[enough]
    if not len(steps):
        return Common(TOGETHER * WALK**2)
    steps = np.where(usable, steps - (steps.sum(axis=1) / count)[:, None], 0.0)
    length = float(count.mean())
    unbiased = 1.0 - 3.0 / length
    own = max(float(np.square(steps).sum() + 2.0 * (steps[:, 1:] * steps[:, :-1]).sum()), 0.0) / unbiased
    walk = (WALK_BLOCKS * BLOCK * WALK**2 + own) / (WALK_BLOCKS + count.sum())
    usual = TOGETHER * walk
    noise = float(np.square(steps).sum() / count.sum())
    error = ERROR / length * ((usual + noise / len(steps)) / unbiased) ** 2
    prior = (PRIOR_SPREAD * usual) ** 2
    kept = prior / (prior + error) if len(steps) > 1 else 0.0
    shared = usual + kept * (_shared(steps, usable) / unbiased - usual)
    return Common(min(max(shared, 0.0), walk) / BLOCK, int(length + 1) * BLOCK)


def _shared(steps: Floats, usable: Bools) -> float:
    """Return the variance of a step of the walk that pairs of wallets share, float64[wallets, steps]."""
    both = usable[:, 1:] & usable[:, :-1]
    return _mean_product(steps, steps, usable) + 2.0 * _mean_product(steps[:, 1:], steps[:, :-1], both)


def _steps(histories: Sequence[Floats]) -> tuple[Floats, Bools]:
    """Return the log change of each four weeks' level, newest first, float64[wallets, blocks], and which are known."""
    days = np.full((len(histories), (MOST_BLOCKS + 1) * BLOCK), np.nan)
    for row, history in enumerate(histories):
        last = history[::-1][: days.shape[1]]
        days[row, : len(last)] = last
    blocks = days[:, : MOST_BLOCKS * BLOCK].reshape(len(days), MOST_BLOCKS, BLOCK)
    count = np.isfinite(blocks).sum(axis=2)
    total = np.nansum(blocks, axis=2)
    known = np.logical_and.accumulate((count > BLOCK / 2) & (total > 0), axis=1)
    level = np.log(np.where(known, total, 1.0) / np.maximum(count, 1))
    usable = known[:, 1:]
    steps = np.where(usable, np.clip(level[:, :-1] - level[:, 1:], -LARGEST_STEP, LARGEST_STEP), 0.0)
    return steps, usable


def _mean_product(one: Floats, other: Floats, usable: Bools) -> float:
    """Return the mean over steps, and pairs of different wallets, of the product of `one` and `other`."""
    one, other = np.where(usable, one, 0.0), np.where(usable, other, 0.0)
    pairs = usable.sum(axis=0) * (usable.sum(axis=0) - 1.0)
    products = one.sum(axis=0) * other.sum(axis=0) - (one * other).sum(axis=0)
    return float(products.sum() / max(pairs.sum(), 1.0))
