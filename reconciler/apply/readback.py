"""The read-back at the end of a run: live is read again, and every change must be there, once, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from reconciler.apply.answers import doubled
from reconciler.apply.desk import Desk
from reconciler.apply.rewind import owned
from reconciler.apply.transfer import Teller
from reconciler.findings import RemoteError
from reconciler.journal.evidence import Absent, Doubled, Found, Sighting, confirmation, search
from reconciler.journal.record import Entry, Step
from reconciler.model.change import Allocate, ObjectChange, Reclaim
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import Live, LiveWallet
from reconciler.model.outcome import DONE, Outcome, Status
from reconciler.model.plan import Plan


class ReadBack:
    """Compares the outcomes of a run with what Keeptrusts says now."""

    def __init__(self, desk: Desk, plan: Plan, teller: Teller) -> None:
        self._desk = desk
        self._plan = plan
        self._wallets = teller.wallets
        self.differences: list[str] = []
        self.has_read = not plan.changes

    def check(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Return `outcomes`, corrected where the ledger shows a confirmed write twice or not at all."""
        if not self._plan.changes:
            return list(outcomes)
        try:
            live = self._live()
        except RemoteError as error:
            self.differences.append(f"live could not be read back: {error.message}")
            return list(outcomes)
        self.has_read = True
        wallets = dict(live.wallets)
        self._await_visibility(outcomes, wallets)
        objects = Objects(live)
        last = {change.wallet: change for change in self._plan.changes if isinstance(change, Allocate | Reclaim)}
        return [
            self._checked_move(change, result, wallets, is_last=last[change.wallet] is change)
            if isinstance(change, Allocate | Reclaim)
            else self._checked_object(change, result, objects)
            for change, result in zip(self._plan.changes, outcomes, strict=True)
        ]

    def _await_visibility(self, outcomes: Sequence[Outcome], wallets: dict[str, LiveWallet]) -> None:
        """Read wallets again, until the settle deadline, whose ledger does not show a confirmed write yet."""
        pending = [
            change
            for change, result in zip(self._plan.changes, outcomes, strict=True)
            if isinstance(change, Allocate | Reclaim) and result.status in DONE and result.transaction
        ]
        for first, _ in enumerate(self._desk.looks()):
            if first:
                for change in pending:
                    with suppress(RemoteError):
                        wallets[change.wallet] = self._wallets.read(change)
            pending = [change for change in pending if isinstance(self._sighting(change, wallets), Absent)]
            if not pending:
                return

    def _sighting(self, change: Allocate | Reclaim, wallets: dict[str, LiveWallet]) -> Sighting:
        wallet = wallets.setdefault(change.wallet, LiveWallet(change.wallet, change.currency))
        return search(wallet.ledger, self._desk.as_sent(change), self._desk.memory(change))

    def _live(self) -> Live:
        moves = [change for change in self._plan.changes if isinstance(change, Allocate | Reclaim)]
        periods = [self._wallets.since(move) for move in moves] or [self._plan.period]
        asked = {move.wallet: move.currency for move in moves}
        return self._desk.reader.live(organization=self._plan.organization, wallets=asked, period=min(periods))

    def _checked_move(
        self, move: Allocate | Reclaim, result: Outcome, wallets: dict[str, LiveWallet], *, is_last: bool
    ) -> Outcome:
        if result.status is Status.REFUSED:
            return self._refused_after_all(move, result, wallets)
        if result.status not in DONE or result.transaction is None:
            return result
        sighting = self._sighting(move, wallets)
        if unread := wallets[move.wallet].unread:
            reason = f"Keeptrusts confirmed it ({result.transaction}), and the ledger cannot be read: {unread.reason}"
            return result.model_copy(update={"status": Status.UNKNOWN, "reason": reason})
        if isinstance(sighting, Absent):
            reason = f"Keeptrusts confirmed it ({result.transaction}), and the ledger does not show it yet"
            return result.model_copy(update={"status": Status.UNKNOWN, "reason": reason})
        if isinstance(sighting, Doubled):
            ids = sorted({entry.id for entry in sighting.entries})
            return result.model_copy(update={"status": Status.UNKNOWN, "reason": doubled(ids, self._desk.sends(move))})
        if isinstance(sighting, Found) and sighting.entry.id not in self._desk.transactions.get(move.op, ()):
            self._desk.record(Entry(Step.CONFIRMED, move.op, confirmation(sighting)))
        funded = owned(wallets[move.wallet], self._desk.transactions).funded(move.period).amount
        if not is_last or funded == move.funded_after:
            return result
        reason = f"{move.wallet} is funded with {funded:,.2f}, and the plan ends at {move.funded_after:,.2f}"
        self.differences.append(reason)
        seen_by_mark = isinstance(sighting, Found) and sighting.by == "mark"
        status = result.status if seen_by_mark else Status.UNKNOWN
        return result.model_copy(update={"status": status, "reason": reason})

    def _refused_after_all(self, move: Allocate | Reclaim, result: Outcome, wallets: dict[str, LiveWallet]) -> Outcome:
        """Return the outcome of a move that was answered with a refusal, and that the ledger may show by now."""
        trace = self._desk.standing.traces.get(move.op)
        sighting = self._sighting(move, wallets)
        if trace is None or not trace.intent or not isinstance(sighting, Found):
            return result
        self._desk.record(Entry(Step.CONFIRMED, move.op, confirmation(sighting)))
        reason = f"{result.reason}; the ledger shows it all the same"
        update = {"status": Status.APPLIED, "reason": reason, "transaction": sighting.entry.id}
        return result.model_copy(update=update)

    def _checked_object(self, change: ObjectChange, result: Outcome, objects: Objects) -> Outcome:
        if result.status not in DONE:
            return result
        reason = ""
        if objects.value(change) != change.after:
            reason = f"{change.key} is not as planned"
        elif change.after is not None and objects.is_repeated(change):
            reason = f"{change.key} exists more than once"
        if reason:
            self.differences.append(reason)
        return result.model_copy(update={"reason": reason or result.reason})


class Objects:
    """The managed objects of a live state, by the keys that changes name."""

    def __init__(self, live: Live) -> None:
        listings = [(kind, live.of(kind)) for kind in kinds()]
        self._values = {
            (kind.name, text_of(key)): found.value for kind, listed in listings for key, found in listed.objects.items()
        }
        self._repeated = {
            (kind.name, text_of(kind.key(found.value))) for kind, listed in listings for found in listed.surplus
        }

    def value(self, change: ObjectChange) -> Frozen | None:
        """Return what `change` is about as it is now."""
        return self._values.get((change.managed.name, change.key))

    def is_repeated(self, change: ObjectChange) -> bool:
        """Whether what `change` is about is there more than once."""
        return (change.managed.name, change.key) in self._repeated
