"""The Reader: live state, read whole or not at all. It can only GET."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

import httpx

from reconciler.keeptrusts.channel import Begun, Channel, OnAnswer
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.reads import Listings, Progress, Reads, Watcher
from reconciler.keeptrusts.spending import Dimension, spend_by, spend_on
from reconciler.model.directory import Directory
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.live import Identity, Listing, Live, LiveWallet, Pool
from reconciler.model.period import Period
from reconciler.model.spend import Payment, SpentRow
from reconciler.model.wallet_ref import WalletRef

_Result = TypeVar("_Result")


class Reader:
    """Reads one Keeptrusts; open it with `with`. Every method reads afresh and raises RemoteError unless whole.

    `transport` replaces the network, and `on_answer` is told of every answer as it came. Methods block; inside, reads
    run concurrently within the connection's bound.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        on_answer: OnAnswer | None = None,
    ) -> None:
        self._channel = Channel(connection, transport=transport, on_answer=on_answer)
        self._reads = Reads(self._channel)
        self._begun: dict[str, Begun[Listings]] = {}

    def __enter__(self) -> Self:
        self._channel.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.__exit__(kind, error, trace)

    def identity(self) -> Identity:
        return self._run(self._reads.identity)

    def require_organization(self, expected: str) -> Identity:
        """Return who the token is; raises UnauthorizedError unless it belongs to the organization `expected`."""
        return self._run(partial(self._reads.identity_in, expected))

    def begin(self, organization: str) -> None:
        """Start to read what `live` needs before it is known of which wallets; it raises what goes wrong."""
        self._begun[organization] = self._channel.begin(partial(self._reads.listings, organization))

    def is_busy(self) -> bool:
        """Whether something is read that was begun."""
        return not all(begun.is_done() for begun in self._begun.values())

    def live(
        self,
        *,
        organization: str,
        wallets: Mapping[WalletRef, str],
        period: Period,
        currency: str | None = None,
        on_progress: Progress | None = None,
        watcher: Watcher | None = None,
        declared: Collection[WalletRef] | None = None,
    ) -> Live:
        """Return everything that a plan for `period` compares with, read whole.

        A ledger with an entry of a type that nobody knows is `unread`, and the others are there.

        `wallets` maps those that are asked for to their currencies; `currency` is that of the pool
        (default: the one currency of `wallets`). The organization is checked before anything else is read.
        `on_progress` is told how many ledgers of how many are read, from the reading thread, and `watcher` which.
        Ledgers are read in the order of `wallets`. Of wallets that are `declared` in the same currency and not asked
        for nothing is told, and teams are not listed where nobody's wallet is left and all that are asked for exist.
        """
        currencies = set(wallets.values())
        pool = currency or (currencies.pop() if len(currencies) == 1 else None)
        begun = self._begun.pop(organization, None)
        listed = begun.result() if begun else self._run(partial(self._reads.listings, organization))
        asked = listed, dict(wallets), period, pool, on_progress, watcher, declared
        return self._run(partial(self._reads.live, *asked))

    def wallet(self, wallet: WalletRef, currency: str, period: Period) -> LiveWallet:
        """Return `wallet` with its whole ledger since `period` began, without an upper bound.

        Raises UnreadableError for an entry of a type that nobody knows.
        """
        return self._run(partial(self._reads.wallet, wallet, currency, period))

    def pool(self, currency: str) -> Pool | None:
        """Return the organization wallet, None when the token cannot see it."""
        return self._run(partial(self._reads.pool, currency))

    def objects(self, kind: ManagedKind[V]) -> Listing[V]:
        return self._run(partial(self._reads.objects, kind))

    def teams(self) -> Mapping[str, str] | None:
        """Return the names of the teams by id, None when this token or deployment does not list teams."""
        return self._run(self._reads.teams)

    def directory(self) -> Directory:
        """Return who the token is, and which teams and wallets are listed."""
        return self._run(self._reads.directory)

    def spend(self, first: date, end: date, by: Dimension = "team") -> tuple[SpentRow, ...] | None:
        """Return what was spent from the day `first` until before `end`, sorted; None where that is not shown."""
        return self._run(partial(spend_by, self._channel, by, first, end))

    def spend_on(self, days: Sequence[date]) -> dict[date, tuple[SpentRow, ...]]:
        """Return what each team spent on single days."""
        return self._run(partial(spend_on, self._channel, days, workers=self._channel.connection.concurrency))

    def payments(
        self, organization: str, period: Period, *, on_progress: Progress | None = None
    ) -> tuple[Payment, ...]:
        """Return what every wallet of every scope settled since `period` began, read whole.

        The organization of the token is checked first.
        """
        return self._run(partial(self._reads.payments, organization, period, on_progress))

    def _run(self, read: Callable[[], Awaitable[_Result]]) -> _Result:
        return self._channel.run(read)
