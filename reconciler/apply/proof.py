"""Proof: what a move of money came to, by the ledger alone, whatever was answered to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reconciler.apply.answers import denial, doubled, listed, told
from reconciler.apply.desk import Desk, outcome
from reconciler.apply.hold import CATCH_UP, REPEAT, holding
from reconciler.apply.lookahead import Lookahead
from reconciler.apply.rest import is_rest
from reconciler.apply.till import Till
from reconciler.findings import RemoteError
from reconciler.journal.evidence import (
    Absent,
    Ambiguous,
    Contradicted,
    Doubled,
    Found,
    Move,
    Sighting,
    confirmation,
    search,
)
from reconciler.journal.record import Entry, Step
from reconciler.journal.standing import held_back
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.live import LiveWallet
from reconciler.model.money import ZERO, Money
from reconciler.model.outcome import Outcome, Status
from reconciler.model.write import RateLimited, Refused

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_IN = frozenset({"credit", "allocate", "top_up", "refund"})

LOOK = 3.0
"""For how many seconds the ledger is looked at after a refusal, before that is told."""


class Proof:
    """Looks moves up in the ledger, and writes down what that says of them."""

    def __init__(self, desk: Desk, wallets: Lookahead, till: Till) -> None:
        self._desk = desk
        self._wallets = wallets
        self._till = till

    def sighting(self, move: Move, wallet: LiveWallet) -> Sighting:
        """Return what the ledger of `wallet` shows of `move`."""
        return search(wallet.ledger, self._desk.as_sent(move), self._desk.memory(move))

    def booked(self, move: Move, before: LiveWallet, result: Refused | RateLimited) -> Outcome | None:
        """Look whether `move` was booked whatever was answered: a gateway may have sent it twice, and told the second.

        Return the outcome when the ledger shows it, or a balance that differs from `before` says so; None when
        nothing does. Of what was put off it is then written down that it did not arrive, if that can be told by now.
        """
        trouble = ""
        answered = self._desk.clock.now()
        facts = holding(result, since=answered, time=CATCH_UP)
        for _ in self._desk.looks(self._patience(result)):
            try:
                wallet = self._wallets.read(move)
            except RemoteError as error:
                trouble = f", and the ledger could not be read: {error.message}"
                continue
            trouble = ""
            if not isinstance(sighting := self.sighting(move, wallet), Absent):
                return self.concluded(move, sighting, already=False)
            if _has_moved(move, before, wallet):
                trouble = f", but {move.wallet} holds {wallet.money_left} and held {before.money_left} before"
                break
            if facts and wallet.shows_after(datetime.fromisoformat(facts["newer"])):
                facts = {}
                break
            self._desk.is_behind |= _goes_back(before, wallet)
        if trouble:
            self._till.forget()
            return self.proved(move, f"{told(result)}{trouble}", already=False)
        return self._put_off(move, result, facts, answered) if isinstance(result, RateLimited) else None

    def _patience(self, result: Refused | RateLimited) -> float:
        """Return for how many seconds the ledger is looked at: what was put off is repeated in this run."""
        if isinstance(result, RateLimited):
            return max(self._desk.settle, REPEAT)
        return 0.0 if denial(result) else min(LOOK, self._desk.settle)

    def _put_off(self, move: Move, result: RateLimited, facts: dict[str, Any], answered: datetime) -> Outcome | None:
        """Write down that a move that was put off did not arrive; return the outcome when it cannot be repeated now."""
        desk = self._desk
        why = f"{told(result)}, and the ledger does not show it"
        waited = desk.clock.now() - answered >= timedelta(seconds=self._patience(result))
        desk.is_behind |= waited and bool(facts) and self._lacks_what_was_answered()
        is_told = not facts or (waited and not desk.is_behind)
        time = CATCH_UP if desk.is_behind else timedelta(seconds=self._patience(result))
        kept = {} if is_told else holding(result, since=answered, time=time)
        desk.record(Entry(Step.NOT_SENT, move.op, {"reason": why, "answered": True, **kept}))
        if is_told or desk.interruption.requested:
            return None
        return self.held(move)

    def _lacks_what_was_answered(self) -> bool:
        """Whether a ledger still lacks the latest move that an answer said is booked: then every reading may be old."""
        desk = self._desk
        unseen = [trace for trace in desk.standing.traces.values() if trace.unseen]
        latest = max(unseen, key=lambda trace: trace.announced or _LONG_AGO, default=None)
        if latest is None or not isinstance(latest.change, Allocate | Reclaim):
            return False
        try:
            wallet = self._wallets.read(latest.change)
        except RemoteError:
            return True
        desk.note(wallet)
        return isinstance(desk.standing.sighting(latest, wallet), Absent)

    def held(self, move: Move) -> Outcome:
        """Return that `move` may have been booked although the answer was no, and that this cannot be told yet."""
        reason, hint = held_back(move.wallet, [self._desk.standing.traces[move.op]])
        return outcome(move, Status.UNKNOWN, reason=f"{reason}. Next: {hint}")

    def proved(self, move: Move, why: str, *, already: bool = True) -> Outcome:
        """Look for `move` in the ledger until the settle deadline; what does not show by then stays unknown."""
        trouble = ""
        for _ in self._desk.looks():
            try:
                sighting = self.sighting(move, self._wallets.read(move))
            except RemoteError as error:
                trouble = f"; the ledger could not be read: {error.message}"
                continue
            trouble = ""
            if not isinstance(sighting, Absent):
                return self.concluded(move, sighting, already=already)
        reason = f"{why}, and the ledger of {move.wallet} does not show it after {self._desk.settle:g} s{trouble}"
        return self.unknown(move, reason)

    def concluded(self, move: Move, sighting: Sighting, *, already: bool) -> Outcome:
        """Return the outcome that a sighting stands for, written down where the journal did not know it."""
        match sighting:
            case Found(entry=entry):
                trace = self._desk.standing.traces.get(move.op)
                if entry.id not in self._desk.transactions.get(move.op, ()) or (trace and trace.unseen):
                    self._desk.record(Entry(Step.CONFIRMED, move.op, confirmation(sighting)))
                self._till.forget()
                status = Status.ALREADY_APPLIED if already else Status.APPLIED
                done = move.model_copy(update={"amount": entry.amount}) if is_rest(move) else move
                return outcome(done, status, transaction=entry.id)
            case Doubled(entries=entries):
                ids = sorted({entry.id for entry in entries})
                if not set(ids) <= set(self._desk.transactions.get(move.op, ())):
                    facts = {"transactions": ids, "doubled": True}
                    self._desk.record(Entry(Step.CONFIRMED, move.op, facts))
                return outcome(move, Status.UNKNOWN, transaction=ids[0], reason=doubled(ids, self._desk.sends(move)))
            case Contradicted(entry=entry):
                reason = (
                    f"the ledger shows {move.op} as {entry.kind} of {entry.currency} {entry.amount + ZERO:,f}"
                    f" ({entry.id}), and it was to {move.kind} {Money(move.amount, move.currency)}; nothing more is"
                    f' sent. Where the ledger is right: `kt-budgets resume --accept {move.op} --reason "how you know"`'
                )
                if not already:
                    facts = {"transactions": [entry.id], "contradicted": True}
                    self._desk.record(Entry(Step.CONFIRMED, move.op, facts))
                return outcome(move, Status.UNKNOWN, transaction=entry.id, reason=reason)
            case Ambiguous(entries=entries):
                ids = sorted(entry.id for entry in entries)
                return self.unknown(move, f"the ledger keeps no descriptions, and any of {listed(ids)} could be it")
            case Absent():
                raise AssertionError("nothing was found to conclude from")

    def unknown(self, move: Move, reason: str) -> Outcome:
        """Return that nobody knows, written down unless more was known before."""
        trace = self._desk.history.of(move.op)
        if trace is None or trace.step is not Step.CONFIRMED:
            self._desk.record(Entry(Step.UNKNOWN, move.op, {"reason": reason}))
        return outcome(move, Status.UNKNOWN, reason=reason)


def _goes_back(before: LiveWallet, after: LiveWallet) -> bool:
    """Whether a later reading lacks what an earlier one showed."""
    return not {entry.id for entry in before.ledger} <= {entry.id for entry in after.ledger}


def _has_moved(move: Move, before: LiveWallet, after: LiveWallet) -> bool:
    """Whether the balance shows that `move` was booked, or that the ledger is behind and cannot say that it was not.

    Traffic takes money, and less of it in a moment than a move does; a reservation that ends gives some back. Money
    that comes in otherwise, and that no new entry tells of, came by somebody whom the ledger does not show yet.
    """
    seen = {entry.id for entry in before.ledger}
    told = sum((entry.amount for entry in after.ledger if entry.id not in seen and entry.kind in _IN), Decimal(0))
    difference = after.spendable + after.reserved - before.spendable - before.reserved
    given_back = max(before.reserved - after.reserved, Decimal(0))
    if difference > told + given_back:
        return True
    return isinstance(move, Reclaim) and before.spendable - after.spendable >= move.amount
