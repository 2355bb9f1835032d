"""Silence: a wallet that spends nothing has stopped, pauses, or only rests as it always did.

Decision 0104.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from reconciler.forecast.draws import Draws
from reconciler.forecast.happenings.happening import Happening
from reconciler.forecast.happenings.quiet_days import GAP_DAYS, Ints, QuietDays, is_quiet, quiet_days
from reconciler.forecast.panel import Bools, Days, Floats, Panel
from reconciler.forecast.turns import Turn
from reconciler.forecast.windows import WEEK
from reconciler.forecast.words import chance
from reconciler.model.forecast import WalletNotice

STOPPED = 0.003
PAUSED = 0.010
PAUSED_BEFORE = 0.01
"""How much likelier a pause is for each earlier one that was as long."""
PAUSE_SCALE = 7.0
PAUSE_TAIL = 2.0
RETURN_DAYS = 1826.0
"""A stopped wallet comes back within so many days on average."""
OWN_RUNS = 0.5
BEYOND_TAIL = 4.0
"""How fast the belief in a habit fades when a silence outlasts each run before it."""
FAR_DAY = 100_000
GAP_CHANCE = 1e-4
ODD_CHANCE = 0.01
UNNATURAL = 0.5
NOTICEABLE = 0.05
SILENT = "silent"
_OFTEN = {-1: "or longer", 0: "longer than ever before", 1: "as it was once before"}
NOTHING = "nothing"
TOLD = 0.3
TOLD_DAYS = 2
"""A silence that only seems a pause is told from this day on."""


@dataclass(frozen=True, slots=True, eq=False)
class Silence(Happening):
    """How long each series has been silent, int[series] `days`, and how likely it has stopped or pauses.

    `before` int[series] is how many earlier silences were as long, -1 where all that is known is silent; `spent`
    str[series] is what is spent all the same.
    """

    ends: Days
    days: Ints
    stopped: Floats
    paused: Floats
    before: Ints
    spent: npt.NDArray[np.str_]

    def part(self, chosen: slice) -> Silence:
        return Silence(
            self.ends[chosen],
            self.days[chosen],
            self.stopped[chosen],
            self.paused[chosen],
            self.before[chosen],
            self.spent[chosen],
        )

    def turns(self, row: int, draws: Draws) -> Iterator[Turn]:
        """Let the paths of a silent wallet cost nothing until they come back."""
        if self.stopped[row] + self.paused[row] < NOTICEABLE:
            return
        even = (draws.more(row, "silence").permutation(draws.paths) + 0.5) / draws.paths
        yield Turn(self._returns(row, even), np.zeros(draws.paths))

    def _returns(self, row: int, even: Floats) -> Ints:
        """Return the day on which each path comes back; `even` float64[paths] is spread evenly over (0, 1)."""
        stopped, paused = float(self.stopped[row]), float(self.paused[row])
        natural = 1.0 - stopped - paused
        pause = np.clip((even - natural) / max(paused, 1e-12), 0.0, 1.0 - 1e-12)
        stop = np.clip((even - natural - paused) / max(stopped, 1e-12), 0.0, 1.0 - 1e-12)
        lasts = (PAUSE_SCALE + float(self.days[row])) * ((1.0 - pause) ** (-1.0 / PAUSE_TAIL) - 1.0)
        lasts = np.where(even > natural + paused, -RETURN_DAYS * np.log1p(-stop), lasts)
        return np.where(even > natural, np.minimum(lasts, FAR_DAY), 0.0).astype(np.intp)

    def notices(self, row: int) -> Iterator[WalletNotice]:
        stopped, days = float(self.stopped[row]), int(self.days[row])
        if stopped <= TOLD and (days < TOLD_DAYS or stopped + float(self.paused[row]) <= UNNATURAL):
            return
        since: date = self.ends[row].astype(date) - timedelta(days=days - 1)
        lasting = f"{days} day{'' if days == 1 else 's'}"
        count = int(self.before[row])
        often = _OFTEN.get(count, f"as {count} times before")
        yield WalletNotice(
            code=SILENT,
            message=f"has spent {self.spent[row]} since {since}, {lasting}, {often}: {chance(stopped)} that it has"
            " stopped; if it comes back, it is expected to cost what it did before",
            hint="if it has stopped, lower its target or take it out; if it should be spending, check that its requests"
            " still reach Keeptrusts under its team id",
            since=since,
            factor=0.0,
            probability=round(stopped, 4),
        )


def likely_stopped(notices: Iterable[WalletNotice]) -> WalletNotice | None:
    """Return what says that a wallet has more likely stopped than not; None where nothing does."""
    found = (each for each in notices if each.code == SILENT and (each.probability or 0.0) > UNNATURAL)
    return next(found, None)


def find_silence(panel: Panel) -> tuple[Silence, Panel]:
    """Return how likely each series has stopped or pauses, and the panel in which such days are unknown.

    Unknown are a silence that is more than the wallet's usual rest, and such gaps of four days and more in its past.
    """
    nothing, none = np.zeros(panel.series), np.zeros(panel.series, dtype=np.intp)
    found = Silence(panel.ends, none, nothing, nothing.copy(), none.copy(), np.full(panel.series, NOTHING, dtype="U32"))
    rests = _rests(panel)
    idle, used = rests.any(axis=1), (panel.known & ~rests).any(axis=1)
    _never_used(found, panel, rows=np.flatnonzero(idle & ~used))
    rows = np.flatnonzero(idle & used)
    if not len(rows):
        return found, panel
    values = panel.values[rows]
    quiet = quiet_days(rests[rows], np.isfinite(values))
    stopped, paused = _weighed(quiet)
    found.days[rows], found.stopped[rows], found.paused[rows] = quiet.trailing, stopped, paused
    found.spent[rows[(quiet.is_silent & (values > 0)).any(axis=1)]] = "next to nothing"
    if panel.charged is not None:
        found.spent[rows[(quiet.is_silent & panel.charged[rows]).any(axis=1)]] = "nothing but its monthly charge"
    found.before[rows] = quiet.longer_runs(quiet.trailing)
    unknown = _unknown(quiet, is_silent=stopped + paused > UNNATURAL)
    if not unknown.any():
        return found, panel
    kept = panel.values.copy()
    kept[rows] = np.where(unknown, np.nan, values)
    return found, replace(panel, values=kept)


def _never_used(found: Silence, panel: Panel, *, rows: Ints) -> None:
    """Note the series whose last spend is older than all that is known; those with a monthly charge are in use."""
    if panel.charged is not None:
        rows = rows[~panel.charged[rows].any(axis=1)]
    days = (panel.values[rows] == 0.0).sum(axis=1)
    found.days[rows], found.before[rows] = days, -1
    found.stopped[rows] = STOPPED / (STOPPED + _pause(days))


def _pause(days: Ints) -> Floats:
    """Return how likely a pause of so many days is."""
    return np.asarray(PAUSED * (1.0 + days / PAUSE_SCALE) ** -PAUSE_TAIL)


def _rests(panel: Panel) -> Bools:
    """Return bool[series, days]: the days without spend.

    A monthly charge between two of them is none, nor are days between two of them of which nothing is known.
    """
    rests = is_quiet(panel.values)
    if panel.charged is not None:
        newer = np.pad(rests[:, :-1], ((0, 0), (1, 0)), constant_values=True)
        older = np.pad(rests[:, 1:], ((0, 0), (0, 1)))
        rests |= panel.charged & newer & older
    known = panel.known
    between = _last_known(rests, known) & _last_known(rests[:, ::-1], known[:, ::-1])[:, ::-1]
    return rests | (~known & between)


def _last_known(rests: Bools, known: Bools) -> Bools:
    """Return bool[series, days]: whether the nearest known day of a lower column rests; False where there is none."""
    columns = np.where(known, np.arange(known.shape[1]), -1)
    nearest = np.maximum.accumulate(columns, axis=1)
    return np.asarray(np.take_along_axis(rests, np.maximum(nearest, 0), axis=1) & (nearest >= 0))


def _weighed(quiet: QuietDays) -> tuple[Floats, Floats]:
    """Return how likely it is that each series has stopped, and that it pauses."""
    odd = quiet.longer_runs(quiet.trailing, quiet.log_natural_runs < np.log(ODD_CHANCE))
    pause = _pause(quiet.trailing) + PAUSED_BEFORE * np.where(quiet.is_intermittent, 0, odd)
    natural = np.exp(quiet.log_natural)
    natural = np.where(quiet.is_intermittent, np.maximum(natural, _habit(quiet)), natural)
    total = np.where(quiet.trailing > 0, STOPPED + pause + natural, np.inf)
    return np.asarray(STOPPED / total), np.asarray(pause / total)


def _habit(quiet: QuietDays) -> Floats:
    """Return how likely such a silence is by the wallet's own runs: its longest says little of much longer ones."""
    runs, series = quiet.runs, len(quiet.trailing)
    count = np.bincount(runs.row, minlength=series)
    as_long = OWN_RUNS * (1.0 + quiet.longer_runs(quiet.trailing)) / (2.0 + count)
    usual = np.maximum(runs.longest(series), WEEK)
    return np.asarray(as_long * np.minimum((1.0 + usual) / (1.0 + quiet.trailing), 1.0) ** BEYOND_TAIL)


def _unknown(quiet: QuietDays, *, is_silent: Bools) -> Bools:
    """Return bool[series, days]: the days that say nothing of what the wallet costs while it is in use."""
    runs = quiet.runs
    is_gap = (runs.length >= GAP_DAYS) & ~quiet.is_intermittent[runs.row]
    gaps = runs.where(is_gap & (quiet.log_natural_runs < np.log(GAP_CHANCE)))
    return gaps.days(quiet.quiet.shape) | (quiet.is_silent & (is_silent & ~quiet.is_sparse)[:, None])
