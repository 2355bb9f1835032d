"""Which wallets are forecast together."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.desired import DesiredWallet

MOST_WALLETS = 128
"""Wallets of a shard, unless one team has more. It is the same for every machine, because sums depend on it.

Decision 0041.
"""


def sharded(wallets: Sequence[DesiredWallet]) -> list[list[int]]:
    """Return the places of the wallets of each shard: whole teams, of MOST_WALLETS wallets at most together."""
    teams: dict[str, list[int]] = {}
    for place, wallet in enumerate(wallets):
        teams.setdefault(wallet.team, []).append(place)
    shards: list[list[int]] = []
    for places in teams.values():
        if not shards or len(shards[-1]) + len(places) > MOST_WALLETS:
            shards.append([])
        shards[-1] += places
    return [sorted(places) for places in shards]
