"""The review of generated years, as the command asks for it."""

from __future__ import annotations

from datetime import timedelta

from review.review_worlds import START, WALLET, World

from reconciler.findings import Origin
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.organization import FiscalYearSetting, OrganizationBudget
from reconciler.model.review import ReviewDocument
from reconciler.model.team import TeamBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.wallet_target import WalletTarget
from reconciler.review.organization import Question, review
from reconciler.review.span import span_of


def reviewed(world: World, period: str = "FY2027", *, against: str | None = None) -> ReviewDocument:
    """Return the review of a world's only team."""
    year = FiscalYearSetting(name="FY2027", starts=START)
    organization = OrganizationBudget.model_validate(
        {"version": 1, "organization": "org", "currency": "USD", "fiscal_year": year, "environments": ["all"]}
    )
    wallet = WalletTarget.model_validate({"team_id": WALLET, "monthly": "100.00"})
    team = TeamBudget.model_validate({"version": 1, "team": "support", "plan": world.plan, "wallets": {"all": wallet}})
    asked = span_of(period, year.value)
    end = world.usage.source.last_day
    assert end is not None
    known = end + timedelta(days=1)
    other = span_of(against, year.value) if against else None
    if other is not None and (days := asked.until(known).days) < asked.days:
        other = other.until(other.start + timedelta(days=days))
    key = WalletRef.team(wallet.team_id)
    covered = DesiredWallet("support", "all", key, "USD", wallet, Origin("budgets/teams/support.yaml"))
    desired = Desired(organization, {"support": team}, {key: covered})
    return review(Question(desired, world.usage, asked, asked.until(known), other, known, known))


def called_in(world: World, period: str) -> str | None:
    """Return the cause that is called, None for nothing."""
    return reviewed(world, period).teams[0].called
