"""What was spent on days that an export leaves out, as the dashboard shows it: months that are over count with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.findings import RemoteError
from reconciler.model.money import CENT
from reconciler.model.usage import named_wallets

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection
    from reconciler.model.desired import Desired
    from reconciler.model.spend import SpentRow
    from reconciler.model.usage import DailyUsage

_DAY = timedelta(days=1)
_SHARE = Decimal("0.01")
_Shown = Mapping[date, tuple["SpentRow", ...]]


def with_days_beside(desired: Desired, connection: Connection, usage: DailyUsage, *, as_of: date) -> DailyUsage:
    """Return `usage` with what the dashboard shows for days of the fiscal year before this month that it leaves out.

    A gap is filled where the dashboard shows the same as the usage for the days around it: one that does not, or knows
    no such old days, tells nothing of those between. Decision 0132.
    """
    first, month = desired.organization.fiscal_year.starts.first, as_of.replace(day=1)
    gaps = [(low, high) for low, high in usage.source.gaps if low < month and high >= first]
    if not gaps:
        return usage
    wanted = sorted({day for low, high in gaps for day in _days(low - _DAY, high + _DAY)})
    try:
        shown = _shown(connection, wanted)
    except RemoteError as error:
        logging.getLogger(__name__).warning("the dashboard is not asked for days left out: %s", error.message)
        return usage
    currency = desired.organization.currency
    told = [day for gap in gaps if _agrees(gap, shown, usage, currency) for day in _days(*gap) if first <= day < month]
    beside = {key: cost for day in told for key, cost in _of(day, shown, usage, currency)}
    return replace(usage, source=replace(usage.source, beside=beside))


def _shown(connection: Connection, days: list[date]) -> _Shown:
    from reconciler.keeptrusts.reader import Reader

    with Reader(connection) as reader:
        return reader.spend_on(days)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _agrees(gap: tuple[date, date], shown: _Shown, usage: DailyUsage, currency: str) -> bool:
    """Whether the dashboard shows what the usage does on the day before a gap and on the one after it, up to 1%."""
    from reconciler.plan.spent import Events

    for day in (gap[0] - _DAY, gap[1] + _DAY):
        theirs = sum((row.cost for row in shown[day] if row.currency == currency), Decimal(0))
        ours = sum(Events(usage, day, day + _DAY).days().values(), Decimal(0))
        if ours <= 0 or abs(theirs - ours) > max(CENT, _SHARE * ours):
            return False
    return True


def _of(day: date, shown: _Shown, usage: DailyUsage, currency: str) -> Iterator[tuple[tuple[date, str], Decimal]]:
    """Yield what each wallet spent on a day: nothing where the dashboard does not show it."""
    spent = {row.key: row.cost for row in shown[day] if row.currency == currency}
    return (((day, key), spent.get(key, Decimal(0))) for key in sorted(named_wallets(usage) | spent.keys()))
