"""Scope: the teams that a change of the YAML is about. The others are neither read nor forecast nor changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.period import Period
from reconciler.model.plan import LaterTarget

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


def later_targets(
    before: Desired, after: Desired, *, teams: Collection[str], periods: Sequence[Period]
) -> Iterator[LaterTarget]:
    """Yield the targets of `periods` in which the wallets of `teams` differ, by team, environment and month."""
    old, new = (
        {(wallet.team, wallet.environment): wallet for wallet in wallets_of(desired, teams).values()}
        for desired in (before, after)
    )
    for team, environment in sorted({*old, *new}):
        for period in periods:
            found = (wallets.get((team, environment)) for wallets in (old, new))
            was, will = (wallet.target(period).amount if wallet else None for wallet in found)
            if was != will:
                yield LaterTarget(team=team, environment=environment, period=period, before=was, after=will)
