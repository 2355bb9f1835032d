"""What the usage shows of one team's wallets together, against a plan."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.forecast.belief import EVEN, Belief, Prior, Record, believed
from reconciler.forecast.calendar import DayRange
from reconciler.forecast.history import Spending
from reconciler.forecast.observed import Observations, Observed, Rows
from reconciler.forecast.windows import WINDOW_DAYS, Window
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TeamUsage:
    """Its wallets' usage. `prior` is what to expect of a saving of which nothing is known yet."""

    team: str
    organization: OrganizationBudget
    known: Spending
    observations: Observations
    prior: Prior = EVEN

    @property
    @abstractmethod
    def plan(self) -> AnnualPlan: ...

    @property
    @abstractmethod
    def wallets(self) -> Sequence[str]:
        """The keys of its wallets."""

    @property
    def currency(self) -> str:
        return self.organization.currency

    @property
    def reference(self) -> date:
        """The last day that is known in full."""
        return self.known.known_until - timedelta(days=1)

    @property
    def year(self) -> Period:
        """The first month of the fiscal year."""
        return self.organization.fiscal_year.starts

    @property
    def recent(self) -> DayRange:
        """The last four weeks that are known."""
        return self.when(self.known.known_until - timedelta(days=WINDOW_DAYS), WINDOW_DAYS)

    @property
    def rest_of_year(self) -> DayRange:
        """The days of the fiscal year that are still to come; none of one that is over."""
        end, start = self.organization.fiscal_year.value.end, self.known.known_until
        return self.when(start, max((end - start).days, 0))

    def when(self, start: date, days: int) -> DayRange:
        return DayRange(start, days, self.year)

    def window(self, month: Period) -> Window:
        """Return the whole weeks that are known since `month` began."""
        return Window.since(month, known_until=self.known.known_until)

    def observed(self, days: int = WINDOW_DAYS) -> Observed:
        return self.observations.of(self.wallets, days=days)

    def observed_between(self, start: date, end: date) -> Observed:
        return self.observations.between(self.wallets, start, end)

    def rows_between(self, start: date, end: date) -> Rows:
        return self.observations.rows_between(self.wallets, start, end)

    def hit_rate_error(self, *, before: int = 0) -> float:
        """Return the standard error of the cache hit rate of the last 28 days, or of 28 that end so many `before`."""
        end = self.known.known_until - timedelta(days=before)
        return self.observations.hit_rate_error(self.wallets, end - timedelta(days=WINDOW_DAYS), end)

    def belief(self, record: Record | None) -> Belief:
        """Return how much of a promised saving comes, by its record and by what came of others."""
        return believed(record and record.ratio, record.ratio_error if record else 0.0, self.prior)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DeclaredUsage(TeamUsage):
    """The same of the wallets that the team declares, under the plan that is looked at."""

    declared: tuple[str, ...]
    looked_at: AnnualPlan

    @property
    def plan(self) -> AnnualPlan:
        return self.looked_at

    @property
    def wallets(self) -> Sequence[str]:
        return self.declared
