"""Desired: what git says, as mappings by key, built once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.model.billing_budget import BillingBudget, BillingBudgetKey
from reconciler.model.money import Money
from reconciler.model.organization import ExportSchedule, OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget, WalletTarget


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """The place in the YAML that something comes from: a file and the keys down to it."""

    path: str
    keys: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class DesiredWallet:
    """A wallet of one team and environment. `key` is the Keeptrusts team id; `absent` asks for a target of zero."""

    team: str
    environment: str
    key: str
    currency: str
    setting: WalletTarget
    origin: Origin
    absent: bool = False

    def target(self, period: Period) -> Money:
        return Money(Decimal(0) if self.absent else self.setting.target(period), self.currency)


@dataclass(frozen=True, slots=True)
class DesiredBillingBudget:
    """`team` and `environment` tell whose it is; `environment` is None when it watches no wallet of ours."""

    team: str
    environment: str | None
    budget: BillingBudget
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredExportSchedule:
    schedule: ExportSchedule
    origin: Origin


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything the YAML declares, valid as a whole. Mappings are in the order of their sorted keys."""

    organization: OrganizationBudget
    teams: Mapping[str, TeamBudget]
    wallets: Mapping[str, DesiredWallet]
    billing_budgets: Mapping[BillingBudgetKey, DesiredBillingBudget]
    export_schedules: Mapping[str, DesiredExportSchedule]
    tree_digest: str = ""
    absent_billing_budgets: Mapping[BillingBudgetKey, DesiredBillingBudget] = field(default_factory=dict)
    folder: str = "budgets"

    @property
    def organization_path(self) -> str:
        return f"{self.folder}/org.yaml"

    def team_path(self, team: str) -> str:
        return f"{self.folder}/teams/{team}.yaml"

    def approvers(self, team: str) -> tuple[str, ...]:
        """Return of whom one must approve a change of `team`: its owners, else, and without a team, everybody's."""
        known = self.teams.get(team)
        return (known.owners if known else ()) or self.organization.owners
