"""Steps within some days: how they vary about each level, so that the change that is looked for is no noise of it."""

from __future__ import annotations

import numpy as np

from reconciler.review.noise import spread
from reconciler.review.one_offs import LONGEST
from reconciler.review.traffic import Floats

SURE = 4.5
"""How many standard errors a run of days has to be off the others to be a level of its own: the largest of some hundred
runs is picked, which by chance is beyond 3 of them often, beyond this one seldom (decision 0099)."""

MOST_STEPS = 3


def spread_about_levels(off: Floats, usual: Floats, floor: float) -> float:
    """Return the standard error of a sum of days that are `off`, about the levels that they run at.

    `usual` is what each day has where nothing is off: a level is a part of it. `floor` is the error as other days tell
    it; days without their steps are held to vary no less, for steps are picked from what varies.
    """
    whole, left = spread(off), off
    if whole <= floor:
        return whole
    for _ in range(MOST_STEPS):
        rest, gain = _without_a_step(left, usual)
        if gain * len(off) <= (SURE * max(spread(rest), floor)) ** 2:
            break
        left = rest
    return whole if left is off else min(whole, max(spread(left), floor))


def _without_a_step(off: Floats, usual: Floats) -> tuple[Floats, float]:
    """Return the days without the step that explains most of them, and by how much less their squares are.

    A step goes on to the last day, or was there from the first one, or is over after more days than a one-off has: one
    day apart is no level. Least squares of two levels, one of a run of days and one of all others.
    """
    weights, products = _sums(usual**2), _sums(usual * off)
    start, end = np.triu_indices(len(off) + 1, 1)
    inside = weights[end] - weights[start]
    is_step = ((start == 0) | (end == len(off)) | (end - start > LONGEST)) & (inside > 0) & (inside < weights[-1])
    if not is_step.any():
        return off, 0.0
    start, end, inside = start[is_step], end[is_step], inside[is_step]
    within, outside = products[end] - products[start], weights[-1] - inside
    without = products[-1] - within
    gains = within**2 / inside + without**2 / outside
    best = int(np.argmax(gains))
    level = np.full(len(off), without[best] / outside[best])
    level[start[best] : end[best]] = within[best] / inside[best]
    return np.asarray(off - level * usual), float(gains[best])


def _sums(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])
