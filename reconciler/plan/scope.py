"""Scope: the teams that a change of the YAML is about. The others are neither read nor forecast nor changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.later import LaterTarget
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

Teams = Collection[str] | None
"""Names of teams; None stands for all of them, and for what belongs to no team."""

FirstApply = bool | frozenset[str]
"""Wallets from which money may be taken back although nothing was ever applied to them; True stands for all."""


def is_named(first: FirstApply, wallet: str) -> bool:
    """Whether `wallet` is treated as known whether it is or not."""
    return first is True or (first is not False and wallet in first)


def is_about(teams: Teams, team: str) -> bool:
    """Whether what belongs to `team` is among what belongs to `teams`; an empty name stands for the organization."""
    return teams is None or (team != "" and team in teams)


def changed_teams(before: Desired, after: Desired) -> frozenset[str] | None:
    """Return the teams that `after` adds, removes or changes, None where it changes what holds for all of them."""
    if before.organization != after.organization:
        return None
    return before.edited_teams(after)


def begun(desired: Desired) -> Desired:
    """Return what stands for the YAML before there was any: the same organization and owners, and nothing else said."""
    organization = desired.organization
    kept = {"owners": organization.owners}
    silent = {
        name: kept.get(name, field.get_default(call_default_factory=True))
        for name, field in type(organization).model_fields.items()
        if not field.is_required()
    }
    bare = organization.model_copy(update=silent)
    return replace(desired.without_teams(), organization=bare, objects={})


def wallets_of(desired: Desired, teams: Teams) -> dict[WalletRef, DesiredWallet]:
    if teams is None:
        return dict(desired.wallets)
    asked = frozenset(teams)
    return {key: wallet for key, wallet in desired.wallets.items() if wallet.team in asked}


def later_targets(
    before: Desired, after: Desired, *, teams: Collection[str], periods: Sequence[Period]
) -> Iterator[LaterTarget]:
    """Yield the targets of `periods` in which the wallets of `teams` differ, by team, environment and month."""
    old, new = wallets_of(before, teams), wallets_of(after, teams)
    for wallet in sorted({**old, **new}.values(), key=lambda wallet: (wallet.team, wallet.environment, wallet.key)):
        for period in periods:
            found = (wallets.get(wallet.key) for wallets in (old, new))
            was, will = (one.target(period).amount if one else None for one in found)
            if was != will:
                yield LaterTarget(
                    team=wallet.team,
                    environment=wallet.environment,
                    wallet=wallet.key,
                    period=period,
                    before=was,
                    after=will,
                )
