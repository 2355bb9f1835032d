"""From the fetched daily table to the value that the rest of the product works with."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from reconciler.model.usage import DailyUsage, Nanos, RowIssue, UsageSource, fits, nanos
from reconciler.usage.daily import ATTRIBUTES, MONEY
from reconciler.usage.digest import digest_of
from reconciler.usage.engine import Columns
from reconciler.usage.freshness import last_complete_day

LEFT_OUT = ("wrong-columns", "not-utf8")

_EXACT = Context(prec=60)
_COUNTS = ("requests", "input_tokens", "output_tokens", "cache_hits", "fallbacks")


def unusable(table: Columns) -> npt.NDArray[np.bool_]:
    """Return which rows of the fetched table stand for events that cannot be read or belong to no wallet."""
    unreadable: npt.NDArray[np.bool_] = np.isnat(table["day"]) | (table["wallet"] == "")
    return unreadable


def make_usage(
    table: Columns,
    window: tuple[date, date],
    *,
    known: Collection[str],
    duplicates: int,
    issues: Collection[RowIssue],
) -> DailyUsage:
    """Return the daily usage of the half-open `window` from the fetched table of all days."""
    usable = ~unusable(table)
    days = table["day"].astype("datetime64[D]")
    inside = usable & (days >= np.datetime64(window[0])) & (days < np.datetime64(window[1]))
    columns = _columns(table, days, inside)
    source = UsageSource(
        digest=digest_of({**columns, "latest": table["latest"][inside]}),
        first_day=_day(columns["day"], 0),
        last_day=_day(columns["day"], -1),
        last_complete_day=_complete(table, days, usable, window) if inside.any() else None,
        data_as_of=_moment(table["latest"][usable]),
        rows=int(columns["requests"].sum()),
        duplicates=duplicates,
        unpriced_rows=int(table["unpriced"][inside].sum()),
        unpriced_share=_share(table["unpriced_tokens"][inside], columns),
        outside_window=int(table["requests"][usable & ~inside].sum()),
        unparsable=int(table["requests"][~usable].sum()) + sum(each.count for each in issues if each.code in LEFT_OUT),
        unknown_teams=_unknown(columns, known),
        issues=tuple(sorted(issues)),
    )
    return DailyUsage(source=source, **columns)


def _columns(table: Columns, days: npt.NDArray[Any], inside: npt.NDArray[np.bool_]) -> Columns:
    columns: Columns = {"day": days[inside]}
    columns |= {name: table[name][inside].astype(np.str_) for name in ATTRIBUTES}
    columns |= {name: table[name][inside].astype(np.int64) for name in _COUNTS}
    columns |= {name: _billionths(table[name][inside]) for name in MONEY}
    return columns


def _billionths(amounts: npt.NDArray[Any]) -> Nanos:
    """Return amounts as billionths: they come as such, or as decimal text with nine places."""
    if amounts.dtype.kind == "i":
        return amounts if fits(float(np.abs(amounts).sum(dtype=np.float64))) else amounts.astype(object)
    return nanos([int(Decimal(str(amount)).scaleb(9, _EXACT)) for amount in amounts.tolist()])


def _day(days: npt.NDArray[Any], at: int) -> date | None:
    return days[at].item() if len(days) else None


def _moment(latest: npt.NDArray[Any]) -> datetime | None:
    return latest.max().astype("datetime64[us]").item().replace(tzinfo=UTC) if len(latest) else None


def _complete(
    table: Columns, days: npt.NDArray[Any], usable: npt.NDArray[np.bool_], window: tuple[date, date]
) -> date | None:
    return last_complete_day(
        days[usable], table["latest"][usable], table["requests"][usable].astype(np.int64), end=window[1]
    )


def _share(unpriced: npt.NDArray[Any], columns: Columns) -> float:
    tokens = int(columns["input_tokens"].sum()) + int(columns["output_tokens"].sum())
    return int(unpriced.sum()) / tokens if tokens > 0 else 0.0


def _unknown(columns: Columns, known: Collection[str]) -> dict[str, int]:
    wallets, inverse = np.unique(columns["wallet"], return_inverse=True)
    events = np.zeros(len(wallets), np.int64)
    np.add.at(events, inverse, columns["requests"])
    known = frozenset(known)
    return {str(wallet): int(n) for wallet, n in zip(wallets, events, strict=True) if str(wallet) not in known}
