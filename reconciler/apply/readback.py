"""The read-back at the end of a run: live is read again, and every change must be there, once, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from reconciler.apply.outcome import doubled
from reconciler.apply.run_context import RunContext
from reconciler.apply.transfer import TransferExecutor
from reconciler.findings import RemoteError
from reconciler.journal.doubts import never_shown
from reconciler.journal.ledger_match import Absent, Doubled, Found, LedgerMatch, confirmation, match_in_ledger, owned
from reconciler.journal.own_objects import own_objects
from reconciler.journal.record import Entry, Step
from reconciler.model.change import Allocate, ObjectChange, Reclaim
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import Live, LiveWallet
from reconciler.model.outcome import DONE, Outcome, Status
from reconciler.model.plan import Plan
from reconciler.model.wallet_ref import WalletRef


class ReadBack:
    """Compares the outcomes of a run with what Keeptrusts says now."""

    def __init__(self, context: RunContext, plan: Plan, transfers: TransferExecutor) -> None:
        self._context = context
        self._plan = plan
        self._wallets = transfers.wallets
        self.differences: list[str] = []
        self.has_read = not plan.changes

    def check(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Return `outcomes`, corrected where the ledger shows a confirmed write twice or not at all."""
        if not self._plan.changes:
            return list(outcomes)
        try:
            live = self._live()
        except RemoteError as error:
            self.differences.append(f"it could not be checked afterwards: {error.message}")
            return list(outcomes)
        self.has_read = True
        wallets = dict(live.wallets)
        self._await_visibility(outcomes, wallets)
        objects = Objects(own_objects(live, self._context.transactions))
        last = {change.wallet: change for change in self._plan.changes if isinstance(change, Allocate | Reclaim)}
        return [
            self._checked_move(change, result, wallets, is_last=last[change.wallet] is change)
            if isinstance(change, Allocate | Reclaim)
            else self._checked_object(change, result, objects)
            for change, result in zip(self._plan.changes, outcomes, strict=True)
        ]

    def _await_visibility(self, outcomes: Sequence[Outcome], wallets: dict[WalletRef, LiveWallet]) -> None:
        """Read wallets again, until the settle deadline, whose ledger does not show a confirmed write yet."""
        pending = [
            change
            for change, result in zip(self._plan.changes, outcomes, strict=True)
            if isinstance(change, Allocate | Reclaim) and result.status in DONE and result.transaction
        ]
        for first, _ in enumerate(self._context.looks()):
            if first:
                for change in pending:
                    with suppress(RemoteError):
                        wallets[change.wallet] = self._wallets.read(change)
            pending = [change for change in pending if isinstance(self._ledger_match(change, wallets), Absent)]
            if not pending:
                return

    def _ledger_match(self, change: Allocate | Reclaim, wallets: dict[WalletRef, LiveWallet]) -> LedgerMatch:
        wallet = wallets.setdefault(change.wallet, LiveWallet(change.wallet, change.currency))
        return match_in_ledger(wallet.ledger, self._context.as_sent(change), self._context.hints(change))

    def _live(self) -> Live:
        moves = [change for change in self._plan.changes if isinstance(change, Allocate | Reclaim)]
        periods = [self._wallets.since(move) for move in moves] or [self._plan.period]
        asked = {move.wallet: move.currency for move in moves}
        return self._context.reader.live(organization=self._plan.organization, wallets=asked, period=min(periods))

    def _checked_move(
        self, move: Allocate | Reclaim, result: Outcome, wallets: dict[WalletRef, LiveWallet], *, is_last: bool
    ) -> Outcome:
        if result.status is Status.REFUSED:
            return self._refused_after_all(move, result, wallets)
        if result.status not in DONE or result.transaction is None:
            return result
        ledger_match = self._ledger_match(move, wallets)
        if unread := wallets[move.wallet].unread:
            reason = f"Keeptrusts confirmed it ({result.transaction}), and the ledger cannot be read: {unread.reason}"
            return result.model_copy(update={"status": Status.UNKNOWN, "reason": reason})
        if isinstance(ledger_match, Absent):
            reason = (
                f"Keeptrusts confirmed it ({result.transaction}), and the ledger does not show it yet:"
                f" `kt-budgets resume` looks until it does; {never_shown([move.op])}"
            )
            return result.model_copy(update={"status": Status.UNKNOWN, "reason": reason})
        if isinstance(ledger_match, Doubled):
            ids = sorted({entry.id for entry in ledger_match.entries})
            return result.model_copy(
                update={"status": Status.UNKNOWN, "reason": doubled(move.op, ids, self._context.sends(move))}
            )
        if isinstance(ledger_match, Found) and ledger_match.entry.id not in self._context.transactions.get(move.op, ()):
            self._context.record(Entry(Step.CONFIRMED, move.op, confirmation(ledger_match)))
        funded = owned(wallets[move.wallet], self._context.transactions).funded(move.period).amount
        if not is_last or funded == move.funded_after:
            return result
        reason = f"{move.wallet} is funded with {funded:,.2f}, and the plan ends at {move.funded_after:,.2f}"
        self.differences.append(reason)
        seen_by_mark = isinstance(ledger_match, Found) and ledger_match.by == "mark"
        status = result.status if seen_by_mark else Status.UNKNOWN
        return result.model_copy(update={"status": status, "reason": reason})

    def _refused_after_all(
        self, move: Allocate | Reclaim, result: Outcome, wallets: dict[WalletRef, LiveWallet]
    ) -> Outcome:
        """Return the outcome of a move that was answered with a refusal, and that the ledger may show by now."""
        trace = self._context.standing.traces.get(move.op)
        ledger_match = self._ledger_match(move, wallets)
        if trace is None or not trace.intent or not isinstance(ledger_match, Found):
            return result
        self._context.record(Entry(Step.CONFIRMED, move.op, confirmation(ledger_match)))
        reason = f"{result.reason}; the ledger shows it all the same"
        update = {"status": Status.APPLIED, "reason": reason, "transaction": ledger_match.entry.id}
        return result.model_copy(update=update)

    def _checked_object(self, change: ObjectChange, result: Outcome, objects: Objects) -> Outcome:
        if result.status not in DONE:
            return result
        if change.after is None and not objects.has(result.transaction or ""):
            return result
        if objects.value(change) != change.after:
            reason = f"{change.key} is not as planned"
        elif change.verb == "create" and objects.is_repeated(change):
            reason = f"{change.key} exists more than once"
        else:
            return result
        self.differences.append(reason)
        return result.model_copy(update={"reason": reason})


class Objects:
    """The managed objects of a live state, by the keys that changes name."""

    def __init__(self, live: Live) -> None:
        listings = [(kind, live.of(kind)) for kind in kinds()]
        self._values = {
            (kind.name, text_of(key)): found.value for kind, listed in listings for key, found in listed.objects.items()
        }
        others = [(kind, found) for kind, listed in listings for found in listed.others]
        self._repeated = {(kind.name, text_of(kind.key(found.value))) for kind, found in others}
        self._ids = {found.id for _, listed in listings for found in (*listed.objects.values(), *listed.others)}

    def has(self, id: str) -> bool:
        """Whether an object with that id is there; one without is not told from others of its key."""
        return not id or id in self._ids

    def value(self, change: ObjectChange) -> Frozen | None:
        """Return what `change` is about as it is now."""
        return self._values.get((change.managed.name, change.key))

    def is_repeated(self, change: ObjectChange) -> bool:
        """Whether what `change` is about is there more than once."""
        return (change.managed.name, change.key) in self._repeated
