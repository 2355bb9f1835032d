"""Teams and wallets as people name them on a command line: `support/prod`, or `support` for all of a team's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from reconciler.findings import UsageError
from reconciler.meant import close_to, did_you_mean

if TYPE_CHECKING:
    from reconciler.model.desired import Desired, DesiredWallet
    from reconciler.plan.scope import Teams


def named(desired: Desired, teams: Collection[str]) -> Teams:
    """Return the teams that were named, None for all of them; UsageError for one that no YAML declares."""
    for name in teams:
        if name not in desired.teams:
            meant = did_you_mean(close_to(name, desired.teams, alike=0.5))
            listed = ", ".join(desired.teams) or "none"
            raise UsageError(f"there is no team `{name}`", hint=f"{meant} declared are: {listed}".strip())
    return frozenset(teams) or None


def chosen(desired: Desired, names: Sequence[str]) -> list[str] | None:
    """Return the keys of the wallets that `names` stand for, None when there are no names.

    Raises:
        UsageError: for a name that no YAML declares, with the one that is probably meant.
    """
    if not names:
        return None
    found = {wallet.key for name in names for wallet in wallets_of(desired, name)}
    return [key for key in desired.wallets if key in found]


def wallets_of(desired: Desired, name: str) -> list[DesiredWallet]:
    """Return the wallet `TEAM/ENV`, or all wallets of `TEAM`."""
    team, _, environment = name.partition("/")
    found = [
        wallet
        for wallet in desired.wallets.values()
        if wallet.team == team and (not environment or wallet.environment == environment)
    ]
    if not found or name.endswith("/"):
        raise _unknown(desired, name)
    return found


def wallet_of(desired: Desired, name: str) -> DesiredWallet:
    """Return the one wallet that `name` stands for; a team with several must say which."""
    found = wallets_of(desired, name)
    if len(found) > 1:
        listed = " or ".join(f"`{label(wallet)}`" for wallet in found)
        raise UsageError(f"`{name}` has {len(found)} wallets", hint=f"write {listed}")
    return found[0]


def label(wallet: DesiredWallet) -> str:
    return f"{wallet.team}/{wallet.environment}"


def _unknown(desired: Desired, name: str) -> UsageError:
    wallets = [label(wallet) for wallet in desired.wallets.values()]
    teams = sorted({wallet.team for wallet in desired.wallets.values()})
    kind, known = ("wallet", wallets) if "/" in name else ("team", [*teams, *wallets])
    meant = did_you_mean(close_to(name, known, alike=0.5))
    listed = ", ".join(wallets[:12]) + (f" and {len(wallets) - 12} more" if len(wallets) > 12 else "")
    return UsageError(f"there is no {kind} `{name}`", hint=f"{meant} declared are: {listed or 'none'}".strip())
