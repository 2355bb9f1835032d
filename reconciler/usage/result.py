"""From the fetched daily table to the value that the rest of the product works with."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from reconciler.forecast.windows import Days
from reconciler.model.usage import Apart, DailyUsage, Nanos, NotServed, RowIssue, UsageSource, fits, nanos
from reconciler.usage.coverage import gaps, last_complete_day
from reconciler.usage.daily import ATTRIBUTES
from reconciler.usage.doubts import LEFT_OUT
from reconciler.usage.engine import Columns
from reconciler.usage.repeats import Meeting

REJECTED = ("wrong-columns", "not-utf8")
FEW, FEW_OF_ALL = 100, 0.01
"""So many rows outside of the window, or such a share of all, look like clocks that are wrong, and are looked up."""

_EXACT = Context(prec=60)
_MONEY = ("cost", "credits", "avoided", "fallback_cost")
_COUNTS = ("requests", "input_tokens", "output_tokens", "cache_hits", "fallbacks")
_APART = ("hit_input", "hit_output", "credit_rows", "fallback_input", "fallback_output")


@dataclass(frozen=True, slots=True)
class Left:
    """What is not in the table: the issues, and how many rows came again, with their money."""

    issues: Collection[RowIssue]
    duplicates: int = 0
    duplicates_cost: Decimal = Decimal(0)


def unusable(table: Columns) -> npt.NDArray[np.bool_]:
    """Return which rows of the fetched table stand for events that cannot be read or belong to no wallet."""
    unreadable: npt.NDArray[np.bool_] = np.isnat(table["day"]) | (table["wallet"] == "")
    return unreadable


def in_doubt(table: Columns, window: Days) -> bool:
    """Return whether the fetched table shows that single rows are to be looked at."""
    tokens = table["tokens"] > 0
    credited = np.array([not str(amount).startswith("0") for amount in table["credits"].tolist()], dtype=bool)
    counts = (table["unread_tokens"], table["unknown_decisions"])
    if unusable(table).any() or any(count.any() for count in counts) or (credited & tokens).any():
        return True
    far = sum(int(table["events"][where].sum()) for where in _outside(table, window).values())
    return 0 < far <= max(FEW, FEW_OF_ALL * int(table["events"].sum()))


def _outside(table: Columns, window: Days) -> dict[str, npt.NDArray[np.bool_]]:
    """Return which rows of the fetched table are dated after the window's end, and before its beginning."""
    days = table["day"]
    return {
        "after-as-of": ~unusable(table) & (days > np.datetime64(window[1])),
        "before-window": ~unusable(table) & (days < np.datetime64(window[0])),
    }


def outside(table: Columns, window: Days, month: Days) -> list[RowIssue]:
    """Return the issues of events outside of the window, where they are too many to be looked up."""
    issues = []
    for code, where in _outside(table, window).items():
        cost = _billionths(table["cost"][where])
        inside = _within(table["day"][where], month)
        if where.any():
            issues.append(
                RowIssue(
                    "usage",
                    0,
                    code,
                    LEFT_OUT[code],
                    int(table["events"][where].sum()),
                    _amount(cost),
                    _amount(cost[inside]),
                )
            )
    return issues


def counted_once(found: list[RowIssue], table: Columns, window: Days, month: Days) -> list[RowIssue]:
    """Return the issues of single rows without events outside of the window that stand there twice.

    A repeated event is counted as that. Which of its rows is the event no file tells, so they are told all together.
    """
    whole = {issue.code: issue for issue in outside(table, window, month)}
    rows = {code: sum(issue.count for issue in found if issue.code == code) for code in whole}
    twice = {code: issue for code, issue in whole.items() if rows[code] > issue.count}
    return [*(issue for issue in found if issue.code not in twice), *twice.values()]


def meeting_issues(meetings: Collection[Meeting], names: Mapping[str, str]) -> list[RowIssue]:
    return [
        RowIssue(
            names[each.path],
            0,
            _MEETINGS[each.kind][0],
            _MEETINGS[each.kind][1].format(id=each.example[:60]),
            each.rows,
            each.cost,
            each.month_cost,
            counted=each.kind == "reused",
        )
        for each in meetings
    ]


_MEETINGS = {
    "corrected": (
        "corrected-events",
        "versions of events that a later export replaced: the later one is counted; one `id` is `{id}`",
    ),
    "conflicting": (
        "conflicting-duplicates",
        "other versions of events, and no export tells which is the later"
        " one: the latest in time was counted, then the largest cost; one `id` is `{id}`",
    ),
    "reused": (
        "reused-ids",
        "an `id` that other events have too, of another moment, team, model or gateway: all"
        " were counted; one `id` is `{id}`",
    ),
}


def make_usage(
    table: Columns,
    window: Days,
    month: Days,
    *,
    known: Collection[str],
    left: Left,
    stale: Mapping[str, date],
    absent: Collection[str] = (),
) -> DailyUsage:
    usable = ~unusable(table)
    days = table["day"]
    inside = usable & _within(days, window)
    fresh = usable & (days <= np.datetime64(window[1]))
    columns = _columns(table, days, inside)
    unknown, unknown_cost = _unknown(columns, table["events"][inside].astype(np.int64), known)
    source = UsageSource(
        digest=digest_of({**columns, "latest": table["latest"][inside]}),
        first_day=_day(columns["day"], 0),
        last_day=_day(columns["day"], -1),
        last_complete_day=_complete(table, days, fresh, window) if inside.any() else None,
        data_as_of=_moment(table["latest"][fresh]),
        rows=int(table["events"][inside].sum()),
        duplicates=left.duplicates,
        duplicates_cost=left.duplicates_cost,
        unpriced_rows=int(table["unpriced"][inside].sum()),
        unpriced_share=_share(table, "unpriced_tokens", inside),
        not_served=_not_served(table, columns, inside),
        outside_window=int(table["events"][usable & ~inside].sum()),
        unparsable=int(table["events"][~usable].sum())
        + sum(each.count for each in left.issues if each.code in REJECTED),
        unknown_teams=unknown,
        unknown_cost=unknown_cost,
        issues=tuple(sorted(left.issues)),
        month=month[0],
        month_cost=_amount(columns["cost"][_within(columns["day"], month)]),
        below_zero=_below_zero(columns),
        stale=stale,
        absent=frozenset(absent),
        gaps=gaps(columns["day"]),
    )
    return DailyUsage(source=source, **columns, apart=_apart(table, inside))


