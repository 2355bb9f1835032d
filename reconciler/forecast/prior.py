"""What an organization's promised savings came to so far: what to expect of one of which nothing is known yet."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.forecast.belief import ENOUGH_RATIOS, EVEN, Prior, prior_of
from reconciler.forecast.draws import seed_of
from reconciler.forecast.history import Spending
from reconciler.forecast.levers.registry import levers
from reconciler.forecast.observed import Observations
from reconciler.forecast.team_usage import DeclaredUsage
from reconciler.model.organization import OrganizationBudget
from reconciler.model.team import AnnualPlan, TeamBudget

MOST_TEAMS = 100
"""So many tell enough; which do follows from their names, so that one team more changes little."""


def organization_prior(
    teams: Mapping[str, TeamBudget], organization: OrganizationBudget, known: Spending, seen: Observations
) -> Prior:
    """Return what to expect by the track records of `teams`; with too few of them every share is as likely."""
    promises = tuple(lever for lever in levers() if lever.promises)
    promising = {
        name: team
        for name, team in teams.items()
        if any(lever.is_in(team.plan, None) for lever in promises) and _promised(team.plan)
    }
    if sum(_promised(team.plan) for team in promising.values()) < ENOUGH_RATIOS:
        return EVEN
    asked = sorted(promising, key=lambda name: (seed_of(organization.organization, name), name))[:MOST_TEAMS]
    usages = [
        DeclaredUsage(
            team=name,
            organization=organization,
            known=known,
            observations=seen,
            declared=tuple(wallet.team_id for wallet in teams[name].wallets.values()),
            looked_at=teams[name].plan,
        )
        for name in asked
    ]
    return prior_of([record.ratio for usage in usages for lever in levers() for record in lever.records(usage)])


def _promised(plan: AnnualPlan) -> int:
    return sum(len(tuple(lever.parts(plan, None))) for lever in levers() if lever.promises and lever.is_in(plan, None))
