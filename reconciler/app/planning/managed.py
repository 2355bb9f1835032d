"""What of the YAML is managed: a team that was released is neither planned nor funded, and not taken for gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.findings import Finding, Origin, Severity
from reconciler.journal.history import history_of
from reconciler.source.marks import positions

if TYPE_CHECKING:
    from reconciler.journal.record import Record
    from reconciler.model.desired import Desired


def managed(desired: Desired, records: Sequence[Record]) -> Desired:
    """Return what `desired` says of what is managed, by the `records` of the journal."""
    return desired.without(history_of(records).released.keys())


def released_teams(desired: Desired, records: Sequence[Record]) -> Iterator[Finding]:
    """Yield a warning for each team whose file says something that nothing comes of."""
    teams = sorted(history_of(records).released.keys() & desired.teams.keys())
    origins = {team: Origin(desired.team_path(team), ("team",)) for team in teams}
    places = positions(desired.files, origins.values())
    for team in teams:
        yield Finding(
            places[origins[team]],
            "released-team",
            Severity.WARNING,
            f"{team} was released: its wallets and alerts are neither planned, funded nor compared",
            f"`kt-budgets adopt {team}` takes it back as it is; else remove its file, which changes nothing",
        )
