"""What apply needs from the world, as protocols: the client, the sandbox and tests all fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.live import Listing, Live, LiveWallet, Pool
from reconciler.model.money import Money
from reconciler.model.period import Period
from reconciler.model.write import WriteResult


class LedgerReader(Protocol):
    """Reads what a write must be checked against. Every method reads afresh and raises RemoteError unless whole."""

    def wallet(self, key: str, currency: str, period: Period) -> LiveWallet:
        """Return the wallet of team `key` with its whole ledger since `period` began, without an upper bound."""

    def pool(self, currency: str) -> Pool | None:
        """Return the organization wallet, None when the token cannot see it."""

    def objects(self, kind: ManagedKind[V]) -> Listing[V]:
        """Return every object of `kind` that can be understood."""


class LiveReader(LedgerReader, Protocol):
    """Reads single things before a write, and the whole live state for the comparison before and after a run."""

    def live(self, *, organization: str, wallets: Mapping[str, str], period: Period) -> Live:
        """Return everything; `wallets` maps the team ids that are asked for to their currency. Some may be `unread`."""


class Writer(Protocol):
    """The writes. None of them retries; each sends at most one request."""

    def allocate(self, wallet: str, amount: Money, *, description: str, operation: str) -> WriteResult: ...

    def reclaim(self, wallet: str, amount: Money, *, description: str, operation: str) -> WriteResult: ...

    def create(self, kind: ManagedKind[V], document: Mapping[str, Any]) -> WriteResult: ...

    def replace(self, kind: ManagedKind[V], id: str, document: Mapping[str, Any]) -> WriteResult: ...

    def delete(self, kind: ManagedKind[V], id: str) -> WriteResult: ...
