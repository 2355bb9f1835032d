"""Scenarios: what a wallet's forecast would be if demand, cache, models or plans were other than the YAML says.

A scenario becomes a part of the wallet's plan, so that it works on the same paths as everything else: an effect
that holds at once, as a step of growth from the first day that is not known; one that is to be reached later, as the
lever that the YAML would declare. Its contribution is told beside those of the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from reconciler.forecast.calendar import DayRange
from reconciler.forecast.history import spending
from reconciler.forecast.levers.whatif import What
from reconciler.forecast.observed import Observations, Observed, observations
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.windows import LONG_WINDOW_DAYS
from reconciler.model.desired import DesiredWallet
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget
from reconciler.model.usage import DailyUsage


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is supposed of a team, or of one of its wallets. New demand comes to the team's first wallet."""

    team: str
    what: What
    environment: str | None = None

    def is_about(self, wallet: DesiredWallet) -> bool:
        return self.team == wallet.team and self.environment in (None, wallet.environment)


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """What is known of one wallet where a scenario begins; `wallets` are its team's keys, its first wallet first."""

    wallet: DesiredWallet
    wallets: Sequence[str]
    day: date
    year: Period
    seen: Observations
    alone: bool

    @property
    def team(self) -> str:
        return self.wallet.team

    @property
    def is_first(self) -> bool:
        return self.wallets[0] == self.wallet.key

    @property
    def observed(self) -> Observed:
        return self.seen.of([self.wallet.key])

    @property
    def prices(self) -> Observed:
        return self.seen.of(self.wallets, days=LONG_WINDOW_DAYS)

    @property
    def when(self) -> DayRange:
        return DayRange(self.day, 1, self.year)


def supposed(
    usage: DailyUsage | None,
    questions: Sequence[WalletQuestion],
    scenarios: Sequence[Scenario],
    *,
    organization: OrganizationBudget,
    as_of: date,
    teams: Mapping[str, TeamBudget],
) -> tuple[WalletQuestion, ...]:
    """Return `questions` with the plans that `scenarios` make of theirs; those that none is about stay as they are.

    Raises:
        UsageError: when a model that is to gain or lose traffic was not paid for in the last 90 days.
    """
    day = spending(usage, as_of=as_of).known_until
    seen, year = observations(usage, known_until=day), organization.fiscal_year.starts
    changed = []
    for question in questions:
        wallet, plan = question.wallet, question.plan
        team = teams.get(wallet.team)
        keys = [each.team_id for each in team.wallets.values()] if team else [wallet.key]
        about = [scenario for scenario in scenarios if scenario.is_about(wallet)]
        for scenario in sorted(about, key=lambda scenario: scenario.what.order):
            alone = scenario.environment is not None
            plan = scenario.what.planned(plan, _Sight(wallet, keys, day, year, seen, alone))
        changed.append(replace(question, plan=plan))
    return tuple(changed)
