"""Requests that cost nothing although their model has a price: turned away by a limit, failed, or blocked.

They are no demand, for more money would not serve them, and they tell nothing of what a token costs.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from reconciler.model.usage import Nanos, fits, nanos
from reconciler.usage.engine import Columns

Rows = npt.NDArray[np.bool_]

_FREE = {
    "requests": "free",
    "input_tokens": "free_input",
    "output_tokens": "free_output",
    "fallbacks": "free_fallbacks",
    "fallback_input": "free_fallback_input",
    "fallback_output": "free_fallback_output",
}
"""What of each column came from events that cost nothing and are no cache hits."""

_EXACT = Context(prec=60)


def rows_not_served(table: Columns, usable: Rows) -> Rows:
    """Return of which rows of the fetched table the events that cost nothing were not served.

    A model that has cost something by then has a price, and what it serves costs something. Nothing is served without a
    model either, or its price is not known: then too it tells none.
    """
    free: Rows = table["free"] > 0
    if not free.any():
        return free
    pairs = zip(table["provider"].tolist(), table["model"].tolist(), strict=True)
    places: dict[tuple[str, str], int] = {}
    which = np.array([places.setdefault(pair, len(places)) for pair in pairs], dtype=np.intp)
    paid = _paid(table, usable)
    since = np.full(len(places), np.datetime64("9999-12-31", "D"))
    np.minimum.at(since, which[paid], table["day"][paid].astype("datetime64[D]"))
    return np.asarray(free & ((table["day"] >= since[which]) | (table["model"] == "") & paid.any()))


def names_models(table: Columns, usable: Rows) -> bool:
    """Whether what was paid for has models, so that an event without a price can be told from one not served."""
    return bool((table["model"][_paid(table, usable)] != "").any())


def _paid(table: Columns, usable: Rows) -> Rows:
    cost, credits, hits = (billionths(table[name]) for name in ("cost", "credits", "hit_cost"))
    return np.asarray(usable & (cost - credits - hits > 0))


def counts_of(table: Columns, not_served: Rows, inside: Rows) -> Columns:
    """Return by column what of the rows `inside` are requests that were not served, and their tokens."""
    away = not_served[inside]
    return {name: np.where(away, table[free][inside].astype(np.int64), 0) for name, free in _FREE.items()}


def billionths(amounts: npt.NDArray[Any]) -> Nanos:
    """Return amounts as billionths: they come as such, or as decimal text with nine places."""
    if amounts.dtype.kind == "i":
        return amounts if fits(float(np.abs(amounts).sum(dtype=np.float64))) else amounts.astype(object)
    return nanos([int(Decimal(str(amount)).scaleb(9, _EXACT)) for amount in amounts.tolist()])
