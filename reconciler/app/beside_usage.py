"""What was spent on days that an export leaves out, as the dashboard shows it: months that are over count with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.findings import RemoteError
from reconciler.model.money import CENT
from reconciler.model.period import Period
from reconciler.model.usage import NANO, named_wallets

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection
    from reconciler.keeptrusts.reader import Reader
    from reconciler.model.desired import Desired
    from reconciler.model.usage import DailyUsage

MOST_REQUESTS = 24
"""So many at most: a gap of ten months takes twelve. Earlier gaps are left unknown where later ones take them all."""

_DAY = timedelta(days=1)
_SHARE = Decimal("0.01")
_Span = tuple[date, date]
"""The first day, and the one after the last."""


def with_days_beside(desired: Desired, connection: Connection, usage: DailyUsage, *, as_of: date) -> DailyUsage:
    """Return `usage` with what the dashboard shows for days of the fiscal year before this month that it leaves out.

    A gap is filled where the dashboard shows the same as the usage for the days around it: one that does not, or knows
    no such old days, tells nothing of those between. Decision 0132.
    """
    first, month = desired.organization.fiscal_year.starts.first, as_of.replace(day=1)
    gaps = list(_asked_about(usage.source.gaps, first, month))
    if not gaps:
        return usage
    dashboard = _Dashboard(desired.organization.currency, {})
    beside, unanswered = dict[tuple[date, str], Decimal](), set[date]()
    from reconciler.keeptrusts.reader import Reader

    with Reader(connection) as reader:
        for gap in gaps:
            if unanswered or not dashboard.answers(reader, gap):
                unanswered |= {day for span in gap.parts for day in _days(span)}
            elif dashboard.agrees(gap, usage):
                beside |= {key: cost for span in gap.parts for key, cost in dashboard.of(span, usage)}
    source = replace(usage.source, beside=dict(sorted(beside.items())), unanswered=frozenset(unanswered))
    return replace(usage, source=source)


@dataclass(frozen=True, slots=True)
class _Gap:
    """The days before and after a gap, and what of it is asked about: a part in each month."""

    around: tuple[_Span, _Span]
    parts: tuple[_Span, ...]


def _asked_about(gaps: Sequence[_Span], first: date, month: date) -> Iterator[_Gap]:
    """Yield the gaps of [first, month), the latest first, as many as can be asked about."""
    left = MOST_REQUESTS
    for low, high in reversed(gaps):
        begin, end = max(low, first), min(high + _DAY, month)
        parts = tuple(_by_month(begin, end)) if begin < end else ()
        left -= len(parts) + 2 if parts else 0
        if parts and left >= 0:
            yield _Gap(((low - _DAY, low), (high + _DAY, high + 2 * _DAY)), parts)


def _by_month(begin: date, end: date) -> Iterator[_Span]:
    while begin < end:
        yield begin, min(Period.of(begin).end, end)
        begin = Period.of(begin).end


def _days(span: _Span) -> list[date]:
    return [span[0] + timedelta(days=number) for number in range((span[1] - span[0]).days)]


@dataclass(frozen=True, slots=True)
class _Dashboard:
    """What the dashboard shows in one currency, by span of days and wallet: of a span it tells the sum alone."""

    currency: str
    shown: dict[_Span, Mapping[str, Decimal]]

    def answers(self, reader: Reader, gap: _Gap) -> bool:
        """Ask about a gap, and say whether all was answered."""
        for span in (*gap.around, *gap.parts):
            try:
                rows = reader.spend(*span)
            except RemoteError as error:
                logging.getLogger(__name__).warning("the dashboard tells nothing of days left out: %s", error.message)
                return False
            if rows is None:
                return False
            self.shown[span] = {row.key: row.cost for row in rows if row.currency == self.currency}
        return True

    def agrees(self, gap: _Gap, usage: DailyUsage) -> bool:
        """Whether it shows what the usage does on the day before a gap and on the one after it, up to 1%."""
        from reconciler.plan.spent import Events

        for span in gap.around:
            theirs = sum(self.shown[span].values(), Decimal(0))
            ours = sum(Events(usage, *span).days().values(), Decimal(0))
            if ours <= 0 or abs(theirs - ours) > max(CENT, _SHARE * ours):
                return False
        return True

    def of(self, span: _Span, usage: DailyUsage) -> Iterator[tuple[tuple[date, str], Decimal]]:
        """Yield what each wallet spent on each day: its part of the sum, nothing where none is shown."""
        spent, days = self.shown[span], _days(span)
        for key in sorted(named_wallets(usage) | spent.keys()):
            amounts = _spread(spent.get(key, Decimal(0)), _weights(usage, key, days))
            yield from (((day, key), amount) for day, amount in zip(days, amounts, strict=True))


def _weights(usage: DailyUsage, wallet: str, days: Sequence[date]) -> list[int]:
    """Return what a wallet spends on such days of the week; all days alike where the usage does not tell."""
    import numpy as np

    own = usage.wallet == wallet
    known = np.unique(usage.day)
    weekdays, of_all = ((each.astype(np.int64) + 3) % 7 for each in (usage.day[own], known))
    gross = (usage.cost[own] - usage.credits[own]).astype(np.float64)
    spent = np.bincount(weekdays, weights=gross, minlength=7) / np.maximum(np.bincount(of_all, minlength=7), 1)
    weights = [int(spent[day.weekday()]) for day in days]
    return weights if sum(weights) > 0 else [1] * len(days)


def _spread(amount: Decimal, weights: Sequence[int]) -> Iterator[Decimal]:
    """Yield the parts of an amount, which are exact billionths and add up to it."""
    whole, total, before, done = int((amount * NANO).to_integral_value()), sum(weights), 0, 0
    for weight in weights:
        before += weight
        yield Decimal(whole * before // total - done) / NANO
        done = whole * before // total
