"""The directory: which teams and wallets Keeptrusts lists, before anybody has said what is whose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.live import Identity
from reconciler.model.money import Money


@dataclass(frozen=True, slots=True)
class ListedTeam:
    """A team as Keeptrusts lists it; `name` and `slug` are empty where it has none."""

    id: str
    name: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class ListedWallet:
    """A wallet of a team or of a user, `held` being its balance.

    `flaw` says why its ledger cannot be asked for, empty where it can.
    """

    id: str
    scope: str
    holder: str
    held: Money
    flaw: str = ""

    @property
    def currency(self) -> str:
        return self.held.currency


@dataclass(frozen=True, slots=True)
class Directory:
    """Who the token is, and what is listed; `teams` by id, None where they cannot be listed."""

    identity: Identity
    teams: Mapping[str, ListedTeam] | None
    wallets: tuple[ListedWallet, ...]
    pool_currencies: tuple[str, ...]

    def team(self, id: str) -> ListedTeam:
        """Return a team by its id, with that alone where it is not listed."""
        return (self.teams or {}).get(id) or ListedTeam(id)
