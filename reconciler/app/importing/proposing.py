"""What usage proposes for an import: read as every command reads it, with what is to be said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.app.usage import obtain_usage
from reconciler.findings import Finding
from reconciler.model.desired import Desired
from reconciler.model.live import Live
from reconciler.model.team import AnnualPlan
from reconciler.plan.importing.draft import Draft
from reconciler.plan.importing.proposals import NOTHING, Proposals, proposals_of

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection
    from reconciler.settings import Settings


def proposed(
    settings: Settings, desired: Desired, draft: Draft, live: Live, connection: Connection | None
) -> tuple[Proposals, tuple[Finding, ...]]:
    """Return what usage says of teams whose YAML has no plan, and of new wallets; and what is left out or doubtful."""
    usage, doubts = obtain_usage(settings, desired, connection, ledgers=False)
    if usage is None:
        return NOTHING, doubts
    without = [team for name, team in desired.teams.items() if team.plan == AnnualPlan() and team.state == "present"]
    found = proposals_of(
        usage,
        draft,
        {team.team: [key for key, wallet in desired.wallets.items() if wallet.team == team.team] for team in without},
        as_of=settings.as_of,
        currency=desired.organization.currency,
        year=desired.organization.fiscal_year.value,
        empty={key for key, wallet in live.wallets.items() if wallet.id is not None and wallet.spendable <= 0},
    )
    return found, doubts
