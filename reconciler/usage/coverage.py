"""How far the data reach: which days exports hold, whether the last one is whole, and which export is the later."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import PurePath

import ibis
import numpy as np
import numpy.typing as npt
from ibis.expr.types import Table

from reconciler.forecast.windows import Days
from reconciler.model.usage import RowIssue
from reconciler.usage.engine import Columns, Events
from reconciler.usage.kept import Kept, in_order

LATE_DAYS = 2
"""An export that ends so many days before the others is late; one day may be a matter of the hour it was made at."""

_RECENT_DAYS, _FEWEST_DAYS = 14, 5
"""A wallet is in steady use that had events on so many of the days before its last one."""
_FEWEST_ACTIVE = 10
"""Of fewer days with events nobody can tell which silence is unusual."""
_DAY = np.timedelta64(1, "D")


def stale_wallets(events: Events, table: Columns, window: Days, kept: Kept | None = None) -> dict[str, date]:
    """Return the last day of the exports that hold a wallet, for wallets whose exports end before those of others.

    Files that have a wallet in common are one export: that none of its later files names a wallet is silence, and no
    missing day. `table` is the fetched daily table.
    """
    if len(events.files) < 2:
        return {}
    days = table["day"]
    inside = (table["wallet"] != "") & (days >= np.datetime64(window[0])) & (days < np.datetime64(window[1]))
    if not inside.any():
        return {}
    newest: date = days[inside].max().item()
    quiet = {
        wallet
        for wallet in np.unique(table["wallet"][inside].astype(np.str_)).tolist()
        if _fell_silent(days[inside & (table["wallet"] == wallet)], newest)
    }
    held = (*_held(events, window), *(kept.held(window[1]) if kept else ())) if quiet else ()
    ends = _ends(held)
    late = newest - timedelta(days=LATE_DAYS)
    return {wallet: ends[wallet] for wallet in sorted(quiet) if wallet in ends and ends[wallet] <= late}


def gaps(days: npt.NDArray[np.datetime64]) -> tuple[tuple[date, date], ...]:
    """Return the first and the last of each run of days between `days` that is longer than usual there.

    Usual is the time without events that nine in ten days with some are followed by at most: two days where nobody
    works at weekends. A gap is three days and more, and more than twice that and a day.
    """
    active = np.unique(days)
    if len(active) < _FEWEST_ACTIVE:
        return ()
    between = np.diff(active).astype(np.int64) - 1
    usual = float(np.quantile(between, 0.9, method="lower"))
    found = np.flatnonzero(between > max(2.0, 2 * usual + 1))
    return tuple(((active[place] + _DAY).item(), (active[place + 1] - _DAY).item()) for place in found)


def _fell_silent(days: Sequence[np.datetime64], newest: date) -> bool:
    unique = np.unique(days)
    recent = unique > unique[-1] - np.timedelta64(_RECENT_DAYS, "D")
    last: date = unique[-1].item()
    return last <= newest - timedelta(days=LATE_DAYS) and bool(np.count_nonzero(recent) >= _FEWEST_DAYS)


def _held(events: Events, window: Days) -> list[tuple[str, str, date]]:
    """Return the last day before the window's end of each wallet in each file."""
    rows = events.table()
    rows = rows.filter(rows.day < ibis.literal(window[1]))
    wallet = rows.team_id.strip().left(200)
    found = events.columns(rows.group_by("file", wallet=wallet).agg(day=rows.day.max()))
    last = found["day"].astype("datetime64[D]").tolist()
    return list(zip(found["file"].tolist(), found["wallet"].tolist(), last, strict=True))


def _ends(held: Iterable[tuple[str, str, date]]) -> dict[str, date]:
    """Return for each wallet the last day of all files that are linked to its own by wallets that they share."""
    groups: list[tuple[set[str], set[str], date]] = []
    for file, wallet, day in held:
        files, wallets, last = {file}, {wallet}, day
        apart = []
        for group in groups:
            if file in group[0] or wallet in group[1]:
                files, wallets, last = files | group[0], wallets | group[1], max(last, group[2])
            else:
                apart.append(group)
        groups = [*apart, (files, wallets, last)]
    return {wallet: last for _, wallets, last in groups for wallet in wallets}


def overlap(events: Events, names: Mapping[str, str], *, window: Days, month: Days) -> list[RowIssue]:
    """Return the issue of rows without an id that stand in more than one file, letter for letter alike.

    They are counted each time, because two such rows may well be two events.
    """
    if len(events.files) < 2:
        return []
    rows = events.table()
    rows = rows.filter(rows.id.isnull() & (rows.day >= ibis.literal(window[0])) & (rows.day < ibis.literal(window[1])))
    found = events.tuples(_doubled(rows))
    if not found:
        return []
    days = [day for day, *_ in found]
    files = sorted({names[path] for row in found for path in row[3:]})
    where = " and ".join(PurePath(file).name for file in files) if len(files) == 2 else f"{len(files):,} files"
    message = f"no `id`, and {where} both hold them, on {_ranges(days)}: counted twice if they are the same events"
    cost = [Decimal(amount) for _, _, amount, *_ in found]
    within = sum((amount for day, amount in zip(days, cost, strict=True) if month[0] <= day < month[1]), Decimal(0))
    rows = sum(number for _, number, *_ in found)
    return [RowIssue(files[-1], 0, "overlap-without-id", message, rows, sum(cost, Decimal(0)), within, counted=True)]


