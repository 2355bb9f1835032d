"""The draft: what is to be added to the YAML so that a plan is empty, what is asked, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.model.imported import NotDeclared
from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.plan.importing.grouping import ENVIRONMENTS, Grouping
from reconciler.plan.importing.objects import AlertDraft, alerts_of, schedules_of, unreadable_of
from reconciler.plan.importing.sources import Sources
from reconciler.plan.importing.wallets import Asked, WalletDraft, wallets_of

_ENVIRONMENT = re.compile(rf"[\s(\[_./-]+({'|'.join(ENVIRONMENTS)})\b[)\]]?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TeamDraft:
    """What is to be added to a team's file; `name` is for people, empty where nobody says one."""

    team: str
    name: str
    wallets: tuple[WalletDraft, ...]
    alerts: tuple[AlertDraft, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What the YAML does not say yet, by team; what is asked, and what is left out."""

    teams: Mapping[str, TeamDraft]
    schedules: tuple[ExportSchedule, ...] = ()
    asked: tuple[Asked, ...] = ()
    left_out: tuple[NotDeclared, ...] = ()

    @property
    def wallets(self) -> tuple[WalletDraft, ...]:
        return tuple(wallet for team in self.teams.values() for wallet in team.wallets)

    @property
    def alerts(self) -> tuple[AlertDraft, ...]:
        return tuple(alert for team in self.teams.values() for alert in team.alerts)

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that are used, those that are usual first."""
        return Grouping({wallet.key: wallet.place for wallet in self.wallets}).environments


def draft_of(sources: Sources) -> Draft:
    """Return what is to be added to the YAML; nothing that it says already is in it."""
    found = tuple(wallets_of(sources))
    wallets = [item for item in found if isinstance(item, WalletDraft)]
    declared = sources.desired.wallets.keys() if sources.desired else set()
    objects = (*alerts_of(sources, {wallet.key for wallet in wallets} | declared), *schedules_of(sources))
    alerts = [item for item in objects if isinstance(item, AlertDraft)]
    left = (*found, *objects, *unreadable_of(sources))
    names = sorted({wallet.place.team for wallet in wallets} | {alert.team for alert in alerts})
    return Draft(
        teams={team: _team(sources, team, wallets, alerts) for team in names},
        schedules=tuple(item for item in objects if isinstance(item, ExportSchedule)),
        asked=tuple(item for item in found if isinstance(item, Asked)),
        left_out=tuple(item for item in left if isinstance(item, NotDeclared)),
    )


def _team(sources: Sources, team: str, wallets: Iterable[WalletDraft], alerts: Iterable[AlertDraft]) -> TeamDraft:
    """Return a team with its wallets in the order of environments: the first is what an alert watches by default."""
    own = {wallet.place.environment: wallet for wallet in wallets if wallet.place.team == team}
    usual = [*ENVIRONMENTS, *sorted(own)]
    ordered = sorted(own.values(), key=lambda wallet: usual.index(wallet.place.environment))
    ids = [id for id, place in sources.grouping.places.items() if place.team == team]
    names = (
        _ENVIRONMENT.sub(" ", sources.directory.team(id).name).strip()
        for id in (*(wallet.key.id for wallet in ordered), *ids)
    )
    name = next(filter(None, names), "")
    return TeamDraft(team, name, tuple(ordered), tuple(alert for alert in alerts if alert.team == team))
