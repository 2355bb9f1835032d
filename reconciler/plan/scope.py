"""Scope: the teams that a change of the YAML is about. The others are neither read nor forecast nor changed."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.model.desired import Desired, DesiredWallet

Teams = Collection[str] | None
"""Names of teams; None stands for all of them, and for what belongs to no team."""


def changed_teams(before: Desired, after: Desired) -> frozenset[str] | None:
    """Return the teams that `after` adds, removes or changes, None where it changes what holds for all of them."""
    if before.organization != after.organization:
        return None
    names = {*before.teams, *after.teams}
    return frozenset(name for name in names if before.teams.get(name) != after.teams.get(name))


def wallets_of(desired: Desired, teams: Teams) -> dict[str, DesiredWallet]:
    """Return the wallets of `teams` by key."""
    return {key: wallet for key, wallet in desired.wallets.items() if teams is None or wallet.team in teams}
