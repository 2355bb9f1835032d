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


def began(months: Mapping[Period, Decimal]) -> Period | None:
    """Return the first month that cost anything; None where no month before it is known."""
    first = min(begun(months), default=None)
    return None if first is None or first == min(months) else first


def recent(months: Mapping[Period, Decimal]) -> list[Period]:
    return sorted(begun(months))[-RECENT:]


def usual_month(months: Mapping[Period, Decimal]) -> Period | None:
    """Return the middle one of the last whole months by cost, the lower one of two; None where nothing was spent."""
    last = sorted(recent(months), key=lambda month: (months[month], month))
    return last[(len(last) - 1) // 2] if last else None


def run_rate(months: Mapping[Period, Decimal]) -> Decimal | None:
    """Return what the usual month costs, in cents; None where nothing was spent."""
    month = usual_month(months)
    return None if month is None else cents(max(months[month], Decimal(0)))
