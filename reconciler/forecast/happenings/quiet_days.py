"""Days without spend: how often each weekday of a wallet is active, and its runs of days that are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reconciler.forecast.panel import Bools, Floats
from reconciler.forecast.windows import WEEK

Ints = npt.NDArray[np.intp]
CERTAINTY = (0.03, 0.995)
"""No weekday is so surely idle or active that one day could not differ."""
TEACHING_WEEKS = 26
TEACHING_DAYS = 14
"""Active days, also no fewer than its own, without which the longest run is not told apart from the usual ones."""
SINGULAR = 2
"""So many runs at most are half as long as one that is told apart: what comes again and again is how the wallet is."""
USUALLY_ACTIVE = 0.5
"""Of the busiest weekday: a weekday that is active less often is one on which the wallet rests."""
INTERMITTENT_SHARE = 0.3
FEWEST_ACTIVE_DAYS = 7


@dataclass(frozen=True, slots=True, eq=False)
class QuietRuns:
    """Runs of days without spend before the last spend: int[runs] each, ages in [start, end) of series `row`."""

    row: Ints
    start: Ints
    end: Ints

    @property
    def length(self) -> Ints:
        return np.asarray(self.end - self.start)

    def count(self, series: int, chosen: Bools) -> Ints:
        return np.bincount(self.row, weights=chosen, minlength=series).astype(np.intp)

    def longest(self, series: int) -> Ints:
        longest = np.zeros(series, dtype=np.intp)
        np.maximum.at(longest, self.row, self.length)
        return longest

    def where(self, chosen: Bools) -> QuietRuns:
        return QuietRuns(self.row[chosen], self.start[chosen], self.end[chosen])

    def days(self, shape: tuple[int, int]) -> Bools:
        """Return bool[series, days]: the days of the runs."""
        edges = np.zeros((shape[0], shape[1] + 1), dtype=np.int8)
        edges[self.row, self.start] += 1
        edges[self.row, self.end] -= 1
        return np.asarray(np.cumsum(edges[:, :-1], axis=1, dtype=np.int8) > 0)


@dataclass(frozen=True, slots=True, eq=False)
class QuietDays:
    """`trailing` int[series] days since the last spend; `runs` are those before it.

    `log_rests` float64[series, days + 1] adds up from age 0 how likely it is, by its weekday, that a day rests.
    `is_sparse`: too few active days to know the wallet's week; `is_intermittent`: it often pauses by itself, or that
    is not known.
    """

    trailing: Ints
    runs: QuietRuns
    log_rests: Floats
    is_sparse: Bools
    is_intermittent: Bools

    @property
    def log_natural(self) -> Floats:
        """How likely the silence is for a wallet that goes on as it did: log, float64[series]."""
        return np.asarray(self.log_rests[np.arange(len(self.trailing)), self.trailing])

    @property
    def log_natural_runs(self) -> Floats:
        """The same for each of the runs."""
        return np.asarray(self.log_rests[self.runs.row, self.runs.end] - self.log_rests[self.runs.row, self.runs.start])

    def longer_runs(self, length: Ints, chosen: Bools | None = None) -> Ints:
        """Return int[series]: how many of the (chosen) runs are at least as long as `length` int[series]."""
        counted = self.runs.length >= length[self.runs.row]
        return self.runs.count(len(self.trailing), counted if chosen is None else counted & chosen)


def quiet_days(values: Floats) -> QuietDays:
    """Look at float64[series, days], newest day first, each series with a day that cost something."""
    zero = values == 0.0
    trailing = np.argmin(zero, axis=1)
    runs = _runs(zero, trailing)
    known, active = _taught(values, trailing, runs)
    share = _activity(known, active)
    usual = share >= USUALLY_ACTIVE * share.max(axis=1, keepdims=True)
    days = np.maximum((known * usual).sum(axis=1), 1)
    is_sparse = active.sum(axis=1) < FEWEST_ACTIVE_DAYS
    rests = np.log1p(-np.clip(share, *CERTAINTY))
    log_rests = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(np.tile(rests, (1, values.shape[1] // WEEK)), axis=1, out=log_rests[:, 1:])
    is_intermittent = 1.0 - (active * usual).sum(axis=1) / days > INTERMITTENT_SHARE
    return QuietDays(trailing, runs, log_rests, is_sparse, is_intermittent | is_sparse)


def _runs(zero: Bools, trailing: Ints) -> QuietRuns:
    edges = np.diff(np.pad(zero.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, start = np.nonzero(edges == 1)
    runs = QuietRuns(row, start, np.nonzero(edges == -1)[1])
    return runs.where(start >= trailing[row])


def _taught(values: Floats, trailing: Ints, runs: QuietRuns) -> tuple[Floats, Floats]:
    """Return float64[series, 7] of the known and of the active days by phase, of the half year before the silence.

    The longest run, where it stands alone, counts as neither: a single gap is not how the wallet is.
    """
    ages = np.arange(values.shape[1])
    seen = np.isfinite(values) & (ages >= trailing[:, None]) & (ages < trailing[:, None] + TEACHING_WEEKS * WEEK)
    spent = seen & (values > 0)
    longest = runs.longest(len(values))
    alone = runs.count(len(values), 2 * runs.length >= longest[runs.row]) <= SINGULAR
    told_apart = alone & (spent.sum(axis=1) >= np.maximum(longest, TEACHING_DAYS))
    seen &= ~runs.where((runs.length == longest[runs.row]) & told_apart[runs.row]).days(values.shape)
    return _by_phase(seen), _by_phase(spent)


def _by_phase(days: Bools) -> Floats:
    return np.asarray(days.reshape(len(days), -1, WEEK).sum(axis=1), dtype=np.float64)


def _activity(known: Floats, active: Floats) -> Floats:
    """Return float64[series, 7]: how often each weekday is active, shrunk to all days by the weight of one."""
    overall = (active.sum(axis=1) + 1.0) / (known.sum(axis=1) + 2.0)
    return np.asarray((active + overall[:, None]) / (known + 1.0))
