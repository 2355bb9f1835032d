"""Valid documents → Desired: mappings by key, in the order of their sorted keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from reconciler.model.billing_budget import BillingBudget, BillingBudgetKey
from reconciler.model.desired import Desired, DesiredBillingBudget, DesiredExportSchedule, DesiredWallet, Origin
from reconciler.model.organization import OrganizationBudget
from reconciler.model.team import BillingBudgetSetting, TeamBudget
from reconciler.source.documents import Document
from reconciler.source.shape import M
from reconciler.source.tree import Tree

K = TypeVar("K", str, BillingBudgetKey)
V = TypeVar("V")


def build(organization: Document[OrganizationBudget], teams: Sequence[Document[TeamBudget]], *, tree: Tree) -> Desired:
    """Return what documents without errors declare."""
    org = _model(organization)
    wallets: dict[str, DesiredWallet] = {}
    present: dict[BillingBudgetKey, DesiredBillingBudget] = {}
    absent: dict[BillingBudgetKey, DesiredBillingBudget] = {}
    for document in teams:
        team = _model(document)
        wallets.update((wallet.key, wallet) for wallet in _wallets(document.path, team, org.currency))
        budgets = absent if team.state == "absent" else present
        budgets.update((budget.budget.key, budget) for budget in _budgets(document.path, team, org.currency))
    return Desired(
        organization=org,
        teams=_sorted({_model(document).team: _model(document) for document in teams}),
        wallets=_sorted(wallets),
        billing_budgets=_sorted(present),
        export_schedules=_sorted(
            {
                schedule.name: DesiredExportSchedule(schedule, Origin(organization.path, ("export_schedules", index)))
                for index, schedule in enumerate(org.export_schedules)
            }
        ),
        tree_digest=tree.digest,
        absent_billing_budgets=_sorted(absent),
        folder=tree.name,
    )


def watched(team: TeamBudget, setting: BillingBudgetSetting) -> str | None:
    """Return the environment of the wallet that a billing budget watches, None when it is none of the team's."""
    if setting.scope is None:
        environment = setting.environment or next(iter(team.wallets), None)
        return environment if environment in team.wallets else None
    if setting.scope.type != "team":
        return None
    return next((key for key, wallet in team.wallets.items() if wallet.team_id == setting.scope.id), None)


def scope_of(team: TeamBudget, setting: BillingBudgetSetting) -> tuple[str, str] | None:
    """Return the scope's type and id that a billing budget has in Keeptrusts, None when it has none."""
    if setting.scope is not None:
        return setting.scope.type, setting.scope.id
    environment = watched(team, setting)
    return None if environment is None else ("team", team.wallets[environment].team_id)


def _wallets(path: str, team: TeamBudget, currency: str) -> Iterator[DesiredWallet]:
    for environment, wallet in team.wallets.items():
        yield DesiredWallet(
            team=team.team,
            environment=environment,
            key=wallet.team_id,
            currency=currency,
            setting=wallet,
            origin=Origin(path, ("wallets", environment)),
            absent=team.state == "absent",
        )


def _budgets(path: str, team: TeamBudget, currency: str) -> Iterator[DesiredBillingBudget]:
    for index, setting in enumerate(team.billing_budgets):
        scope = scope_of(team, setting)
        if scope is None:
            raise ValueError(f"{team.team}: the billing budget {setting.name} watches nothing")
        budget = BillingBudget.model_construct(
            scope_type=scope[0],
            scope_id=scope[1],
            name=setting.name,
            amount=setting.amount,
            currency=currency,
            period=setting.period,
            alert_percentages=tuple(sorted(set(setting.alert_percentages))),
            hard_limit=setting.hard_limit,
        )
        origin = Origin(path, ("billing_budgets", index))
        yield DesiredBillingBudget(team.team, watched(team, setting), budget, origin)


def _model(document: Document[M]) -> M:
    if document.shape.model is None:
        raise ValueError(f"{document.path} has errors")
    return document.shape.model


def _sorted(mapping: Mapping[K, V]) -> dict[K, V]:
    return dict(sorted(mapping.items(), key=lambda item: item[0]))
