"""What is known of one team, and the form of a row of its planning table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from reconciler.forecast.history import Spending
from reconciler.forecast.observed import WINDOW_DAYS, Observations, Observed
from reconciler.forecast.panel import Floats
from reconciler.forecast.prior import DAYS_OF_A_MONTH
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.words import DASH
from reconciler.model.forecast import Assumption, WalletForecast
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan

Verdict = Literal["holds", "ahead", "behind", "fits", "short", "unknown"]


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


def verdict_of(observed: float, planned: float, tolerance: float) -> Verdict:
    """Return whether what is observed is what is planned, within a tolerance."""
    if abs(observed - planned) <= tolerance:
        return "holds"
    return "ahead" if observed > planned else "behind"


def unknown_row(
    name: Literal["baseline", "growth", "cache_hit_rate", "provider_mix", "wallets", "alert"], plan: str, why: str
) -> Assumption:
    """Return the row of an assumption that nothing tells about, with the reason."""
    return Assumption(name=name, plan=plan, observed=DASH, verdict="unknown", sentence=why)
