"""The month after the one looked at, where it needs more than its wallet gets, and what is planned that explains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from reconciler.forecast.levers.registry import levers
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.when import Month
from reconciler.forecast.words import amount
from reconciler.model.outlook import MonthShortfall
from reconciler.model.period import Period


def shortfall(
    question: WalletQuestion, needs: Mapping[Period, Decimal], *, after: Period, year: Period, first: bool
) -> MonthShortfall | None:
    """Return what the month after `after` needs beyond its own target; None where that is enough, or not known.

    `year` is the fiscal year's first month, `first` whether planned demand comes to this wallet.
    """
    month = after.plus(1)
    need, target = needs.get(month), question.targets.get(month)
    if need is None or target is None or need <= target.amount:
        return None
    planned = tuple(_planned(question, Month(month, year), first=first))
    return MonthShortfall(period=month, current=target.amount, needed=need, planned=planned)


def _planned(question: WalletQuestion, month: Month, *, first: bool) -> Iterator[str]:
    """Yield what the team's plan has grow by that month, with its reason and what it comes to for the whole team."""
    plan, spend = question.plan, question.plan.baseline_monthly
    for part in (part for lever in levers() for part in lever.parts(plan, None)):
        factor, added = part.times(month), part.plus(month)
        if part.stage == "growth" and factor > 1:
            more = None if spend is None else amount(spend * (factor - 1), question.wallet.currency)
            worth = f", {more} a month for the whole team" if more else ""
            yield f"{part.what}{worth} ({part.reason})"
        if part.stage == "growth" and added > 0 and first:
            yield f"{part.what} ({part.reason})"
        spend = None if spend is None else spend * factor
