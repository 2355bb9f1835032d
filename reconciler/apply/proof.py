"""Proof: what a move of money came to, by the ledger alone, whatever was answered to it.

A gateway may deliver a request twice and tell what became of the second: a 409, a 402 from a pool that the first one
emptied, a 429. The ledger decides, if the reading is newer than the request; a replica that is behind shows nothing,
in its ledger and in its balance. A reading is newer when its ledger shows something that was dated later. Where nothing
happens on a wallet only time tells: a move that was refused is not sent anew before replicas have surely caught up,
and one that was put off (429) is repeated after the settle time, in which the ledger is looked at (decision 0015).
Meanwhile its wallet is held back, because money may have moved all the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reconciler.apply.outcome import denial, describe, doubled, listed, outcome
from reconciler.apply.readings import Lookahead, PoolBalance
from reconciler.apply.run_context import RunContext
from reconciler.findings import RemoteError
from reconciler.journal.doubts import held_back
from reconciler.journal.ledger_match import (
    Absent,
    Ambiguous,
    Contradicted,
    Doubled,
    Found,
    LedgerMatch,
    Move,
    Shown,
    confirmation,
    match_in_ledger,
)
from reconciler.journal.record import Entry, Step
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.live import LiveWallet
from reconciler.model.money import ZERO
from reconciler.model.outcome import Outcome, Status
from reconciler.model.write import RateLimited, Refused

CATCH_UP = timedelta(minutes=20)
"""How far a replica can be behind, and how long nothing is sent anew after a refusal that nothing else settles."""

REPEAT = 15.0
"""For how many seconds the ledger is looked at before a move that was put off is repeated, if --settle is shorter."""

_CLOCKS = timedelta(minutes=10)
_ON_THE_WAY = timedelta(seconds=5)
_ALIKE = frozenset({400, 401, 403, 404, 405, 410, 411, 413, 414, 415, 431})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_IN = frozenset({"credit", "allocate", "top_up", "refund"})

LOOK = 3.0
"""For how many seconds the ledger is looked at after a refusal, before that is told."""


def may_be_of_a_repeat(result: Refused | RateLimited) -> bool:
    """Whether `result` may be about a second delivery: what is wrong with the sender or the form is so with both."""
    return isinstance(result, RateLimited) or result.status not in _ALIKE


def holding(result: Refused | RateLimited, *, since: datetime, time: timedelta) -> dict[str, Any]:
    """Return the facts that hold a wallet back for `time` after `since`, our time of the answer `result`."""
    if not may_be_of_a_repeat(result):
        return {}
    newer = result.at + _ON_THE_WAY if result.at else since + _CLOCKS
    return {"until": (since + time).isoformat(), "newer": newer.isoformat()}


class Proof:
    """Looks moves up in the ledger, and writes down what that says of them."""

    def __init__(self, context: RunContext, wallets: Lookahead, pool_balance: PoolBalance) -> None:
        self._context = context
        self._wallets = wallets
        self._pool = pool_balance

    def ledger_match(self, move: Move, wallet: LiveWallet) -> LedgerMatch:
        return match_in_ledger(wallet.ledger, self._context.as_sent(move), self._context.hints(move))

    def booked(self, move: Move, before: LiveWallet, result: Refused | RateLimited) -> Outcome | None:
        """Look whether `move` was booked whatever was answered: a gateway may have sent it twice, and told the second.

        Return the outcome when the ledger shows it, or a balance that differs from `before` says so; None when
        nothing does. Of what was put off it is then written down that it did not arrive, if that can be told by now.
        """
        trouble = ""
        answered = self._context.clock.now()
        facts = holding(result, since=answered, time=CATCH_UP)
        for _ in self._context.looks(self._patience(result)):
            try:
                wallet = self._wallets.read(move)
            except RemoteError as error:
                trouble = f", and the ledger could not be read: {error.message}"
                continue
            trouble = ""
            if not isinstance(ledger_match := self.ledger_match(move, wallet), Absent):
                return self.concluded(move, ledger_match, already=False)
            if has_moved(move, before, wallet):
                trouble = f", but {move.wallet} holds {wallet.money_left} and held {before.money_left} before"
                break
            if facts and wallet.shows_after(datetime.fromisoformat(facts["newer"])):
                facts = {}
                break
            self._context.is_behind |= not {entry.id for entry in before.ledger} <= {
                entry.id for entry in wallet.ledger
            }
        if trouble:
            self._pool.forget()
            return self.proved(move, f"{describe(result)}{trouble}", already=False)
        return self._put_off(move, result, facts, answered) if isinstance(result, RateLimited) else None

    def _patience(self, result: Refused | RateLimited) -> float:
        """Return for how many seconds the ledger is looked at: what was put off is repeated in this run."""
        if isinstance(result, RateLimited):
            return max(self._context.settle, REPEAT)
        return 0.0 if denial(result) else min(LOOK, self._context.settle)

    def _put_off(self, move: Move, result: RateLimited, facts: dict[str, Any], answered: datetime) -> Outcome | None:
        """Write down that a move that was put off did not arrive; return the outcome when it cannot be repeated now."""
        context = self._context
        why = f"{describe(result)}, and the ledger does not show it"
        waited = context.clock.now() - answered >= timedelta(seconds=self._patience(result))
        context.is_behind |= waited and bool(facts) and self._lacks_what_was_answered()
        is_told = not facts or (waited and not context.is_behind)
        time = CATCH_UP if context.is_behind else timedelta(seconds=self._patience(result))
        kept = {} if is_told else holding(result, since=answered, time=time)
        context.record(Entry(Step.NOT_SENT, move.op, {"reason": why, "answered": True, **kept}))
        if is_told or context.interruption.requested:
            return None
        return self.held(move)

    def _lacks_what_was_answered(self) -> bool:
        """Whether a ledger still lacks the latest move that an answer said is booked: then every reading may be old."""
        context = self._context
        unseen = [trace for trace in context.standing.traces.values() if trace.unseen]
        latest = max(unseen, key=lambda trace: trace.announced or _LONG_AGO, default=None)
        if latest is None or not isinstance(latest.change, Allocate | Reclaim):
            return False
        try:
            wallet = self._wallets.read(latest.change)
        except RemoteError:
            return True
        context.note(wallet)
        return isinstance(context.standing.ledger_match(latest, wallet), Absent)

    def held(self, move: Move) -> Outcome:
        """Return that `move` may have been booked although the answer was no, and that this cannot be told yet."""
        reason, hint = held_back(move.wallet, [self._context.standing.traces[move.op]])
        return outcome(move, Status.UNKNOWN, reason=f"{reason}. Next: {hint}")

    def proved(self, move: Move, why: str, *, already: bool = True) -> Outcome:
        """Look for `move` in the ledger until the settle deadline; what does not show by then stays unknown."""
        trouble, begun = "", self._context.clock.monotonic()
        for _ in self._context.looks():
            try:
                ledger_match = self.ledger_match(move, self._wallets.read(move))
            except RemoteError as error:
                trouble = f"; the ledger could not be read: {error.message}"
                continue
            trouble = ""
            if not isinstance(ledger_match, Absent):
                return self.concluded(move, ledger_match, already=already)
        looked = self._context.looked(begun)
        reason = f"{why}, and the ledger of {move.wallet} does not show it after {looked}{trouble}"
        return self.unknown(move, reason)

    def concluded(self, move: Move, ledger_match: Shown, *, already: bool) -> Outcome:
        """Return the outcome that a match stands for, written down where the journal did not know it."""
        match ledger_match:
            case Found(entry=entry):
                trace = self._context.standing.traces.get(move.op)
                if entry.id not in self._context.transactions.get(move.op, ()) or (trace and trace.unseen):
                    self._context.record(Entry(Step.CONFIRMED, move.op, confirmation(ledger_match)))
                self._pool.forget()
                status = Status.ALREADY_APPLIED if already else Status.APPLIED
                done = move.model_copy(update={"amount": entry.amount})
                return outcome(done, status, transaction=entry.id)
            case Doubled(entries=entries):
                ids = sorted({entry.id for entry in entries})
                if not set(ids) <= set(self._context.transactions.get(move.op, ())):
                    facts = {"transactions": ids, "doubled": True}
                    self._context.record(Entry(Step.CONFIRMED, move.op, facts))
                return outcome(
                    move, Status.UNKNOWN, transaction=ids[0], reason=doubled(move.op, ids, self._context.sends(move))
                )
            case Contradicted(entry=entry):
                reason = (
                    f"the ledger shows {move.op} as {entry.kind} of {entry.currency} {entry.amount + ZERO:,f}"
                    f" ({entry.id}), and it was to {move.kind} {move.money}; nothing more is"
                    f' sent. Where the ledger is right: `kt-budgets resume --accept {move.op} --reason "how you know"`'
                )
                if not already:
                    facts = {"transactions": [entry.id], "contradicted": True}
                    self._context.record(Entry(Step.CONFIRMED, move.op, facts))
                return outcome(move, Status.UNKNOWN, transaction=entry.id, reason=reason)
            case Ambiguous(entries=entries):
                ids = sorted(entry.id for entry in entries)
                return self.unknown(move, f"the ledger keeps no descriptions, and any of {listed(ids)} could be it")

    def unknown(self, move: Move, reason: str) -> Outcome:
        """Return that nobody knows, written down unless more was known before."""
        trace = self._context.history.of(move.op)
        if trace is None or trace.step is not Step.CONFIRMED:
            self._context.record(Entry(Step.UNKNOWN, move.op, {"reason": reason}))
        return outcome(move, Status.UNKNOWN, reason=reason)


def has_moved(move: Move, before: LiveWallet, after: LiveWallet) -> bool:
    """Whether the balance shows that `move` was booked, or that the ledger is behind and cannot say that it was not.

    Traffic takes money, and less of it in a moment than a move does; a reservation that ends gives some back. Money
    that comes in otherwise, and that no new entry tells of, came by somebody whom the ledger does not show yet.
    """
    seen = {entry.id for entry in before.ledger}
    told = sum(entry.amount for entry in after.ledger if entry.id not in seen and entry.kind in _IN)
    difference = after.spendable + after.reserved - before.spendable - before.reserved
    given_back = max(before.reserved - after.reserved, Decimal(0))
    if difference > told + given_back:
        return True
    return isinstance(move, Reclaim) and before.spendable - after.spendable >= move.amount
