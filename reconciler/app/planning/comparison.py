"""What a reading is compared with: the YAML, and what the journal knows of operations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from reconciler.app.first_contact import FirstNames, first_wallets
from reconciler.apply.derivation import read_since
from reconciler.journal.history import History, history_of
from reconciler.journal.journal import last_declared
from reconciler.journal.ledger_match import all_owned
from reconciler.journal.standing import Standing
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.live import Live
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.diff import Diff, make_plan
from reconciler.plan.scope import FirstApply, Teams
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.journal.record import Record
    from reconciler.journal.trace import Trace


@dataclass(frozen=True)
class Comparison:
    """`records` are those of the journal.

    Without `first_apply`, or for wallets that it does not name, nothing is taken back from a wallet that nothing was
    ever applied to.
    """

    settings: Settings
    desired: Desired
    records: Sequence[Record]
    first_apply: FirstNames = False

    @cached_property
    def history(self) -> History:
        return history_of(self.records)

    @cached_property
    def standing(self) -> Standing:
        return Standing(self.history.operations)

    @cached_property
    def last(self) -> LastApplied | None:
        return last_declared(self.records)

    @cached_property
    def _first(self) -> FirstApply:
        return first_wallets(self.settings, self.desired, self.first_apply)

    @cached_property
    def _traces(self) -> Mapping[str, Sequence[Trace]]:
        found: dict[str, list[Trace]] = defaultdict(list)
        for trace in self.history.operations.values():
            if trace.wallet is not None:
                found[trace.wallet].append(trace)
        return found

    def of(self, read: Live, *, teams: Teams = None) -> tuple[Live, Diff]:
        """Return what was `read`, as a plan is made from it, and what it differs in from the YAML."""
        return self._of(read, self.desired, self.history, teams, self.last)

    def of_wallets(self, read: Live, wallets: Mapping[WalletRef, DesiredWallet]) -> tuple[Live, Diff]:
        """Return the same of the money of `wallets` alone, of which something was `read`."""
        names = {wallet.team for wallet in wallets.values()}
        teams = {name: team for name in names if (team := self.desired.teams.get(name))}
        part = replace(self.desired, teams=teams, wallets=wallets, objects={}, absent={})
        settled = {key: ids for key in wallets if (ids := self.history.settled.get(key)) is not None}
        traces = (trace for key in wallets for trace in self._traces.get(key, ()))
        history = replace(self.history, operations={trace.operation: trace for trace in traces}, settled=settled)
        shown = {key: read.wallets[key] for key in wallets if key in read.wallets}
        return self._of(replace(read, wallets=shown, objects={}), part, history, names, None)

    def _of(
        self, read: Live, desired: Desired, history: History, teams: Teams, last: LastApplied | None
    ) -> tuple[Live, Diff]:
        settings = self.settings
        known = all_owned(read, history.transactions)
        live = read_since(known, min(settings.period, Period.of(settings.as_of)))
        diff = make_plan(
            desired,
            live,
            settings.period,
            last_applied=last,
            teams=teams,
            own=history.acknowledged,
            doubts=self.standing.doubts(known.wallets, settings.period),
            known=history.known(live.wallets, settings.period),
            first=self._first,
            to_open=history.to_open(settings.period),
            as_of=settings.as_of,
        )
        return live, diff
