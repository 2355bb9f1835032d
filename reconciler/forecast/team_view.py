"""What is known of one team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.forecast.at_limit import Ceiling
from reconciler.forecast.history import Spend
from reconciler.forecast.panel import Floats
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.team_usage import TeamUsage
from reconciler.forecast.windows import DAYS_OF_A_MONTH, WINDOW_DAYS
from reconciler.model.forecast import WalletForecast
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TeamView(TeamUsage):
    """All that the table of one team is made from. `month_end` float64[paths] is the sum of its wallets' month."""

    questions: Sequence[WalletQuestion]
    forecasts: Sequence[WalletForecast]
    ceilings: Sequence[Ceiling]
    month_end: Floats
    period: Period

    @property
    def plan(self) -> AnnualPlan:
        return self.questions[0].plan

    @property
    def wallets(self) -> Sequence[str]:
        return [question.wallet.key for question in self.questions]

    def monthly(self, end: date, *, days: int = WINDOW_DAYS) -> float | None:
        """Return the days before `end` scaled to a month; None unless the wallets had usage all that time."""
        start = end - timedelta(days=days)
        if not self.is_known_from(start):
            return None
        spent = sum(float(spend.daily(start, end).sum()) for spend in self._spends)
        return spent / days * DAYS_OF_A_MONTH

    def is_known_from(self, start: date) -> bool:
        """Whether the wallets had usage by then."""
        return any(first is not None and first <= start for first in (spend.first_event() for spend in self._spends))

    @property
    def _spends(self) -> list[Spend]:
        known = self.known.wallets
        return [known[wallet] for wallet in self.wallets if wallet in known]
