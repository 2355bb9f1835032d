"""Robust statistics of rows: medians that runaway days and outages do not move."""

from __future__ import annotations

import numpy as np

from reconciler.forecast.panel import Bools, Floats
from reconciler.forecast.windows import WEEK

ZERO_SHARE_WEEKS = 16


def median(values: Floats) -> Floats:
    """Return the row medians of the finite values, NaN where there is none."""
    counts = np.isfinite(values).sum(axis=1)
    ordered = np.sort(values, axis=1)  # NaN goes last
    rows = np.arange(len(values))
    middle = np.maximum(counts - 1, 0)
    return np.asarray(0.5 * (ordered[rows, middle // 2] + ordered[rows, (middle + 1) // 2]))


def running_median(values: Floats) -> Floats:
    """Return for each day the median of the four weeks around its week; the width is whole weeks."""
    weeks = values.shape[1] // WEEK
    blocks = values.reshape(len(values), weeks, WEEK)
    medians = np.empty((len(values), weeks))
    for week in range(weeks):
        low = max(min(week - 2, weeks - 4), 0)
        medians[:, week] = median(blocks[:, low : low + 4].reshape(len(values), -1))
    return np.repeat(medians, WEEK, axis=1)


def zero_share(values: Floats) -> Floats:
    """Return the share of zero days among the known ones of the last months."""
    recent = values[:, : ZERO_SHARE_WEEKS * WEEK]
    known = np.isfinite(recent).sum(axis=1)
    zero = (recent == 0).sum(axis=1)
    return np.asarray(np.divide(zero, known, out=np.zeros(len(values)), where=known > 0))


def centred_mean(values: Floats, known: Bools, *, width: int) -> Floats:
    """Return the mean of the known values within `width` days around each day; NaN where there is none."""
    half = width // 2
    sums = _window_sums(np.where(known, values, 0.0), half)
    counts = _window_sums(known.astype(np.float64), half)
    noise = 1e-9 * np.abs(sums).max(axis=1, keepdims=True, initial=0.0)
    return np.divide(np.where(sums > noise, sums, 0.0), counts, out=np.full_like(sums, np.nan), where=counts > 0.5)


def _window_sums(values: Floats, half: int) -> Floats:
    days = values.shape[1]
    totals = np.zeros((values.shape[0], days + 1))
    np.cumsum(values, axis=1, out=totals[:, 1:])
    ages = np.arange(days)
    return np.asarray(totals[:, np.minimum(ages + half + 1, days)] - totals[:, np.maximum(ages - half, 0)])
