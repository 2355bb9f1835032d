"""Plans in which the YAML changes more than the money of now: made by the comparison itself, of two whole states."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from report.report_plans import DEV, JUNE, YEAR, Wallet, one_wallet, plan
from worlds import ORGANIZATION, wallet

from reconciler.model.desired import Desired
from reconciler.model.later import Later, Unapplied
from reconciler.model.organization import OrganizationBudget
from reconciler.model.plan import Plan, Source
from reconciler.model.team import TeamBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.consequences import with_rest
from reconciler.plan.later import changed_expectations, is_of_money
from reconciler.plan.scope import later_targets
from reconciler.report.document import Asked

COMMITS = Source(
    commit="9c1e7b2d4f60718293a4b5c6d7e8f90112233445",
    dirty=False,
    tree_digest="sha256:bb",
    head="4be1c0ffee00718293a4b5c6d7e8f90112233445",
    base="0ddba11000000018293a4b5c6d7e8f9011223344",
)
FINANCE = Asked(("@acme/finance",), ("the organization's settings change",))


def state(organization: dict[str, Any], teams: dict[str, dict[str, Any]]) -> Desired:
    """Return what an organization and its teams declare; each team's wallet is prod."""
    fields = {**ORGANIZATION.model_dump(mode="json", exclude_none=True), **organization}
    models = {name: TeamBudget.model_validate({"version": 1, "team": name, **team}) for name, team in teams.items()}
    wallets = {
        WalletRef.team(setting.team_id): replace(
            wallet(name, environment, "1"), key=WalletRef.team(setting.team_id), setting=setting
        )
        for name, team in models.items()
        for environment, setting in team.wallets.items()
    }
    return Desired(
        organization=OrganizationBudget.model_validate(fields),
        teams=models,
        wallets=wallets,
    )


def team(monthly: int = 12500, *, owners: str = "@acme/support-leads", **other: Any) -> dict[str, Any]:
    overrides = other.pop("overrides", {})
    key = other.pop("key", "team_support")
    return {
        "owners": [owners],
        "wallets": {"prod": {"team_id": key, "monthly": monthly, "overrides": overrides}},
        **other,
    }


def changed(made: Plan, before: Desired, after: Desired) -> Plan:
    """Return a plan with everything in which the two states differ."""
    months = [JUNE.plus(ahead) for ahead in range(13)]
    teams = {*before.teams, *after.teams}
    items = [
        item.model_copy(update={"position": f"{origin.path}:{7 + number}:9"})
        for number, (item, origin) in enumerate(
            changed_expectations(before, after, teams=teams, periods=months, as_of=date(2026, 6, 18))
        )
    ]
    later = Later(
        since=COMMITS.base or "",
        until=months[-1],
        targets=tuple(later_targets(before, after, teams=teams, periods=months[1:])),
        expectations=tuple(item for item in items if item.kind == "expectation" or is_of_money(item)),
        settings=tuple(item for item in items if item.kind == "setting" and not is_of_money(item)),
    )
    return made.model_copy(update={"later": with_rest(later, made.impact, JUNE, made.currency), "source": COMMITS})


def calm() -> Plan:
    """Nothing moves in June."""
    settled = Wallet(funded="12500", lasts=(0.97, 0.97), ends=((None,) * 3, (None,) * 3), alert=((0.93, 26, None),) * 2)
    return plan(impact=(settled.forecast(), DEV.forecast()), year=YEAR)


BEFORE: dict[str, Any] = {
    "owners": ["@acme/finance"],
    "approvals": {"finance_above": 10000, "finance": ["@acme/cfo"]},
    "guards": {"largest_change": 5000},
}


def governance() -> Plan:
    """Somebody else is to approve, the finance threshold is gone, and what is left is taken back every month."""
    after = {
        **BEFORE,
        "owners": ["@mallory"],
        "approvals": {"finance_above": 900000, "finance": ["@acme/cfo"]},
        "guards": {},
        "unused": "reclaim",
        "waivers": [
            {"guard": "net-increase", "until": "2026-12-31", "reason": "launch", "approved_by": "mallory", "max": 50000}
        ],
    }
    teams = {"support": team()}
    return changed(calm(), state(BEFORE, teams), state(after, {"support": team(owners="@mallory")}))


def later_months() -> Plan:
    """August gets 79,500 more, and new demand is expected."""
    demand = [{"reason": "voice pilot", "monthly": 600, "from": "2026-10"}]
    after = team(overrides={"2026-08": 92000}, plan={"planned_demand": demand})
    return changed(calm(), state(BEFORE, {"support": team()}), state(BEFORE, {"support": after}))


def thirty_teams() -> Plan:
    """Thirty teams get more in August, every other one has new owners; one wallet moves now."""
    names = [f"team-{number:02}" for number in range(30)]
    before = {name: team(1000 + 10 * place, key=name, owners=f"@acme/{name}") for place, name in enumerate(names)}
    after = {
        name: team(
            1000 + 10 * place,
            key=name,
            owners=f"@acme/{name}{'-leads' if place % 2 else ''}",
            overrides={"2026-08": 3650 + 10 * place},
        )
        for place, name in enumerate(names)
    }
    made = changed(one_wallet(), state(BEFORE, before), state(BEFORE, after))
    return made.model_copy(update={"unapplied": (Unapplied(commit="feedface" * 5, teams=("team-07",)),)})


def thirty_asked() -> tuple[Asked, ...]:
    teams = tuple(f"team-{number:02}" for number in range(30))
    reasons = ("USD 79,500.00 move, above USD 10,000.00",)
    return (
        Asked(("@acme/cfo",), reasons),
        *(Asked((f"@acme/{name}", "@boss"), (), (("", (name,)),)) for name in teams),
    )


STORIES = {"governance": governance, "later-months": later_months, "thirty-teams": thirty_teams}
ASKED = {"governance": (FINANCE,), "later-months": (), "thirty-teams": thirty_asked()}
