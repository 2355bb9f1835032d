"""Moves of money, one at a time, each at most once: look, write down the intent, send, and let the ledger decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from reconciler.apply.derivation import without
from reconciler.apply.outcome import NEXT_PLAN, denial, describe, listed, outcome, pause
from reconciler.apply.preflight import closed_month, moved_since_review
from reconciler.apply.proof import CATCH_UP, Proof, holding
from reconciler.apply.readings import Lookahead, PoolBalance
from reconciler.apply.rest import inconsistency, is_rest, left_of
from reconciler.apply.run_context import TRIES, RunContext
from reconciler.findings import RemoteError
from reconciler.journal.ledger_match import Absent, Found, Move, owned, words
from reconciler.journal.record import Entry, Step
from reconciler.journal.trace import Trace
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.live import LiveWallet
from reconciler.model.money import is_payable
from reconciler.model.outcome import DONE, Doubt, Outcome, Status
from reconciler.model.write import Lost, NotSent, RateLimited, Refused, WriteResult, Written


class TransferExecutor:
    """Carries out moves of money in their order. A wallet with a doubt about it is left alone from then on."""

    def __init__(self, context: RunContext, changes: Iterable[Change], currency: str) -> None:
        self._context = context
        self._moves: dict[str, list[Move]] = defaultdict(list)
        moves = [change for change in changes if isinstance(change, Allocate | Reclaim)]
        for move in moves:
            self._moves[move.wallet].append(move)
        self._pool = PoolBalance(context.reader, currency)
        self.wallets = Lookahead(context, moves)
        self._proof = Proof(context, self.wallets, self._pool)
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
            result = self._context.unreadable(move, error)
        if result.status is Status.UNKNOWN or (is_rest(move) and result.status not in DONE):
            self._stopped[move.wallet] = f"{result.op} ended {result.status}"
        return result

    def _accepted(self, move: Move) -> Outcome | None:
        """Return the outcome of a move about which a person said that the ledger is right; it is final.

        A later plan may ask for it again, where the ledger shows nothing of it.
        """
        trace = self._context.history.of(move.op)
        if trace is None or trace.step is not Step.ACCEPTED:
            return None
        wallet = self._context.compared.get(move.wallet)
        is_gone = wallet is None or isinstance(self._proof.ledger_match(move, wallet), Absent)
        if is_gone and not self._context.resuming:
            return None
        reason = f"the ledger was accepted as it is about {move.op}; {NEXT_PLAN}"
        return outcome(move, Status.SKIPPED, reason=reason, transaction=min(trace.transactions, default=None))

    def _carried_out(self, move: Move) -> Outcome:
        if already := self._already_applied(move):
            return already
        trace = self._context.history.of(move.op)
        attempt = 0
        while True:
            attempt += 1
            wallet = self._believed(move, self.wallets.answer(move))
            if isinstance(wallet, Outcome):
                return wallet
            if attempt == 1:
                if settled := self._settled_before(move, wallet, trace):
                    return settled
                if not self._context.may_send:
                    return self._context.passed_by(move)
            elif not isinstance(ledger_match := self._proof.ledger_match(move, wallet), Absent):
                return self._proof.concluded(move, ledger_match, already=False)
            wallet = owned(wallet, self._context.transactions)
            if objection := self._objection(move, wallet):
                return objection
            move = left_of(move, wallet) if is_rest(move) else move
            result = self._sent(move, wallet, attempt)
            if ended := self._told(move, wallet, result, attempt):
                return ended

    def _told(self, move: Move, wallet: LiveWallet, result: WriteResult, attempt: int) -> Outcome | None:
        """Return what `result` means, which only the ledger can tell; None when `move` may be sent again."""
        if isinstance(result, Written | Lost):
            return self._answered(move, result)
        if isinstance(result, Refused):
            if booked := self._proof.booked(move, wallet, result):
                return booked
            is_less = is_rest(move) and self._became_less(move, result, attempt)
            return None if is_less else self._turned_down(move, result)
        answered = self._context.clock.monotonic()
        if isinstance(result, RateLimited) and (booked := self._proof.booked(move, wallet, result)):
            return booked
        left = pause(result, attempt) - (self._context.clock.monotonic() - answered)
        rested = attempt < TRIES and self._context.rest(max(left, 0.0))
        return None if rested else self._given_up(move, result)

    def _already_applied(self, move: Move) -> Outcome | None:
        """Return the outcome when the comparison at the start has shown `move` in the ledger: nothing is sent then."""
        wallet = self._context.compared.get(move.wallet)
        ledger_match = self._proof.ledger_match(move, wallet) if wallet is not None else Absent()
        return self._proof.concluded(move, ledger_match, already=True) if isinstance(ledger_match, Found) else None

    def _became_less(self, move: Move, result: Refused, attempt: int) -> bool:
        """Whether a rest was refused because a part of it was spent meanwhile, so that the rest of it is taken."""
        if denial(result) or attempt == TRIES or self.wallets.read(move).rest(move.period) >= move.money:
            return False
        self._context.record(Entry(Step.REFUSED, move.op, {"reason": describe(result), "status": result.status}))
        return True

    def _settled_before(self, move: Move, wallet: LiveWallet, trace: Trace | None) -> Outcome | None:
        """Return the outcome when earlier runs or the ledger already decide it; None when it is to be sent."""
        ledger_match = self._proof.ledger_match(move, wallet)
        if not isinstance(ledger_match, Absent):
            return self._proof.concluded(move, ledger_match, already=True)
        if trace is not None and trace.in_doubt:
            return self._proof.proved(move, "an earlier run may have sent it")
        if trace is not None and trace.step is Step.CONFIRMED:
            return self._proof.proved(move, f"{listed(trace.transactions)} was confirmed earlier")
        if trace is not None and trace.step is Step.REFUSED and self._context.resuming:
            return outcome(move, Status.REFUSED, reason="it was refused before; plan it again")
        if trace is not None and self._context.standing.holds(trace, wallet):
            return self._proof.held(move)
        return None

    def _believed(self, move: Move, wallet: LiveWallet) -> LiveWallet | Outcome:
        """Return the wallet in a reading that agrees with the journal, which may take until the settle deadline.

        What the journal has to say against it for as long is the outcome: nothing is sent then.
        """
        doubt = self._doubt(move, wallet)
        if doubt and doubt.kind == "stale":
            self._context.is_behind = True
            for first, _ in enumerate(self._context.looks()):
                if first:
                    wallet = self.wallets.read(move)
                if (doubt := self._doubt(move, wallet)) is None or doubt.kind != "stale":
                    break
        if doubt is None:
            return wallet
        if doubt.kind == "foreign":
            self._context.stale.setdefault(move.team, doubt.reason)
            return self._refused(move, doubt.reason)
        return outcome(move, Status.UNKNOWN, reason=doubt.reason)

    def _doubt(self, move: Move, wallet: LiveWallet) -> Doubt | None:
        """Record what `wallet` shows of other operations on it; return what it lacks, or shows too much."""
        self._context.note(wallet)
        planned = {other.op for other in self._moves[move.wallet]}
        return self._context.standing.doubt(wallet, move.period, besides={move.op}, planned=planned)

    def _objection(self, move: Move, wallet: LiveWallet) -> Outcome | None:
        """Return why `move` must not be sent to the wallet as it is now."""
        period = move.period
        if closed := closed_month(period, self._context.today):
            return self._refused(move, f"{closed}; nothing was sent. Plan the month that it is")
        if not is_payable(move.amount, move.currency):
            return self._refused(move, f"{move.currency} has no decimals: {move.amount:,.2f} cannot be sent")
        base = wallet
        moves = self._moves[move.wallet]
        for later in moves[[each.op for each in moves].index(move.op) :]:
            base = without(base, later.op, self._context.transactions)
        if base.funded(period).amount != move.funded_before:
            reason = moved_since_review(move, base, period)
            self._context.stale.setdefault(move.team, reason)
            return self._refused(move, reason)
        if is_rest(move):
            return self._no_rest(move, wallet)
        amount = move.money
        if isinstance(move, Reclaim) and wallet.money_left < amount:
            return self._refused(
                move,
                f"{move.wallet} has {wallet.money_left} unspent and unreserved, less than the {amount} to be taken"
                " back; nothing was sent. Run `kt-budgets plan` again",
            )
        if isinstance(move, Allocate) and (held := self._pool.shortage(amount)) is not None:
            return self._refused(
                move, f"the organization wallet holds {held}, less than the {amount} to be allocated; nothing was sent"
            )
        return None

    def _no_rest(self, move: Reclaim, wallet: LiveWallet) -> Outcome | None:
        """Return why nothing is taken back out of this reading, or that nothing is left to take."""
        earlier = self._context.compared.get(move.wallet)
        before = owned(earlier, self._context.transactions) if earlier else None
        if why := inconsistency(move, wallet, self._context.history, before=before):
            return self._refused(move, f"{why}; nothing was sent")
        if wallet.rest(move.period).amount > 0:
            return None
        reason = f"nothing of it is left: it was spent since the review ({move.money})"
        self._context.record(Entry(Step.NOT_SENT, move.op, {"reason": reason}))
        return outcome(left_of(move, wallet), Status.ALREADY_APPLIED, reason=reason)

    def _sent(self, move: Move, wallet: LiveWallet, attempt: int) -> WriteResult:
        """Write down the intent, send `move` once, and write down at once when it is certain that nothing arrived."""
        context = self._context
        seen = sorted(entry.id for entry in wallet.ledger if entry.kind == move.kind)
        held = wallet.money_left.amount + 2 * wallet.reserved
        since = str(self.wallets.since(move))
        context.announce(move, attempt=attempt, wallet=move.wallet, seen=seen, since=since, held=f"{held}")
        self.wallets.begin_after(move)
        send = context.writer.allocate if isinstance(move, Allocate) else context.writer.reclaim
        amount = move.money
        result = send(move.wallet, amount, description=words(move), operation=context.key(move.op))
        if isinstance(result, NotSent):
            context.record(Entry(Step.NOT_SENT, move.op, {"reason": describe(result)}))
        elif isinstance(result, Refused | RateLimited):
            context.record(Entry(Step.SENT, move.op, {"reason": describe(result)}))
        return result

    def _turned_down(self, move: Move, result: Refused) -> Outcome:
        """Conclude that a refusal is one, after a look at the ledger."""
        hold = holding(result, since=self._context.clock.now(), time=CATCH_UP)
        facts = {"reason": describe(result), "status": result.status, **hold}
        self._context.record(Entry(Step.REFUSED, move.op, facts))
        self._context.denied = self._context.denied or denial(result)
        return outcome(move, Status.REFUSED, reason=describe(result))

    def _answered(self, move: Move, result: Written | Lost) -> Outcome:
        context = self._context
        match result:
            case Written(id=str(id)):
                confirmed = Entry(Step.CONFIRMED, move.op, {"transactions": [id], "by": "answer"})
                context.record(Entry(Step.SENT, move.op), confirmed)
                self._counted(move)
                return outcome(move, Status.APPLIED, transaction=id)
            case _:
                context.record(Entry(Step.SENT, move.op, {"reason": describe(result)}))
                self._pool.forget()
                return self._proof.proved(move, describe(result), already=False)

    def _refused(self, move: Move, reason: str) -> Outcome:
        self._context.record(Entry(Step.REFUSED, move.op, {"reason": reason}))
        return outcome(move, Status.REFUSED, reason=reason)

    def _given_up(self, move: Move, result: NotSent | RateLimited) -> Outcome:
        if self._context.interruption.requested:
            how = "not sent" if isinstance(result, NotSent) else "not booked, as far as the ledger shows"
            return outcome(move, Status.SKIPPED, reason=f"interrupted; it was {how}")
        why = "nothing arrived" if isinstance(result, NotSent) else "the ledger does not show it, so it was not booked"
        return outcome(move, Status.FAILED, reason=f"{describe(result)}; {why}")

    def _counted(self, move: Move) -> None:
        if isinstance(move, Allocate):
            self._pool.paid_out(move.money)
        else:
            self._pool.forget()
