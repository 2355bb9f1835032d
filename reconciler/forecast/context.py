"""The context: what holds for every wallet of one forecast, worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reconciler.forecast.belief import EVEN, Prior
from reconciler.forecast.common import Common, fit_common
from reconciler.forecast.fit import organization_week
from reconciler.forecast.history import Spending, spending
from reconciler.forecast.observed import Observations, observations
from reconciler.forecast.panel import Floats
from reconciler.forecast.prior import organization_prior
from reconciler.forecast.quantiles import interval_keys
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.shape import SHORT_DAYS
from reconciler.forecast.shared_days import shared_events
from reconciler.forecast.shared_event import SharedEvent
from reconciler.forecast.team_usage import DeclaredUsage, TeamUsage
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget
from reconciler.model.usage import DailyUsage


@dataclass(frozen=True, slots=True, eq=False)
class ForecastContext:
    """What holds for every wallet of one forecast. `end` is the first day that nobody asks about.

    `usual_week` is that of the organization, None where every wallet has a history of its own.
    """

    organization: OrganizationBudget
    teams: Mapping[str, TeamBudget]
    period: Period
    as_of: date
    usage: DailyUsage | None
    known: Spending
    observations: Observations
    censored: Mapping[str, frozenset[date]]
    keys: tuple[str, ...]
    end: date
    prior: Prior = EVEN
    common: Common = field(default_factory=Common)
    events: tuple[SharedEvent, ...] = ()
    usual_week: Floats | None = None

    def team_wallets(self, question: WalletQuestion) -> list[str]:
        """Return the wallet keys of the question's team, its first wallet first."""
        team = self.teams.get(question.wallet.team)
        keys = [wallet.team_id for wallet in team.wallets.values()] if team else []
        return keys or [question.wallet.key]

    def team_usage(self, question: WalletQuestion) -> TeamUsage:
        """Return what is known of the question's team, under the plan that is asked about."""
        return DeclaredUsage(
            team=question.wallet.team,
            organization=self.organization,
            known=self.known,
            observations=self.observations,
            prior=self.prior,
            declared=tuple(self.team_wallets(question)),
            looked_at=question.plan,
        )


def forecast_context(
    usage: DailyUsage | None,
    questions: Sequence[WalletQuestion],
    *,
    organization: OrganizationBudget,
    period: Period,
    as_of: date,
    teams: Mapping[str, TeamBudget],
    censored: Mapping[str, frozenset[date]] | None = None,
    unseen: DailyUsage | None = None,
) -> ForecastContext:
    """Return what holds for all `questions`.

    `as_of` is the first day that is not known in full; usage of later days is never looked at. `censored` names, by
    wallet key, the days that show a ceiling and not the demand. `unseen` is what else is known to be spent, on days of
    which `usage` says nothing: of them there is the money alone.
    """
    known = spending(usage, as_of=as_of, unseen=unseen)
    seen = observations(usage, known_until=known.known_until)
    return ForecastContext(
        organization=organization,
        teams=teams,
        period=period,
        as_of=as_of,
        usage=usage,
        known=known,
        observations=seen,
        censored=censored or {},
        keys=interval_keys(organization.forecast.interval),
        end=_end(questions, organization=organization, period=period, as_of=as_of),
        prior=organization_prior(teams, organization, known, seen),
        common=fit_common(known),
        events=shared_events(known),
        usual_week=organization_week(known) if any(is_short(question, known) for question in questions) else None,
    )


def is_short(question: WalletQuestion, known: Spending) -> bool:
    """Whether the wallet was spent from, and its history says little about its own week."""
    first = known.of(question.wallet.key).first_event()
    return first is not None and (known.known_until - first).days < SHORT_DAYS


def _end(questions: Sequence[WalletQuestion], *, organization: OrganizationBudget, period: Period, as_of: date) -> date:
    last = period.plus(organization.forecast.horizon_months)
    months = [month.end for question in questions for month in question.targets if period <= month <= last]
    year = organization.fiscal_year.value
    return max([period.end, as_of, *months, *([year.end] if period in year else [])])
