"""Moves of money, one at a time, each at most once: look, write down the intent, send, and let the ledger decide."""

from __future__ import annotations

from collections import defaultdict

from reconciler.apply.admission import closed_month
from reconciler.apply.answers import denial, doubled, listed, pause, told
from reconciler.apply.desk import TRIES, Desk, outcome, unreadable, words
from reconciler.apply.evidence import Absent, Ambiguous, Contradicted, Doubled, Found, Move, Sighting, search
from reconciler.apply.history import Trace
from reconciler.apply.lookahead import Lookahead
from reconciler.apply.record import Entry, Step
from reconciler.apply.rest import inconsistency, is_rest, left_of
from reconciler.apply.result import DONE
from reconciler.apply.rewind import owned, without
from reconciler.apply.staleness import moved_since_review
from reconciler.apply.till import Till
from reconciler.findings import RemoteError
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.currency import is_payable
from reconciler.model.live import LiveWallet
from reconciler.model.money import Money
from reconciler.model.outcome import Outcome, Status
from reconciler.model.plan import Plan
from reconciler.model.write import Lost, NotSent, RateLimited, Refused, WriteResult, Written


class Teller:
    """Carries out a plan's moves of money. A wallet with a doubt about it is left alone from then on."""

    def __init__(self, desk: Desk, plan: Plan) -> None:
        self._desk = desk
        self._moves: dict[str, list[Move]] = defaultdict(list)
        for change in plan.changes:
            if isinstance(change, Allocate | Reclaim):
                self._moves[change.wallet].append(change)
        self._till = Till(desk.reader, plan.currency)
        self.wallets = Lookahead(desk, (move for moves in self._moves.values() for move in moves))
        self._stopped: dict[str, str] = {}

    def carry_out(self, move: Move) -> Outcome:
        """Return what became of `move`; nothing is raised for what one wallet can meet with."""
        if accepted := self._accepted(move):
            return accepted
        if move.wallet in self._stopped:
            if already := self._already_applied(move):
                return already
            reason = f"{move.wallet} was left alone after {self._stopped[move.wallet]}"
            return outcome(move, Status.SKIPPED, reason=reason)
        try:
            result = self._carried_out(move)
        except RemoteError as error:
            result = unreadable(self._desk, move, error)
        doubtful = result.status is Status.UNKNOWN or (result.status is Status.FAILED and result.transaction)
        if doubtful or (is_rest(move) and result.status not in DONE):
            self._stopped[move.wallet] = f"{result.op} ended {result.status}"
        return result

    def _accepted(self, move: Move) -> Outcome | None:
        """Return the outcome of a move about which a person said that the ledger is right; it is final.

        A later plan may ask for it again, where the ledger shows nothing of it.
        """
        trace = self._desk.history.of(move.op)
        if trace is None or trace.step is not Step.ACCEPTED:
            return None
        wallet = self._desk.compared.get(move.wallet)
        is_gone = wallet is None or isinstance(self._sighting(move, wallet), Absent)
        if is_gone and not self._desk.resuming:
            return None
        reason = f"the ledger was accepted as it is about {move.op}; what is still needed is in the next plan"
        return outcome(move, Status.SKIPPED, reason=reason, transaction=min(trace.transactions, default=None))

    def _carried_out(self, move: Move) -> Outcome:
        if already := self._already_applied(move):
            return already
        trace = self._desk.history.of(move.op)
        attempt = 0
        while True:
            attempt += 1
            wallet = self.wallets.answer(move) if attempt == 1 else self.wallets.read(move)
            if attempt == 1:
                if settled := self._settled_before(move, wallet, trace):
                    return settled
                if not self._desk.may_send:
                    return self._desk.passed_by(move)
            elif not isinstance(sighting := self._sighting(move, wallet), Absent):
                return self._concluded(move, sighting, already=False)
            wallet = self._recognised(move, wallet)
            if objection := self._objection(move, wallet):
                return objection
            move = left_of(move, wallet) if is_rest(move) else move
            result = self._sent(move, wallet, attempt)
            if is_rest(move) and self._became_less(move, result, attempt):
                continue
            if not isinstance(result, NotSent | RateLimited):
                return self._answered(move, result)
            if attempt == TRIES or not self._desk.rest(pause(result, attempt)):
                return self._given_up(move, result)

    def _already_applied(self, move: Move) -> Outcome | None:
        """Return the outcome when the comparison at the start has shown `move` in the ledger: nothing is sent then."""
        wallet = self._desk.compared.get(move.wallet)
        sighting = self._sighting(move, wallet) if wallet is not None else Absent()
        return self._concluded(move, sighting, already=True) if isinstance(sighting, Found) else None

    def _sighting(self, move: Move, wallet: LiveWallet) -> Sighting:
        return search(wallet.ledger, self._desk.as_sent(move), self._desk.memory(move))

    def _recognised(self, move: Move, wallet: LiveWallet) -> LiveWallet:
        """Return `wallet` with what this run has moved in it before `move` known as such, marked or not."""
        for other in self._moves[move.wallet]:
            if other.op != move.op and other.op in self._desk.proved:
                found = self._sighting(other, wallet)
                if isinstance(found, Found) and found.entry.id not in self._desk.transactions.get(other.op, ()):
                    self._desk.record(Entry(Step.CONFIRMED, other.op, _confirmation(found)))
        return owned(wallet, self._desk.transactions)

    def _became_less(self, move: Move, result: WriteResult, attempt: int) -> bool:
        """Whether a rest was refused because a part of it was spent meanwhile, so that the rest of it is taken."""
        if not isinstance(result, Refused) or denial(result) or attempt == TRIES:
            return False
        if self.wallets.read(move).money_left.amount >= move.amount:
            return False
        refused = Entry(Step.REFUSED, move.op, {"reason": told(result), "status": result.status})
        self._desk.record(Entry(Step.SENT, move.op), refused)
        return True

    def _settled_before(self, move: Move, wallet: LiveWallet, trace: Trace | None) -> Outcome | None:
        """Return the outcome when earlier runs or the ledger already decide it; None when it is to be sent."""
        if blocked := self._blocked(move, wallet):
            return blocked
        sighting = self._sighting(move, wallet)
        if not isinstance(sighting, Absent):
            return self._concluded(move, sighting, already=True)
        if trace is not None and trace.unproved:
            return self._proved(move, "an earlier run may have sent it")
        if trace is not None and trace.step is Step.CONFIRMED:
            return self._proved(move, f"{listed(trace.transactions)} was confirmed earlier")
        if trace is not None and trace.step is Step.REFUSED and self._desk.resuming:
            return outcome(move, Status.REFUSED, reason="it was refused before; plan it again")
        return None

    def _blocked(self, move: Move, wallet: LiveWallet) -> Outcome | None:
        """Prove what other operations left open on this wallet; return the outcome when one stays open."""
        for trace in self._desk.history.unproved(move.wallet):
            if trace.operation == move.op or trace.operation in self._desk.proved:
                continue
            found = self._sighting_of(trace, wallet)
            if not isinstance(found, Found):
                reason = f"{trace.operation} of run {trace.run} is not proved on this wallet; run `kt-budgets resume`"
                return outcome(move, Status.UNKNOWN, reason=reason)
            self._desk.record(Entry(Step.CONFIRMED, trace.operation, _confirmation(found)))
        return None

    def _sighting_of(self, trace: Trace, wallet: LiveWallet) -> Sighting:
        other = trace.change
        if not isinstance(other, Allocate | Reclaim):
            return Absent()
        return self._sighting(other, wallet)

    def _objection(self, move: Move, wallet: LiveWallet) -> Outcome | None:
        """Return why `move` must not be sent to the wallet as it is now."""
        period = move.period
        if closed := closed_month(period, self._desk.today):
            return self._refused(move, f"{closed}; nothing was sent. Plan the month that it is")
        if not is_payable(move.amount, move.currency):
            return self._refused(move, f"{move.currency} has no decimals: {move.amount:,.2f} cannot be sent")
        base = wallet
        moves = self._moves[move.wallet]
        for later in moves[[each.op for each in moves].index(move.op) :]:
            base = without(base, later.op, self._desk.transactions)
        if base.funded(period).amount != move.funded_before:
            reason = moved_since_review(move, base, period)
            self._desk.stale.setdefault(move.team, reason)
            return self._refused(move, reason)
        if is_rest(move):
            return self._no_rest(move, wallet)
        amount = Money(move.amount, move.currency)
        if isinstance(move, Reclaim) and wallet.money_left < amount:
            return self._refused(
                move,
                f"{move.wallet} has {wallet.money_left} unspent and unreserved, less than the {amount} to be taken"
                " back; nothing was sent. Run `kt-budgets plan` again",
            )
        if isinstance(move, Allocate) and (held := self._till.shortage(amount)) is not None:
            return self._refused(
                move, f"the organization wallet holds {held}, less than the {amount} to be allocated; nothing was sent"
            )
        return None

    def _no_rest(self, move: Reclaim, wallet: LiveWallet) -> Outcome | None:
        """Return why nothing is taken back out of this reading, or that nothing is left to take."""
        earlier = self._desk.compared.get(move.wallet)
        before = owned(earlier, self._desk.transactions) if earlier else None
        if why := inconsistency(move, wallet, self._desk.history, before=before):
            return self._refused(move, f"{why}; nothing was sent")
        if wallet.money_left.amount > 0:
            return None
        reason = f"nothing of it is left: it was spent since the review ({Money(move.amount, move.currency)})"
        self._desk.record(Entry(Step.NOT_SENT, move.op, {"reason": reason}))
        return outcome(left_of(move, wallet), Status.ALREADY_APPLIED, reason=reason)

    def _sent(self, move: Move, wallet: LiveWallet, attempt: int) -> WriteResult:
        """Write down the intent, send `move` once, and write down at once when it is certain that nothing arrived."""
        desk = self._desk
        seen = sorted(entry.id for entry in wallet.ledger if entry.kind == move.kind)
        held = wallet.money_left.amount + 2 * wallet.reserved
        desk.announce(move, attempt=attempt, wallet=move.wallet, seen=seen, held=f"{held}")
        self.wallets.begin_after(move)
        send = desk.writer.allocate if isinstance(move, Allocate) else desk.writer.reclaim
        amount = Money(move.amount, move.currency)
        result = send(move.wallet, amount, description=words(move), operation=desk.key(move.op))
        if isinstance(result, NotSent | RateLimited):
            desk.record(Entry(Step.NOT_SENT, move.op, {"reason": told(result)}))
        return result

    def _answered(self, move: Move, result: Written | Refused | Lost) -> Outcome:
        desk = self._desk
        match result:
            case Written(id=str(id)):
                confirmed = Entry(Step.CONFIRMED, move.op, {"transactions": [id], "by": "answer"})
                desk.record(Entry(Step.SENT, move.op), confirmed)
                self._counted(move)
                return outcome(move, Status.APPLIED, transaction=id)
            case Refused():
                refused = Entry(Step.REFUSED, move.op, {"reason": told(result), "status": result.status})
                desk.record(Entry(Step.SENT, move.op), refused)
                desk.denied = desk.denied or denial(result)
                return outcome(move, Status.REFUSED, reason=told(result))
            case _:
                desk.record(Entry(Step.SENT, move.op, {"reason": told(result)}))
                self._till.forget()
                return self._proved(move, told(result), already=False)

    def _proved(self, move: Move, why: str, *, already: bool = True) -> Outcome:
        """Look for `move` in the ledger until the settle deadline; what does not show by then stays unknown."""
        trouble = ""
        for _ in self._desk.looks():
            try:
                sighting = self._sighting(move, self.wallets.read(move))
            except RemoteError as error:
                trouble = f"; the ledger could not be read: {error.message}"
                continue
            trouble = ""
            if not isinstance(sighting, Absent):
                return self._concluded(move, sighting, already=already)
        reason = f"{why}, and the ledger of {move.wallet} does not show it after {self._desk.settle:g} s{trouble}"
        return self._unknown(move, reason)

    def _concluded(self, move: Move, sighting: Sighting, *, already: bool) -> Outcome:
        match sighting:
            case Found(entry=entry):
                if entry.id not in self._desk.transactions.get(move.op, ()):
                    self._desk.record(Entry(Step.CONFIRMED, move.op, _confirmation(sighting)))
                self._till.forget()
                status = Status.ALREADY_APPLIED if already else Status.APPLIED
                done = move.model_copy(update={"amount": entry.amount}) if is_rest(move) else move
                return outcome(done, status, transaction=entry.id)
            case Doubled(entries=entries):
                ids = sorted({entry.id for entry in entries})
                if not set(ids) <= set(self._desk.transactions.get(move.op, ())):
                    facts = {"transactions": ids, "doubled": True}
                    self._desk.record(Entry(Step.CONFIRMED, move.op, facts))
                return outcome(move, Status.UNKNOWN, transaction=ids[0], reason=doubled(ids))
            case Contradicted(entry=entry):
                reason = (
                    f"the ledger shows {move.op} as {entry.kind} of {Money(entry.amount, entry.currency)} ({entry.id}),"
                    f" and it was to {move.kind} {Money(move.amount, move.currency)}; nothing more is sent"
                )
                if not already:
                    facts = {"transactions": [entry.id], "contradicted": True}
                    self._desk.record(Entry(Step.CONFIRMED, move.op, facts))
                status = Status.FAILED if already else Status.UNKNOWN
                return outcome(move, status, transaction=entry.id, reason=reason)
            case Ambiguous(entries=entries):
                ids = sorted(entry.id for entry in entries)
                return self._unknown(move, f"the ledger keeps no descriptions, and any of {listed(ids)} could be it")
            case Absent():
                raise AssertionError("nothing was found to conclude from")

    def _refused(self, move: Move, reason: str) -> Outcome:
        self._desk.record(Entry(Step.REFUSED, move.op, {"reason": reason}))
        return outcome(move, Status.REFUSED, reason=reason)

    def _unknown(self, move: Move, reason: str) -> Outcome:
        trace = self._desk.history.of(move.op)
        if trace is None or trace.step is not Step.CONFIRMED:
            self._desk.record(Entry(Step.UNKNOWN, move.op, {"reason": reason}))
        return outcome(move, Status.UNKNOWN, reason=reason)

    def _given_up(self, move: Move, result: NotSent | RateLimited) -> Outcome:
        if self._desk.interruption.requested:
            return outcome(move, Status.SKIPPED, reason="interrupted; it was not sent")
        return outcome(move, Status.FAILED, reason=f"{told(result)}; nothing arrived")

    def _counted(self, move: Move) -> None:
        if isinstance(move, Allocate):
            self._till.paid_out(Money(move.amount, move.currency))
        else:
            self._till.forget()


def _confirmation(found: Found) -> dict[str, object]:
    return {"transactions": [found.entry.id], "by": found.by}
