"""The fiscal year by targets, with what was really spent in months that are over."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from reconciler.forecast.history import Spending, spending
from reconciler.forecast.year import QUIET_START
from reconciler.model.desired import Desired
from reconciler.model.money import cents
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage
from reconciler.model.year_targets import YearTargets


def year_targets(desired: Desired, usage: DailyUsage | None, *, as_of: date) -> YearTargets:
    """Return what the wallets in git may cost over the fiscal year, seen from `as_of`.

    A month that is over counts with what was spent where the usage holds all of it for every wallet; every other
    month, and one of which a part is unknown, counts with its targets.
    """
    known, year = spending(usage, as_of=as_of), desired.organization.fiscal_year.value
    since = usage.source.first_day if usage else None
    over = tuple(period for period in year.periods if period.end <= as_of)
    told = tuple(period for period in over if since is not None and _whole(period, known, since))
    spent = sum(
        (cents(known.of(key).between(period.first, period.end)) for key in desired.wallets for period in told),
        Decimal(0),
    )
    rest = (
        wallet.target(period).amount
        for wallet in desired.wallets.values()
        for period in year.periods
        if period not in told
    )
    return YearTargets(
        year=year,
        currency=desired.organization.currency,
        total=spent + sum(rest, Decimal(0)),
        teams=sum(team.state == "present" for team in desired.teams.values()),
        over=told,
        spent=spent,
        by_target=tuple(period for period in over if period not in told),
    )


def _whole(period: Period, known: Spending, since: date) -> bool:
    """Whether the usage, which begins at `since`, holds every day of `period` for every wallet."""
    ends = [spend.unknown_from for spend in known.wallets.values() if spend.unknown_from is not None]
    return since - period.first <= QUIET_START and period.end <= min([known.known_until, *ends])
