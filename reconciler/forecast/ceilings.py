"""What was asked of a wallet day by day: dry days say nothing of it, days at a rate limit that it was at least that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from reconciler.forecast.at_limit import Ceiling, demand_behind
from reconciler.forecast.censored import censored_days
from reconciler.forecast.context import ForecastContext
from reconciler.forecast.levers.registry import levers
from reconciler.forecast.panel import Floats
from reconciler.forecast.question import WalletQuestion


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """`history` float64[days] is what was asked for from the first event on, NaN where nothing tells.

    `raised` is that as a multiple of what was served.
    """

    history: Floats
    raised: Floats
    ceiling: Ceiling


def asked_of(question: WalletQuestion, context: ForecastContext) -> Asked:
    """Return what was asked of a wallet, up to the last day that is known."""
    spend, until = context.known.of(question.wallet.key), context.known.known_until
    dry = censored_days(spend, known_until=until, is_empty=question.live.left <= 0)
    dry |= context.censored.get(question.wallet.key, frozenset())
    served = spend.history(until, censored=dry)
    limited = np.zeros(len(served), dtype=np.bool_)
    first = until - timedelta(days=len(served))
    places = [(day - first).days for day in _at_limits(question, context)]
    limited[[place for place in places if place >= 0]] = True
    limited &= np.nan_to_num(served) > 0
    history = demand_behind(served, limited)
    raised = np.divide(history, served, out=np.ones(len(served)), where=limited)
    out = sum(first <= day < until and spend.is_told(day) for day in dry)
    return Asked(history, raised, Ceiling(out, int(limited.sum())))


def _at_limits(question: WalletQuestion, context: ForecastContext) -> frozenset[date]:
    wallets = [context.known.of(wallet) for wallet in context.team_wallets(question)]

    def spent(start: date, end: date) -> Decimal:
        return sum((Decimal(float(wallet.charged(start, end).sum())) for wallet in wallets), Decimal(0))

    until = context.known.known_until
    return frozenset(day for lever in levers() for day in lever.limited(question.plan, spent, until))
