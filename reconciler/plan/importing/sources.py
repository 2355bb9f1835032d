"""What a draft is made from: live state with twelve months of ledgers, and what YAML and people say already."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date

from pydantic import TypeAdapter, ValidationError

from reconciler.model.desired import Desired
from reconciler.model.directory import Directory
from reconciler.model.live import Live
from reconciler.model.period import FiscalYear, Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.yaml_types import Identifier
from reconciler.plan.importing.funding import Answers
from reconciler.plan.importing.grouping import Grouping


@dataclass(frozen=True, slots=True)
class Sources:
    """`live` holds the wallets of `readable_wallets`; `desired` is None as long as there is no YAML.

    `answers` are the months that people said money was for. On `as_of`, accepted differences may still be accepted.
    `writable` tells whether a file can hold a text. Teams that were `released` are left alone.
    """

    directory: Directory
    live: Live
    grouping: Grouping
    period: Period
    as_of: date
    currency: str
    year: FiscalYear
    writable: Callable[[str], bool]
    answers: Answers = field(default_factory=dict)
    desired: Desired | None = None
    released: Collection[str] = ()

    def is_accepted(self, key: str) -> bool:
        """Whether org.yaml accepts today that git does not declare `key`."""
        accepted = self.desired.organization.acknowledged_drift if self.desired else ()
        return any(entry.covers(key, self.as_of) for entry in accepted)

    def why_closed(self, team: str) -> tuple[str, ...]:
        """Return why nothing is added to `team`, and what to do; nothing where it is open."""
        known = self.desired.teams.get(team) if self.desired else None
        if known is not None and known.state == "absent":
            return f"the YAML wants the team {team} to be gone", "give it another team in a file for `--map`"
        if team in self.released:
            return f"the team {team} was released from management", f"write it by hand, and `kt-budgets adopt {team}`"
        return ()


def readable_wallets(directory: Directory, grouping: Grouping, currency: str) -> dict[WalletRef, str]:
    """Return the wallets whose ledgers can be asked for, with their currency."""
    return {
        WalletRef.team(wallet.holder): currency
        for wallet in directory.wallets
        if wallet.scope == "team" and wallet.currency == currency and not wallet.flaw
        if wallet.holder in grouping.places and is_identifier(wallet.holder)
    }


def currency_of(directory: Directory) -> str | None:
    """Return the currency of the pool; of several, the one that most wallets of teams have; None where there is none.

    Where no pool is shown, the wallets of teams decide alone.
    """
    held = [wallet.currency for wallet in directory.wallets if wallet.scope == "team"]
    offered = directory.pool_currencies or tuple(sorted(set(held)))
    return max(offered, key=held.count, default=None)


_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


def is_identifier(text: str) -> bool:
    """Whether YAML can name something by this id."""
    try:
        _IDENTIFIER.validate_python(text)
    except ValidationError:
        return False
    return True
