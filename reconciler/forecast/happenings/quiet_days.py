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
GAP_DAYS = 4
"""What is shorter may be a weekend."""
TEACHING_DAYS = 14
"""Active days, also no fewer than its own, without which the longest run is not told apart from the usual ones."""
SINGULAR = 2
"""So many runs at most are half as long as one that is told apart: what comes again and again is how the wallet is."""
USUALLY_ACTIVE = 0.5
"""Of the busiest weekday: a weekday that is active less often is one on which the wallet rests."""
INTERMITTENT_SHARE = 0.3
FEWEST_ACTIVE_DAYS = 7
NEXT_TO_NOTHING = 0.001
"""Of the mean day that costs something: what a check of health costs that nobody switched off."""


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
    """`trailing` int[series] days since the last spend; `runs` are those before it; `quiet` bool[series, days] is both.

    `log_rests` float64[series, days + 1] adds up from age 0 how likely it is, by its weekday, that a day rests.
    `is_sparse`: too few active days to know the wallet's week; `is_intermittent`: it often pauses by itself, or that
    is not known.
    """

    quiet: Bools
    trailing: Ints
    runs: QuietRuns
    log_rests: Floats
    is_sparse: Bools
    is_intermittent: Bools

    @property
    def is_silent(self) -> Bools:
        """The days since the last spend, bool[series, days]."""
        return np.asarray(np.arange(self.quiet.shape[1]) < self.trailing[:, None])

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


def is_quiet(values: Floats) -> Bools:
    """Return bool[series, days]: which days cost nothing, or next to nothing beside those that cost something."""
    spent = np.nan_to_num(values)
    count = np.maximum((spent > 0).sum(axis=1), 1)
    return np.asarray(values <= (NEXT_TO_NOTHING * spent.sum(axis=1) / count)[:, None])


def quiet_days(quiet: Bools, known: Bools) -> QuietDays:
    """Look at bool[series, days], newest day first: each series has a known day that is not quiet."""
    trailing = np.argmin(quiet, axis=1)
    runs = _runs(quiet, trailing)
    seen, active = _taught(quiet, known, runs, trailing=trailing)
    share = _activity(seen, active)
    usual = share >= USUALLY_ACTIVE * share.max(axis=1, keepdims=True)
    days = np.maximum((seen * usual).sum(axis=1), 1)
    is_sparse = active.sum(axis=1) < FEWEST_ACTIVE_DAYS
    rests = np.log1p(-np.clip(share, *CERTAINTY))
    log_rests = np.zeros((len(quiet), quiet.shape[1] + 1))
    np.cumsum(np.tile(rests, (1, quiet.shape[1] // WEEK)), axis=1, out=log_rests[:, 1:])
    is_intermittent = 1.0 - (active * usual).sum(axis=1) / days > INTERMITTENT_SHARE
    return QuietDays(quiet, trailing, runs, log_rests, is_sparse, is_intermittent | is_sparse)


def _runs(quiet: Bools, trailing: Ints) -> QuietRuns:
    edges = np.diff(np.pad(quiet.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, start = np.nonzero(edges == 1)
    runs = QuietRuns(row, start, np.nonzero(edges == -1)[1])
    return runs.where(start >= trailing[row])


def _taught(quiet: Bools, known: Bools, runs: QuietRuns, *, trailing: Ints) -> tuple[Floats, Floats]:
    """Return float64[series, 7] of the known and of the active days by phase, of the half year before the silence.

    The longest run, where it stands alone, counts as neither: a single gap is not how the wallet is.
    """
    ages = np.arange(quiet.shape[1])
    seen = known & (ages >= trailing[:, None]) & (ages < trailing[:, None] + TEACHING_WEEKS * WEEK)
    spent = seen & ~quiet
    longest = runs.longest(len(quiet))
    alone = runs.count(len(quiet), 2 * runs.length >= longest[runs.row]) <= SINGULAR
    told_apart = alone & (longest >= GAP_DAYS) & (spent.sum(axis=1) >= np.maximum(longest, TEACHING_DAYS))
    seen &= ~runs.where((runs.length == longest[runs.row]) & told_apart[runs.row]).days(quiet.shape)
    return _by_phase(seen), _by_phase(spent)


def _by_phase(days: Bools) -> Floats:
    return np.asarray(days.reshape(len(days), -1, WEEK).sum(axis=1), dtype=np.float64)


def _activity(known: Floats, active: Floats) -> Floats:
    """Return float64[series, 7]: how often each weekday is active, shrunk to all days by the weight of one."""
    overall = (active.sum(axis=1) + 1.0) / (known.sum(axis=1) + 2.0)
    return np.asarray((active + overall[:, None]) / (known + 1.0))
