"""What the dashboard shows as spent, `GET /v1/spend`: by team, and by workload and model where this deployment can."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Literal

from reconciler.findings import RejectedError
from reconciler.http.failures import ForbiddenError
from reconciler.keeptrusts.channel import Channel
from reconciler.keeptrusts.fields import Item
from reconciler.keeptrusts.listing import read_all
from reconciler.keeptrusts.together import for_each
from reconciler.model.spend import SpentRow

SPEND = "/v1/spend"
Dimension = Literal["team", "workload", "model"]
DIMENSIONS: tuple[Dimension, ...] = ("team", "workload", "model")
_FIELDS = {"team": ("team_id", "team"), "workload": ("workload",), "model": ("model",)}
_NOT_OFFERED = {"team": (404, 405, 501), "workload": (400, 404, 405, 422, 501), "model": (400, 404, 405, 422, 501)}
"""Statuses by which a server says that it has no such view; only teams are documented (see keeptrusts.md)."""


async def spend_by(channel: Channel, dimension: Dimension, first: date, end: date) -> tuple[SpentRow, ...] | None:
    """Return what was spent from the day `first` until before `end`, sorted by key; None where that is not shown.

    A server that does not know a dimension and answers with teams all the same has none of its keys: not shown.
    """
    params = {"from": first.isoformat(), "to": end.isoformat(), "group_by": dimension}
    try:
        items = await read_all(channel, SPEND, plural="spend", params=params, key=partial(_key, dimension))
    except ForbiddenError:
        return None
    except RejectedError as error:
        if error.status in _NOT_OFFERED[dimension]:
            return None
        raise
    if dimension != "team" and items and all(item.raw(*_FIELDS[dimension]) is None for item in items):
        return None
    return tuple(sorted(_row(item, dimension) for item in items))


async def spend_on(channel: Channel, days: Sequence[date], *, workers: int) -> dict[date, tuple[SpentRow, ...]]:
    """Return what each team spent on single days."""
    found: dict[date, tuple[SpentRow, ...]] = {}

    async def read(day: date) -> None:
        found[day] = await spend_by(channel, "team", day, day + timedelta(days=1)) or ()

    await for_each(days, read, workers=workers)
    return found


def _row(item: Item, dimension: Dimension) -> SpentRow:
    key = item.optional_text(*_FIELDS[dimension])
    provider = item.optional_text("provider") if dimension == "model" else ""
    return SpentRow(
        key=f"{provider}/{key}" if provider and "/" not in key else key,
        currency=item.currency(),
        cost=item.amount("cost"),
        requests=item.whole("requests", default=0),
    )


def _key(dimension: Dimension, item: Item) -> str:
    """Return what tells one row of spend from another: it has no id. What names no key of `dimension` may be a team."""
    parts = (*_FIELDS[dimension], *(("provider",) if dimension == "model" else ()))
    if all(item.raw(part) is None for part in parts):
        parts = _FIELDS["team"]
    return "/".join((*(item.words(part) for part in parts), item.words("currency")))
