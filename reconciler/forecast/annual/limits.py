"""How the limits held: in which of the past months a wallet's spend reached its first alert, and the wallet's end.

The months are held against the limits of today, since those are what is to be decided about. A month in which the
wallet looks exhausted counts as one that reached its end, whatever it was funded with then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from reconciler.forecast.annual.evidence import Evidence
from reconciler.forecast.annual.run_rate import begun
from reconciler.forecast.censored import censored_days
from reconciler.forecast.history import Spend
from reconciler.forecast.observed import MUCH_PREMIUM
from reconciler.forecast.team_view import TeamView
from reconciler.model.annual import LimitInput, LimitVerdict
from reconciler.model.period import Period
from reconciler.model.usage import NANO

MONTHS = 6
OFTEN = 3
"""In so many of the months alerts are a habit and no accident."""
FEWEST = 2
EARLY = 25
"""Up to this day of the month an empty wallet is early: a larger one would not last for long either."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What of a team tells why a limit was reached: its premium lane's share of the cost, and how spend grew.

    `trend` is at today's prices: a price that rose is no growth.
    """

    premium: float | None
    trend: float | None


def limits(view: TeamView, found: Evidence, habits: Habits, *, period: Period) -> Iterator[LimitInput]:
    """Yield how today's limits of each wallet that an alert watches would have held over its last months."""
    for question in view.questions:
        spend = view.known.wallets.get(question.wallet.key)
        alerts = [alert for alert in question.alerts_desired if alert.period == "monthly" and alert.alert_percentages]
        months = sorted(begun(found.wallets.get(question.wallet.key, {})))[-MONTHS:]
        if spend is not None and alerts and len(months) >= FEWEST:
            silent = censored_days(spend, known_until=view.known.known_until, is_empty=False)
            target = question.wallet.setting.usual(period)
            ends = {month: _end(spend, month, target, silent) for month in months}
            least = min(alert.amount * Decimal(min(alert.alert_percentages)) / 100 for alert in alerts)
            alerted = sum(_reached(spend, month, least) is not None or ends[month] is not None for month in months)
            days = [day for day in ends.values() if day is not None]
            yield LimitInput(
                environment=question.wallet.environment,
                months=len(months),
                alert=least,
                alerted=alerted,
                target=target,
                exhausted=len(days),
                earliest=min(days, default=None),
                verdict=_verdict(alerted, days, habits),
            )


def _end(spend: Spend, month: Period, target: Decimal, silent: frozenset[date]) -> int | None:
    """Return the day of the month on which the money was gone, None where it lasted."""
    days = [day.day for day in silent if day in month]
    reached = _reached(spend, month, target)
    return min([*days, *([] if reached is None else [reached])], default=None)


def _reached(spend: Spend, month: Period, amount: Decimal) -> int | None:
    """Return the day of the month by which so much was spent, None where it never was."""
    over = np.flatnonzero(spend.totals(month.first, month.end) >= int(amount * NANO))
    return int(over[0]) + 1 if len(over) else None


def _verdict(alerted: int, ends: Sequence[int], habits: Habits) -> LimitVerdict:
    if len(ends) >= FEWEST:
        heavy = habits.premium is not None and habits.premium >= MUCH_PREMIUM
        return "right_size" if heavy and min(ends) <= EARLY else "fund"
    growing = habits.trend is not None and habits.trend > 0
    return "growth" if alerted >= OFTEN and not ends and growing else "holds"