def _apart(table: Columns, inside: npt.NDArray[np.bool_]) -> Apart:
    counts = {name: table[name][inside].astype(np.int64) for name in _APART}
    return Apart(hit_cost=_billionths(table["hit_cost"][inside]), **counts)


def _within(days: npt.NDArray[Any], range_: Days) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = (days >= np.datetime64(range_[0])) & (days < np.datetime64(range_[1]))
    return inside


def _amount(cost: Nanos) -> Decimal:
    return _EXACT.scaleb(Decimal(int(cost.sum())), -9).normalize(_EXACT)


def _below_zero(columns: Columns) -> dict[tuple[str, date], Decimal]:
    credited = np.unique(columns["wallet"][columns["credits"] < 0])
    below = {}
    for wallet in credited.tolist():
        own = columns["wallet"] == wallet
        months = columns["day"][own].astype("datetime64[M]")
        cost = columns["cost"][own]
        for month in np.unique(months):
            amount = _amount(cost[months == month])
            if amount < 0:
                below[wallet, month.astype("datetime64[D]").item()] = amount
    return below


def _columns(table: Columns, days: npt.NDArray[Any], inside: npt.NDArray[np.bool_]) -> Columns:
    columns: Columns = {"day": days[inside]}
    columns |= {name: table[name][inside].astype(np.str_) for name in ATTRIBUTES}
    columns |= {name: table[name][inside].astype(np.int64) for name in _COUNTS}
    columns |= {name: _billionths(table[name][inside]) for name in _MONEY}
    return columns


def _billionths(amounts: npt.NDArray[Any]) -> Nanos:
    """Return amounts as billionths: they come as such, or as decimal text with nine places."""
    if amounts.dtype.kind == "i":
        return amounts if fits(float(np.abs(amounts).sum(dtype=np.float64))) else amounts.astype(object)
    return nanos([int(Decimal(str(amount)).scaleb(9, _EXACT)) for amount in amounts.tolist()])


def _day(days: npt.NDArray[Any], at: int) -> date | None:
    return days[at].item() if len(days) else None


def _moment(latest: npt.NDArray[Any]) -> datetime | None:
    return latest.max().item().replace(tzinfo=UTC) if len(latest) else None


def _complete(table: Columns, days: npt.NDArray[Any], usable: npt.NDArray[np.bool_], window: Days) -> date | None:
    return last_complete_day(
        days[usable], table["latest"][usable], table["events"][usable].astype(np.int64), end=window[1]
    )


def _share(table: Columns, name: str, inside: npt.NDArray[np.bool_]) -> float:
    """Return what share of all tokens, those of requests that were not served too, a column counts."""
    tokens = int(table["tokens"][inside].sum())
    return int(table[name][inside].sum()) / tokens if tokens > 0 else 0.0


def _not_served(table: Columns, columns: Columns, inside: npt.NDArray[np.bool_]) -> NotServed:
    return NotServed(
        rows=int(table["events"][inside].sum()) - int(columns["requests"].sum()),
        cost=_amount(_billionths(table["unserved_cost"][inside])),
        unpriced_rows=int(table["unserved_unpriced"][inside].sum()),
        unpriced_share=_share(table, "unserved_unpriced_tokens", inside),
    )


def _unknown(columns: Columns, number: npt.NDArray[np.int64], known: Collection[str]) -> tuple[dict[str, int], Decimal]:
    wallets, inverse = np.unique(columns["wallet"], return_inverse=True)
    events = np.zeros(len(wallets), np.int64)
    np.add.at(events, inverse, number)
    strange = np.array([str(wallet) not in frozenset(known) for wallet in wallets], dtype=bool)
    counts = {str(wallet): int(n) for wallet, n in zip(wallets[strange], events[strange], strict=True)}
    return counts, _amount(columns["cost"][strange[inverse]])


_FORMAT = b"kt-budgets.usage/1"


def digest_of(columns: Mapping[str, npt.NDArray[Any]]) -> str:
    """Return `sha256:…` over sorted daily columns.

    Texts count as UTF-8, numbers and moments (in microseconds) as 64-bit integers, larger numbers as their digits. It
    covers the deduplicated events through their exact sums, counts and latest moments per row of the daily table: all
    that a forecast can depend on. Two sets of events that differ only where no sum shows it share a digest.
    """
    hashed = hashlib.sha256(_FORMAT)
    for name in sorted(columns):
        values = columns[name]
        hashed.update(f"\x00{name}\x00{len(values)}\x00".encode())
        hashed.update(_bytes(values))
    return f"sha256:{hashed.hexdigest()}"


def _bytes(values: npt.NDArray[Any]) -> bytes:
    if values.dtype.kind == "U":
        return "\x1f".join(values.tolist()).encode("utf-8", "surrogatepass")
    if values.dtype.kind == "O":
        return "\x1f".join(map(str, values.tolist())).encode()
    if values.dtype.kind == "M":
        values = values.astype("datetime64[us]").astype(np.int64)
    return values.astype("<i8").tobytes()
