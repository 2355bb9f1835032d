"""What is known of one team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.forecast.calendar import DayRange
from reconciler.forecast.history import Spending
from reconciler.forecast.observed import Observations, Observed
from reconciler.forecast.panel import Floats
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.windows import DAYS_OF_A_MONTH, WINDOW_DAYS, Window
from reconciler.model.forecast import WalletForecast
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan


@dataclass(frozen=True, slots=True, eq=False)
class TeamView:
    """All that the table of one team is made from. `month_end` float64[paths] is the sum of its wallets' month."""

    team: str
    questions: Sequence[WalletQuestion]
    forecasts: Sequence[WalletForecast]
    censored_days: Sequence[int]
    month_end: Floats
    organization: OrganizationBudget
    period: Period
    known: Spending
    observations: Observations

    @property
    def plan(self) -> AnnualPlan:
        return self.questions[0].plan

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

    def when(self, start: date, days: int) -> DayRange:
        return DayRange(start, days, self.year)

    def window(self, month: Period) -> Window:
        """Return the whole weeks that are known since `month` began."""
        return Window.since(month, known_until=self.known.known_until)

    def observed(self, days: int = WINDOW_DAYS) -> Observed:
        return self.observations.of([question.wallet.key for question in self.questions], days=days)

    def observed_between(self, start: date, end: date) -> Observed:
        return self.observations.between([question.wallet.key for question in self.questions], start, end)

    def monthly(self, end: date, *, days: int = WINDOW_DAYS) -> float | None:
        """Return the days before `end` scaled to a month; None unless the wallets had usage all that time."""
        start = end - timedelta(days=days)
        spends = [self.known.wallets.get(question.wallet.key) for question in self.questions]
        firsts = [spend.first_event() for spend in spends if spend is not None]
        began = min((first for first in firsts if first is not None), default=None)
        if began is None or began > start:
            return None
        spent = sum(float(spend.daily(start, end).sum()) for spend in spends if spend is not None)
        return spent / days * DAYS_OF_A_MONTH
