"""One operation's way through the journal: what its records say, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from reconciler.journal.record import IN_DOUBT, Record, Step
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.live import LiveWallet
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

_BY_LEDGER = frozenset({"mark", "ledger id", "elimination"})
_CHANGE: TypeAdapter[Change] = TypeAdapter(Change)


@dataclass(frozen=True, slots=True)
class Trace:
    """One operation's way through the journal, over all runs.

    `seen` are the ledger ids that were there before the last send, None when nothing was ever to be sent.
    `transactions` are the ledger ids that were confirmed for it. `intent` is the digest of its last intent and `writer`
    the process that announced it. `shown` says that a reading of the ledger has shown it. `held` is the most that the
    wallet can have held when it was `announced`. `sends` counts its requests, as far as they may have arrived. After an
    answer that may be about a second delivery nothing is sent for it before `until`, but for a reading that shows
    something dated after `newer`. `since` is the month from which the ledger was read when `seen` was noted. `surplus`
    are those of the `transactions` that repeat it, until somebody accepts them.
    """

    operation: str
    run: str
    step: Step
    wallet: WalletRef | None = None
    seen: frozenset[str] | None = None
    transactions: frozenset[str] = frozenset()
    change: Change | None = None
    intent: str = ""
    writer: str = ""
    shown: bool = False
    sends: int = 0
    held: Decimal | None = None
    announced: datetime | None = None
    since: Period | None = None
    until: datetime | None = None
    newer: datetime | None = None
    surplus: frozenset[str] = frozenset()

    def holds(self, wallet: LiveWallet, now: datetime) -> bool:
        """Whether `wallet` has to wait, because this may have happened and the reading may be older than that."""
        return self.until is not None and now < self.until and not (self.newer and wallet.shows_after(self.newer))

    @property
    def in_doubt(self) -> bool:
        return self.step in IN_DOUBT

    @property
    def may_have_happened(self) -> bool:
        """Whether the ledger may show it: it was sent, or may have been, whatever a person assumed since."""
        return self.in_doubt or self.step in (Step.CONFIRMED, Step.ASSUMED_LOST, Step.ACCEPTED)

    @property
    def unseen(self) -> bool:
        """Whether a move of money was confirmed and no reading of the ledger has shown it yet."""
        return self.step is Step.CONFIRMED and not self.shown and isinstance(self.change, Allocate | Reclaim)


def followed(trace: Trace | None, record: Record) -> Trace:
    """Return what is known of an operation after `record`, which is about it."""
    facts: dict[str, Any] = record.facts
    first = trace is None
    trace = trace or Trace(record.operation or "", record.run, record.step)
    seen = frozenset(facts["seen"]) if "seen" in facts else trace.seen
    found = facts.get("transactions", ())
    is_intent = record.step is Step.INTENT
    is_settled = record.step in (Step.CONFIRMED, Step.ACCEPTED, Step.ASSUMED_LOST)
    if record.step is Step.PLANNED and not first:
        return trace
    if record.step is Step.SEEN:
        return replace(trace, shown=True, transactions=trace.transactions | frozenset(found))
    return replace(
        trace,
        run=record.run,
        step=record.step,
        wallet=WalletRef.parse(facts["wallet"]) if "wallet" in facts else trace.wallet,
        seen=seen,
        transactions=trace.transactions | frozenset(found),
        surplus=_surplus(trace, record, found),
        intent=record.digest if is_intent else trace.intent,
        writer=facts.get("writer", "") if is_intent else trace.writer,
        held=Decimal(facts["held"]) if "held" in facts else trace.held,
        announced=datetime.fromisoformat(record.at) if is_intent else trace.announced,
        since=Period.parse(facts["since"]) if "since" in facts else trace.since,
        sends=trace.sends + _sent(record),
        until=None if is_settled else _instant(facts.get("until")) or trace.until,
        newer=None if is_settled else _instant(facts.get("newer")) or trace.newer,
        shown=(trace.shown and not is_intent) or (record.step is Step.CONFIRMED and facts.get("by") in _BY_LEDGER),
        change=_CHANGE.validate_python(facts["change"]) if "change" in facts else trace.change,
    )


def _surplus(trace: Trace, record: Record, found: Sequence[str]) -> frozenset[str]:
    """Return the ledger ids that repeat an operation after `record`, which found these; the first one does not."""
    if record.step is Step.ACCEPTED:
        return frozenset()
    again = frozenset(found) - (trace.transactions or frozenset(sorted(found)[:1]))
    return trace.surplus | (again if record.facts.get("doubled") else frozenset())


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _sent(record: Record) -> int:
    """Return what a record adds to the number of requests that may have arrived."""
    is_answered = record.facts.get("answered", False)
    return {Step.INTENT: 1, Step.NOT_SENT: 0 if is_answered else -1}.get(record.step, 0)
