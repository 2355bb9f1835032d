"""Histories side by side, one row a series, the newest day first; and statistics of rows that outages do not move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from reconciler.forecast.launches import Ints, launched_days
from reconciler.forecast.repricing import PriceIndex
from reconciler.forecast.shared_event import SharedEvent
from reconciler.forecast.windows import WEEK

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]

DAY = np.timedelta64(1, "D")
MONTH = np.timedelta64(1, "M")
"""Steps of days and of months: numpy adds no bare number to dates of either."""

MONTH_END_DAYS = 3
"""The last days of a month that may cost a multiple of the others (settlements, monthly batches)."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """`values` is float64[series, days], column = age: 0 is the last known day, NaN is a day that says nothing.

    The number of columns is a multiple of seven, so that `reshape(series, -1, 7)` holds weeks, and column modulo
    seven is the weekday's phase. `ends` is the last history day of each series. `credits` of the same shape is what was
    given back on each day, 0 where nothing was; None where nobody looked for it. `charged` bool of the same shape: from
    what the day cost a monthly charge was taken out. `indices` say what the days of each series are counted at, and are
    empty where nobody looked. `events` are those that many wallets share. `returned` are the credits as they were
    paid, whatever a day is counted at.
    """

    values: Floats
    ends: Days
    credits: Floats | None = None
    charged: Bools | None = None
    indices: tuple[PriceIndex | None, ...] = ()
    events: tuple[SharedEvent, ...] = ()
    returned: Floats | None = None

    @property
    def series(self) -> int:
        return int(self.values.shape[0])

    @property
    def known(self) -> Bools:
        return np.isfinite(self.values)

    @property
    def launched(self) -> Ints | None:
        """For how many days a workload has been there that is new, int[series], 0 where there is none."""
        launches = [index.launch if index else None for index in self.indices]
        return launched_days(launches) if any(launches) else None

    def rows(self, chosen: slice) -> Panel:
        credits = None if self.credits is None else self.credits[chosen]
        charged = None if self.charged is None else self.charged[chosen]
        returned = None if self.returned is None else self.returned[chosen]
        indices = self.indices[chosen]
        return Panel(self.values[chosen], self.ends[chosen], credits, charged, indices, self.events, returned)

    def with_values(self, values: Floats) -> Panel:
        return replace(self, values=values)

    def month_ends(self) -> Bools:
        """Return bool[series, days]: whether a day is one of the last three of its month."""
        return is_month_end(self.days())

    def days(self) -> Days:
        """Return datetime64[series, days]: which day each column is."""
        ages = np.arange(self.values.shape[1])
        return np.asarray(self.ends[:, None] - ages[None, :].astype("timedelta64[D]"))


def panel_width(days: int) -> int:
    """Return the columns of a panel whose longest history has so many days."""
    return max(WEEK, -(-days // WEEK) * WEEK)


def make_panel(
    histories: Sequence[Floats],
    ends: Days,
    *,
    credits: Sequence[Floats] | None = None,
    returned: Sequence[Floats] | None = None,
    indices: Sequence[PriceIndex | None] = (),
    events: Sequence[SharedEvent] = (),
) -> Panel:
    """Return the panel of `histories`, each oldest day first and ending on its day of `ends`; `credits` are as long.

    `returned` are the credits as they were paid, where `credits` are counted otherwise.
    `indices` say of each series what its days are counted at, None where nothing tells; empty where nobody looked.
    Leading unknown days cost nothing: the width is the longest history, rounded up to whole weeks.
    """
    longest = max((len(history) for history in histories), default=0)
    width = panel_width(longest)
    given = None if credits is None else _columns(credits, width, empty=0.0)
    return Panel(
        _columns(histories, width, empty=np.nan),
        ends.astype("datetime64[D]"),
        given,
        indices=tuple(indices),
        events=tuple(events),
        returned=given if returned is None else _columns(returned, width, empty=0.0),
    )


def _columns(series: Sequence[Floats], width: int, *, empty: float) -> Floats:
    columns = np.full((len(series), width), empty)
    for row, days in enumerate(series):
        columns[row, : len(days)] = days[::-1]
    return columns


def is_month_end(days: Days) -> Bools:
    """Return whether each day is one of the last three of its month."""
    later = days + MONTH_END_DAYS * DAY
    return np.asarray(later.astype("datetime64[M]") != days.astype("datetime64[M]"))


def future_days(ends: Days, horizon: int) -> Days:
    """Return datetime64[series, horizon]: the days after each history."""
    steps = np.arange(1, horizon + 1).astype("timedelta64[D]")
    return np.asarray(ends[:, None] + steps[None, :])


def future_phases(horizon: int) -> npt.NDArray[np.intp]:
    """Return the weekday phase (age modulo seven) of each day after the history."""
    return np.asarray((WEEK - 1 - np.arange(horizon)) % WEEK, dtype=np.intp)


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


def running_sums(values: Floats) -> Floats:
    """Return float64[series, days + 1]: the sums of the first so many columns."""
    totals = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=totals[:, 1:])
    return totals


def _window_sums(values: Floats, half: int) -> Floats:
    days, totals = values.shape[1], running_sums(values)
    ages = np.arange(days)
    return np.asarray(totals[:, np.minimum(ages + half + 1, days)] - totals[:, np.maximum(ages - half, 0)])
