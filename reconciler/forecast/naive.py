"""The usual ways to guess a month end: what the forecast is measured against."""

from __future__ import annotations

from typing import Literal

import numpy as np

from reconciler.forecast.panel import Floats

NaiveMethod = Literal["run_rate", "mean_28_days", "linear_30_days"]
NAIVE_METHODS: tuple[NaiveMethod, ...] = ("run_rate", "mean_28_days", "linear_30_days")
MEAN_DAYS = 28
LINE_DAYS = 30


def naive_rest(method: NaiveMethod, history: Floats, *, elapsed: int, days: int) -> Floats:
    """Return float64[days]: what `method` expects each of the next days to cost.

    `history` is oldest day first; its last `elapsed` days belong to the month that is forecast. The run rate is the
    mean of these, and the mean of the last 28 days on the first day of a month, when there is none yet.
    """
    match method:
        case "run_rate":
            return np.full(days, _mean(history[-elapsed:]) if elapsed else _mean(history[-MEAN_DAYS:]))
        case "mean_28_days":
            return np.full(days, _mean(history[-MEAN_DAYS:]))
        case "linear_30_days":
            return _line(history[-LINE_DAYS:], days)


def _mean(values: Floats) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else 0.0


def _line(values: Floats, days: int) -> Floats:
    """Return the least-squares line through `values`, continued and cut at zero."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 2:
        return np.full(days, _mean(values))
    time = known - known.mean()
    slope = float((time * values[known]).sum() / np.square(time).sum())
    ahead = len(values) + np.arange(days) - known.mean()
    return np.asarray(np.maximum(_mean(values) + slope * ahead, 0.0))
