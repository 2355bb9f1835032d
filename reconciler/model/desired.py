"""Desired: what git says, as mappings by key, built once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Generic, TypeVar

from reconciler.findings import Origin
from reconciler.model.kinds.managed_kind import Key, ManagedKind, V
from reconciler.model.money import Money
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.wallet_target import WalletTarget


@dataclass(frozen=True, slots=True)
class DesiredWallet:
    """A wallet of one team and environment. `absent` asks for a target of zero."""

    team: str
    environment: str
    key: WalletRef
    currency: str
    setting: WalletTarget
    origin: Origin
    absent: bool = False

    def target(self, period: Period) -> Money:
        return Money(Decimal(0) if self.absent else self.setting.target(period), self.currency)


@dataclass(frozen=True, slots=True)
class DesiredObject(Generic[V]):
    """`team` and `environment` tell whose it is; no team: the organization's; no environment: of no wallet of ours.

    `previously` is the key that it had before it was renamed.
    """

    value: V
    origin: Origin
    team: str = ""
    environment: str | None = None
    previously: Key | None = None


T = TypeVar("T")
Objects = Mapping[str, Mapping[Key, DesiredObject[Any]]]
"""Objects by the name of their kind, and by key."""


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything the YAML declares, valid as a whole. Mappings come into the order of their keys here, once for all.

    `absent` are the objects of teams that are to be gone. `files` are the bytes that were read, by the paths that
    origins name. What the teams that are `released` say is left out: they are not managed.
    """

    organization: OrganizationBudget
    teams: Mapping[str, TeamBudget]
    wallets: Mapping[WalletRef, DesiredWallet]
    objects: Objects = field(default_factory=dict)
    tree_digest: str = ""
    absent: Objects = field(default_factory=dict)
    folder: str = "budgets"
    files: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)
    released: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("teams", "wallets"):
            object.__setattr__(self, name, _in_order(getattr(self, name)))
        for name in ("objects", "absent"):
            listed = {kind: _in_order(objects) for kind, objects in getattr(self, name).items()}
            object.__setattr__(self, name, listed)

    @property
    def organization_path(self) -> str:
        return f"{self.folder}/org.yaml"

    def team_path(self, team: str) -> str:
        return f"{self.folder}/teams/{team}.yaml"

    def of(self, kind: ManagedKind[V]) -> Mapping[Key, DesiredObject[V]]:
        return self.objects.get(kind.name, {})

    def absent_of(self, kind: ManagedKind[V]) -> Mapping[Key, DesiredObject[V]]:
        """Return the objects of `kind` that are to be gone with their team."""
        return self.absent.get(kind.name, {})

    def without(self, teams: Collection[str]) -> Desired:
        """Return this without what `teams` say, by the name they have or had: they are released."""
        if not teams:
            return self
        teams = {*teams, *(name for name, team in self.teams.items() if team.previously in teams)}
        return replace(
            self,
            teams={name: team for name, team in self.teams.items() if name not in teams},
            wallets={key: wallet for key, wallet in self.wallets.items() if wallet.team not in teams},
            objects=_of_others(self.objects, teams),
            absent=_of_others(self.absent, teams),
            released=self.released | frozenset(teams),
        )

    def without_teams(self) -> Desired:
        """Return what holds for the organization alone."""
        general = {
            kind: {key: wanted for key, wanted in listed.items() if not wanted.team}
            for kind, listed in self.objects.items()
        }
        return replace(self, teams={}, wallets={}, objects=general, absent={})

    def approvers(self, team: str) -> tuple[str, ...]:
        """Return of whom one must approve a change of `team`: its owners, else, and without a team, everybody's."""
        known = self.teams.get(team)
        return (known.owners if known else ()) or self.organization.owners

    def differing_wallets(self, other: Desired) -> dict[WalletRef, tuple[DesiredWallet | None, DesiredWallet | None]]:
        """Return, before and after, the wallets that may differ: those that are not one and the same in both."""
        old, new = self.wallets, other.wallets
        found = {key: (old.get(key), wallet) for key, wallet in new.items() if old.get(key) is not wallet}
        return found | {key: (wallet, None) for key, wallet in old.items() if key not in new}

    def edited_teams(self, other: Desired) -> frozenset[str]:
        """Return the teams that only one of the two has, or that the other says something else of."""
        names = {*self.teams, *other.teams}
        return frozenset(name for name in names if not _is_same(self.teams.get(name), other.teams.get(name)))


def _of_others(objects: Objects, teams: Collection[str]) -> Objects:
    return {
        kind: {key: wanted for key, wanted in listed.items() if wanted.team not in teams}
        for kind, listed in objects.items()
    }


def _is_same(before: TeamBudget | None, after: TeamBudget | None) -> bool:
    """Whether a team is the same, its wallets in their order: an alert without an environment watches the first."""
    if before is after:
        return True
    return before == after and (before is None or after is None or list(before.wallets) == list(after.wallets))


def _in_order(mapping: Mapping[Any, T]) -> dict[Any, T]:
    ordered = sorted(mapping)
    return dict(mapping) if ordered == list(mapping) else {key: mapping[key] for key in ordered}
