"""Valid documents → Desired: mappings by key, in the order of their sorted keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from reconciler.findings import Origin
from reconciler.model.desired import Desired, DesiredObject, DesiredWallet
from reconciler.model.kinds.managed_kind import Key, ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.organization import OrganizationBudget
from reconciler.model.team import TeamBudget
from reconciler.source.documents import Document, M
from reconciler.source.tree import Tree

K = TypeVar("K", str, Key)
T = TypeVar("T")


def build(organization: Document[OrganizationBudget], teams: Sequence[Document[TeamBudget]], *, tree: Tree) -> Desired:
    """Return what documents without errors declare."""
    org = _model(organization)
    models = {document.path: _model(document) for document in teams}
    wallets = {wallet.key: wallet for path, team in models.items() for wallet in _wallets(path, team, org.currency)}
    present = [(path, team) for path, team in models.items() if team.state == "present"]
    absent = [(path, team) for path, team in models.items() if team.state == "absent"]
    return Desired(
        organization=org,
        teams=_sorted({team.team: team for team in models.values()}),
        wallets=_sorted(wallets),
        objects={
            kind.name: _objects(kind, present if kind.of_teams else [(organization.path, org)], org.currency)
            for kind in kinds()
        },
        tree_digest=tree.digest,
        absent={kind.name: _objects(kind, absent, org.currency) for kind in kinds() if kind.of_teams},
        folder=tree.name,
        files={file.path: file.data for file in tree.files},
    )


def _objects(
    kind: ManagedKind[V], files: Iterable[tuple[str, TeamBudget | OrganizationBudget]], currency: str
) -> dict[Key, DesiredObject[V]]:
    """Return the objects of `kind` that `files` declare in its section."""
    listed: dict[Key, DesiredObject[V]] = {}
    for path, model in files:
        team = model if isinstance(model, TeamBudget) else None
        for index, entry in enumerate(getattr(model, kind.section, ())):
            owned = kind.declared(entry, team, currency=currency)
            if owned is None:
                raise ValueError(f"{path}: the {kind.noun} {entry.name} is about nothing")
            origin = Origin(path, (kind.section, index))
            listed[kind.key(owned.value)] = DesiredObject(
                owned.value, origin, team.team if team else "", owned.environment
            )
    return _sorted(listed)


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


def _model(document: Document[M]) -> M:
    if document.shape.model is None:
        raise ValueError(f"{document.path} has errors")
    return document.shape.model


def _sorted(mapping: Mapping[K, T]) -> dict[K, T]:
    return dict(sorted(mapping.items(), key=lambda item: item[0]))
