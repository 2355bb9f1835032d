"""What a file declares: worked out once of each team's, for the rules that look across files and for the whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reconciler.findings import Origin
from reconciler.model.desired import DesiredObject, DesiredWallet
from reconciler.model.kinds.managed_kind import Key, ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.organization import OrganizationBudget
from reconciler.model.team import TeamBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.source.context import TeamView
from reconciler.source.documents import KEPT_FILES

Keyed = tuple[tuple[Key, DesiredObject[V]], ...]
"""Objects in the order of the file, with what they are told apart by. A key may be there twice."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What one team's file declares, as far as it is valid; `objects` by the name of their kind."""

    team: TeamBudget
    wallets: Mapping[WalletRef, DesiredWallet]
    objects: Mapping[str, Keyed[Any]]


@lru_cache(maxsize=KEPT_FILES)
def declared(view: TeamView, currency: str) -> Declared:
    """Return what a team's file declares in an organization's currency."""
    return Declared(
        view.team,
        {wallet.key: wallet for wallet in _wallets(view, currency)},
        {kind.name: objects(kind, view.path, view.team, currency) for kind in kinds() if kind.of_teams},
    )


def objects(kind: ManagedKind[V], path: str, model: TeamBudget | OrganizationBudget, currency: str) -> Keyed[V]:
    """Return the objects of `kind` that the file at `path` declares; one that is about nothing is left out."""
    return tuple(_objects(kind, path, model, currency))


def _objects(
    kind: ManagedKind[V], path: str, model: TeamBudget | OrganizationBudget, currency: str
) -> Iterator[tuple[Key, DesiredObject[V]]]:
    team = model if isinstance(model, TeamBudget) else None
    name = team.team if team else ""
    for index, entry in enumerate(getattr(model, kind.section, ())):
        owned = kind.declared(entry, team, currency=currency)
        if owned is not None:
            origin = Origin(path, (kind.section, index))
            yield kind.key(owned.value), DesiredObject(owned.value, origin, name, owned.environment, owned.previously)


def _wallets(view: TeamView, currency: str) -> Iterator[DesiredWallet]:
    path, team, absent = view.path, view.team.team, view.team.state == "absent"
    for environment, wallet in view.team.wallets.items():
        key, origin = WalletRef.team(wallet.team_id), Origin(path, ("wallets", environment))
        yield DesiredWallet(team, environment, key, currency, wallet, origin, absent)
