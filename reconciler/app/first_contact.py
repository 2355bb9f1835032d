"""Which wallets `--first-apply` is about: all of them, or those that it names."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from reconciler.app.wallet_names import chosen
from reconciler.plan.scope import FirstApply

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.settings import Settings

FirstNames = bool | Collection[str]
"""What a person says with `--first-apply`: nothing, every wallet, or wallets as `TEAM/ENV` or `TEAM`."""


def first_wallets(settings: Settings, desired: Desired, said: FirstNames) -> FirstApply:
    """Return the wallets that are to be taken for known although nothing was ever applied to them; True: all.

    A sandbox knows all of its wallets. Raises UsageError for a name that no YAML declares.
    """
    if settings.sandbox or isinstance(said, bool):
        return settings.sandbox or bool(said)
    return frozenset(chosen(desired, sorted(said)) or ())
