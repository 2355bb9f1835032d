"""The fiscal year of the organization: exact spend plus the simulated rest, path by path."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from reconciler.forecast.beside import Beside
from reconciler.forecast.course import Course
from reconciler.forecast.history import Spending
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import money_quantiles, probability
from reconciler.forecast.year_months import YearMonths
from reconciler.model.forecast import LeftOutReason, LeftOutWallet, UncoveredSpend, YearForecast
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import TeamBudget

QUIET_START = timedelta(days=7)
"""How late the first event of a fiscal year may come for the year still to be known whole."""


@dataclass(slots=True)
class YearSum:
    """The running sum over wallets, whose paths are put beside each other by how far wallets move together.

    `left_out` are the days so far of which nothing tells what was spent on them: they are not in the sum.
    """

    year: FiscalYear
    target: Decimal | None
    as_of: date
    spent: Decimal = Decimal(0)
    exact: Decimal = Decimal(0)
    rest: Floats | None = None
    wallets: int = 0
    planned: Floats | None = None
    promised: bool = False
    left_out: frozenset[date] = frozenset()
    months: YearMonths = field(init=False)

    def __post_init__(self) -> None:
        self.months = YearMonths.of(self.year.periods)

    @classmethod
    def of(cls, organization: OrganizationBudget, *, period: Period, as_of: date) -> YearSum | None:
        """Return an empty sum, None when `period` is not in the fiscal year that the YAML describes."""
        year = organization.fiscal_year.value
        return cls(year, organization.annual_target, as_of) if period in year else None

    def add(self, course: Course, planned: Course | None = None, *, beside: Beside) -> None:
        """Add a wallet; `planned` is its course if all promised savings come in full, where there are such."""
        first, end = self.year.starts.first, self.year.end
        order = beside.order(course, first, end)
        self.wallets += 1
        self.spent += course.spend.between(first, min(self.as_of, end))
        self.exact += course.exact(first, end)
        self.left_out |= {day for day in course.spend.gaps if first <= day < min(self.as_of, end)}
        self.months.add(course, order)
        rest = course.rest(first, end)[order]
        self._add(rest, planned.rest(first, end)[order] if planned else rest)
        self.promised |= planned is not None

    def include(self, other: YearSum) -> None:
        self.wallets += other.wallets
        self.spent += other.spent
        self.exact += other.exact
        self.months.include(other.months)
        self.promised |= other.promised
        self.left_out |= other.left_out
        if other.rest is not None and other.planned is not None:
            self._add(other.rest, other.planned)

    def _add(self, rest: Floats, planned: Floats) -> None:
        self.rest = rest if self.rest is None else self.rest + rest
        self.planned = planned if self.planned is None else self.planned + planned


@dataclass(frozen=True, slots=True)
class Uncovered:
    """What teams spent that no YAML names, the dearest first, and what that comes to, exact."""

    teams: tuple[UncoveredSpend, ...]
    spent: Decimal

    @classmethod
    def between(cls, known: Spending, first: date, end: date, *, covered: Collection[str]) -> Uncovered:
        """Return what is known of the days in [first, end) for teams other than the wallets in `covered`."""
        found = {key: spend.between(first, end) for key, spend in known.wallets.items() if key not in covered}
        dearest = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        teams = tuple(UncoveredSpend(team_id=key, spent=amount) for key, amount in dearest if amount)
        return cls(teams, sum(found.values(), Decimal(0)))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The wallets in git that are not in the year's sum, and what those of one reason spent, exact."""

    wallets: tuple[LeftOutWallet, ...]
    spent: Mapping[LeftOutReason, Decimal]


def uncovered_spend(total: YearSum, known: Spending, *, covered: Collection[str]) -> Uncovered:
    """Return what the usage shows of the year for teams other than the wallets in `covered`, the dearest first."""
    first, end = total.year.starts.first, min(total.as_of, total.year.end)
    return Uncovered.between(known, first, end, covered=covered)


def left_out_wallets(
    total: YearSum,
    known: Spending,
    teams: Mapping[str, TeamBudget],
    *,
    unread: Collection[str],
    summed: Collection[str],
) -> LeftOut:
    """Return the wallets of `teams` that are not `summed`; of those in `unread` the ledger could not be read."""
    first, end = total.year.starts.first, min(total.as_of, total.year.end)
    wallets, spent = [], dict[LeftOutReason, Decimal]()
    for name, team in sorted(teams.items()):
        for environment, wallet in team.wallets.items():
            key = wallet.team_id
            if team.state != "present" or key in summed:
                continue
            reason: LeftOutReason = "unreadable" if key in unread else "unknown"
            amount = known.of(key).between(first, end)
            spent[reason] = spent.get(reason, Decimal(0)) + amount
            wallets.append(LeftOutWallet(team=name, environment=environment, wallet=key, spent=amount, reason=reason))
    return LeftOut(tuple(wallets), spent)


def year_forecast(
    total: YearSum,
    *,
    keys: Sequence[str],
    first_day: date | None,
    uncovered: Uncovered,
    left_out: LeftOut,
    by_usage: int = 0,
    unanswered: frozenset[date] = frozenset(),
) -> YearForecast:
    """Return the year's quantiles and the probability to stay within its target; usage is known from `first_day`.

    Of the days `unanswered` the dashboard was asked, and gave no answer.
    """
    rest = total.rest if total.rest is not None else np.zeros(1)
    planned = total.planned if total.promised else None
    random = bool(rest.max() > rest.min())
    known_from = min(first_day or total.as_of, total.as_of)
    whole = known_from - total.year.starts.first <= QUIET_START
    within = None
    if total.target is not None and whole and total.wallets and not total.left_out:
        others = uncovered.spent + sum(left_out.spent.values(), Decimal(0))
        inside = rest <= float(total.target - total.exact - others)
        within = probability(inside) if random else float(inside[0])
    quantiles = money_quantiles(rest, exact=total.exact, keys=keys) if total.wallets else {}
    return YearForecast(
        name=total.year.name,
        annual_target=total.target,
        spent=total.spent,
        quantiles=quantiles,
        months=total.months.told(keys=keys, whole=quantiles) if total.wallets else (),
        within_probability=within,
        known_from=None if whole else known_from,
        days_left_out=len(total.left_out),
        days_unanswered=len(total.left_out & unanswered),
        wallets=total.wallets,
        by_usage=by_usage,
        uncovered=uncovered.teams,
        uncovered_spent=uncovered.spent,
        left_out=left_out.wallets,
        left_out_spent=left_out.spent,
        as_planned={} if planned is None else money_quantiles(planned, exact=total.exact, keys=keys),
    )
