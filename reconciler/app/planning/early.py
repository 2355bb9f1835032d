"""While ledgers are read, this process waits: each shard of the forecast whose ledgers are there is begun elsewhere.

What it is asked is what will be asked of it when all is read, as far as that can be told by then. What cannot be told
is supposed: that the organization wallet still holds free money, that the first wallets which change have charts, and
without usage that the ledgers of a few wallets begin and end on the days on which those of all do, and show no events.
Where that turns out otherwise, what was worked out early does not count, and the forecast is the same (decision 0120).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING

from reconciler.app.planning.comparison import Comparison
from reconciler.app.planning.pipeline import context_of, sharded_wallets
from reconciler.app.planning.questions import MOST_CHARTED, Watching, moved_by, questions_about, watching_budgets
from reconciler.model.applied import LastApplied
from reconciler.model.desired import DesiredWallet
from reconciler.model.live import Live, LiveWallet
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.objects import object_changes
from reconciler.plan.scope import Teams

if TYPE_CHECKING:
    from reconciler.app.processors import Processors
    from reconciler.forecast.context import ForecastContext
    from reconciler.forecast.question import WalletQuestion
    from reconciler.model.usage import DailyUsage

    _Asked = tuple[tuple[WalletQuestion, ...], ForecastContext]


class Early:
    """Has the forecast of `comparison`'s wallets begun by `processors` as their ledgers are read."""

    def __init__(
        self, comparison: Comparison, usage: DailyUsage | None, processors: Processors, *, teams: Teams = None
    ) -> None:
        self._comparison = comparison
        self._usage = usage if usage is not None and usage.source.rows else None
        self._processors = processors
        self._teams = teams
        self._shards = sharded_wallets(comparison.desired, teams)
        self._shard_of = {key: place for place, shard in enumerate(self._shards) for key in shard}
        self._missing = [len(shard) for shard in self._shards]
        self._read: dict[WalletRef, LiveWallet] = {}
        self._listed: Live
        self._uncharted = MOST_CHARTED
        self._context: ForecastContext | None = None
        self._asking = Lock()

    def listed(self, live: Live) -> None:
        """Take note of wallets without a ledger; of the others it will be heard."""
        self._listed = live
        for wallet in live.wallets.values():
            if wallet.id is None:
                self.read(wallet)

    def read(self, wallet: LiveWallet) -> None:
        """Begin with the shard that `wallet` was the last of."""
        self._read[wallet.key] = wallet
        place = self._shard_of[wallet.key]
        self._missing[place] -= 1
        if not self._missing[place]:
            self._processors.begin(partial(self._ask, self._shards[place]))

    def _ask(self, wallets: Mapping[WalletRef, DesiredWallet]) -> _Asked:
        with self._asking:
            return self._asked(wallets)

    def _asked(self, wallets: Mapping[WalletRef, DesiredWallet]) -> _Asked:
        from reconciler.forecast.shard_context import shard_context

        settings, desired = self._comparison.settings, self._comparison.desired
        read = replace(self._listed, wallets={key: self._read.pop(key) for key in wallets})
        live, diff = self._comparison.of_wallets(read, wallets)
        charted = sorted(moved_by(diff.changes))[: self._uncharted]
        self._uncharted -= len(charted)
        about = (wallets, settings, desired, live, diff)
        asked = tuple(questions_about(*about, watching=self._watching, charted=charted))
        return asked, shard_context(asked, self._context_of(live, asked))

    @cached_property
    def _watching(self) -> Watching:
        desired, wallets = self._comparison.desired, self._shard_of
        applied = self._comparison.last or LastApplied()
        changes = [change for change, _ in object_changes(desired, self._listed, applied, self._teams)]
        return watching_budgets(desired, self._listed, changes, wallets)

    def _context_of(self, live: Live, asked: tuple[WalletQuestion, ...]) -> ForecastContext:
        """Return what holds for all as far as it can be told: all of it, where there is usage."""
        from reconciler.forecast.fit import organization_week

        settings, desired = self._comparison.settings, self._comparison.desired
        first = self._context
        if first is None:
            made = context_of(settings, desired, live, self._usage, asked)
            first = self._context = replace(made, usual_week=organization_week(made.known))
            return first
        return first if self._usage else _by_ledgers(first, live)


def _by_ledgers(context: ForecastContext, live: Live) -> ForecastContext:
    """Return `context` with what the ledgers of `live` show of their own wallets."""
    from reconciler.forecast.history import spending
    from reconciler.forecast.observed import observations
    from reconciler.plan.ledger_usage import ledger_usage

    usage = ledger_usage(live, as_of=context.as_of)
    known = spending(usage, as_of=context.as_of)
    return replace(context, usage=usage, known=known, observations=observations(usage, known_until=known.known_until))
