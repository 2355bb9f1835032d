"""The run rate: what a month costs now, by the whole months that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from reconciler.model.money import cents
from reconciler.model.period import Period

RECENT = 3
"""So many whole months tell what a month costs now; the middle one of them, so that a single dear one does not."""


def summed(listed: Iterable[Mapping[Period, Decimal]]) -> dict[Period, Decimal]:
    """Return the sum of months that are known of every wallet."""
    tables = list(listed)
    shared = set.intersection(*map(set, tables)) if tables else set()
    return {month: sum((months[month] for months in tables), Decimal(0)) for month in sorted(shared)}


def begun(months: Mapping[Period, Decimal]) -> dict[Period, Decimal]:
    """Return the months from the first that cost anything: before, nobody used it yet."""
    first = next((month for month, cost in sorted(months.items()) if cost), None)
    return {month: cost for month, cost in months.items() if first is not None and month >= first}


def recent(months: Mapping[Period, Decimal]) -> list[Period]:
    return sorted(begun(months))[-RECENT:]


def run_rate(months: Mapping[Period, Decimal]) -> Decimal | None:
    """Return the middle one of the last whole months, in cents, the lower one of two; None where nothing was spent."""
    spent = sorted(months[month] for month in recent(months))
    return cents(max(spent[(len(spent) - 1) // 2], Decimal(0))) if spent else None