def _doubled(events: Table) -> Table:
    """Return by day how many rows stand in another file already, what they cost, and two such files."""
    held = events.select("file", "day").distinct()
    days = held.group_by("day").agg(files=held.count())
    shared = events.semi_join(days.filter(days.files > 1), "day")
    alike = [name for name in _ALIKE if name in shared.columns]
    by_file = shared.group_by(["file", "day", *alike]).agg(number=shared.count())
    rows = by_file.group_by(["day", *alike]).agg(
        again=by_file.number.sum() - by_file.number.max(), first=by_file.file.min(), last=by_file.file.max()
    )
    rows = rows.filter(rows.again > 0)
    cost = (rows.again * rows.cost).sum()
    files = {"first": rows["first"].min(), "last": rows["last"].max()}
    return rows.group_by("day").agg(number=rows.again.sum(), cost=cost, **files).order_by("day")


_ALIKE = ("at", "team_id", "cost", "input_tokens", "output_tokens", "provider", "model")


def _ranges(days: Sequence[date]) -> str:
    """Return days as `2026-06-08 to 2026-06-14 and 2026-06-20`, at most five ranges."""
    ranges: list[list[date]] = []
    for day in days:
        if ranges and day - ranges[-1][-1] == timedelta(days=1):
            ranges[-1] = [ranges[-1][0], day]
        else:
            ranges.append([day])
    told = [" to ".join(str(day) for day in each) for each in ranges[:5]]
    told += [f"{len(ranges) - 5} more times"] if len(ranges) > 5 else []
    return ", ".join(told[:-1]) + f" and {told[-1]}" if len(told) > 1 else told[0]


_WRITTEN = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?:[T_. -]?([01]\d|2[0-3])[-_.:h]?([0-5]\d)(?:[-_.:m]?([0-5]\d))?)?(?!\d)"
)


def moment_in(name: str) -> str:
    """Return the last date, with its time of day if it has one, in the name of a file or folder; "" without one."""
    moments = [_moment(*found.groups()) for found in _WRITTEN.finditer(name)]
    return next((moment for moment in reversed(moments) if moment), "")


def _moment(year: str, month: str, day: str, *time: str | None) -> str:
    written = f"{year}-{month}-{day}T{':'.join(part or '00' for part in time)}"
    try:
        return datetime.fromisoformat(written).isoformat()
    except ValueError:
        return ""


def recency(events: Events, names: Mapping[str, str], *, end: date, kept: Kept | None = None) -> dict[str, int]:
    """Return a number for each scanned file, larger for a later export, equal where that cannot be told.

    Dates in names count when every file has one; the moment of the last event, up to the day `end`, counts between
    those of one date, and where a name has none.
    """
    paths = events.files
    written = {path: moment_in(names[path]) for path in paths}
    if not all(written.values()):
        written = dict.fromkeys(paths, "")
    reach: dict[str, str] = {}
    if len(set(written.values())) < len(paths):
        for path, moment in (*_reach(events, end), *(kept.reach(end) if kept else ())):
            reach[path] = max(moment, reach.get(path, ""))
    order = {path: (written[path], reach.get(path, "")) for path in paths}
    places = {key: place for place, key in enumerate(sorted(set(order.values())))}
    return {path: places[key] for path, key in order.items()}


def _reach(events: Events, end: date) -> list[tuple[str, str]]:
    """Return the moment of the last event of each file, those after the day `end` left out: a clock may be wrong."""
    rows = events.table()
    rows = rows.filter(rows.day <= ibis.literal(end))
    found = events.columns(rows.group_by("file").agg(latest=rows["at"].max()))
    return list(zip(found["file"].tolist(), in_order(found["latest"]), strict=True))


COMPARED_DAYS = 28
FEWEST_DAYS = 3
CLEARLY_FEWER = 0.8
_DAY = np.timedelta64(1, "D")


def last_complete_day(
    days: npt.NDArray[np.datetime64],
    latest: npt.NDArray[np.datetime64],
    events: npt.NDArray[np.int64],
    *,
    end: date,
) -> date | None:
    """Return the last day before `end` whose events are all there, None when there is no day.

    `days` (may repeat), with the moment of the `latest` event and the number of `events` of each entry. The last day
    is incomplete when nothing later is known, its events stop at an earlier time of day than on every one of the up to
    28 days before it, and they are fewer than 0.8 of the median for its weekday (of all those days when the weekday was
    seen less than twice). Dates without a time of day never look cut off. Below three days nothing can be said.
    """
    unique, inverse = np.unique(days, return_inverse=True)
    counts = np.zeros(len(unique), np.int64)
    np.add.at(counts, inverse, events)
    ends = np.full(len(unique), np.datetime64(0, "us"))
    np.maximum.at(ends, inverse, latest)
    before = unique < np.datetime64(end, "D")
    if not before.any():
        return None
    last = int(np.flatnonzero(before)[-1])
    cut_off = last == len(unique) - 1 and _stops_early(unique[: last + 1], ends[: last + 1], counts[: last + 1])
    day: date = (unique[last] - _DAY if cut_off else unique[last]).item()
    return day


def _stops_early(
    days: npt.NDArray[np.datetime64], ends: npt.NDArray[np.datetime64], counts: npt.NDArray[np.int64]
) -> bool:
    trailing = (days < days[-1]) & (days >= days[-1] - COMPARED_DAYS * _DAY)
    if np.count_nonzero(trailing) < FEWEST_DAYS:
        return False
    time_of_day = ends - days
    same_weekday = trailing & ((days[-1] - days).astype(int) % 7 == 0)
    usual = counts[same_weekday if np.count_nonzero(same_weekday) >= 2 else trailing]
    return bool(time_of_day[-1] < time_of_day[trailing].min() and counts[-1] < CLEARLY_FEWER * np.median(usual))
