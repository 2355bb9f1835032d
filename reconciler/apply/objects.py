"""Managed objects: decided by comparing state; replacing and deleting repeat harmlessly."""

from __future__ import annotations

from typing import Any

from reconciler.apply.outcome import NEXT_PLAN, denial, describe, operation_of, outcome, pause
from reconciler.apply.run_context import TRIES, RunContext
from reconciler.findings import RemoteError
from reconciler.journal.own_objects import own_listing
from reconciler.journal.record import Entry, Step
from reconciler.model.change import ObjectChange
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.live import LiveObject
from reconciler.model.outcome import AGAIN, Outcome, Status
from reconciler.model.unclear import Unclear
from reconciler.model.write import Lost, NotSent, RateLimited, Refused, WriteResult, Written

_GONE = frozenset({404, 410})


class ObjectExecutor:
    """Carries out a plan's changes of managed objects."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._known: dict[str, dict[str, tuple[LiveObject[Any], ...]]] = {}

    def carry_out(self, change: ObjectChange) -> Outcome:
        try:
            return self._carried_out(change)
        except RemoteError as error:
            return self._context.unreadable(change, error)

    def _carried_out(self, change: ObjectChange) -> Outcome:
        trace = self._context.history.of(operation_of(change))
        found = self._current(change)
        if _value(found) == change.after:
            return self._holds(change, found, Status.ALREADY_APPLIED)
        if trace is not None and trace.step is Step.REFUSED and self._context.resuming:
            return outcome(change, Status.REFUSED, reason="it was refused before; plan it again")
        if trace is not None and trace.step is Step.ACCEPTED and self._context.resuming:
            reason = f"what is there was accepted as it is about {trace.operation}; {NEXT_PLAN}"
            return outcome(change, Status.SKIPPED, reason=reason, transaction=found.id if found else None)
        if trace is not None and trace.in_doubt and change.verb == "create":
            return self._proved(change, "an earlier run may have sent it", Status.ALREADY_APPLIED)
        if not self._context.may_send:
            return self._context.passed_by(change)
        if _value(found) != change.before:
            reason = f"{change.key} changed since review; nothing was sent for it. {AGAIN}"
            self._context.stale.setdefault(change.team, reason)
            self._context.record(Entry(Step.REFUSED, operation_of(change), {"reason": reason}))
            return outcome(change, Status.REFUSED, reason=reason)
        return self._written(change, found)

    def _written(self, change: ObjectChange, found: LiveObject[Any] | None) -> Outcome:
        attempt = 0
        while True:
            attempt += 1
            result = self._sent(change, found, attempt)
            match result:
                case Written(id=id):
                    transaction = id or (found.id if found else None)
                    self._record(change, Step.SENT, Step.CONFIRMED, id=transaction)
                    return outcome(change, Status.APPLIED, transaction=transaction)
                case Refused(status=status) if change.after is None and status in _GONE:
                    self._record(change, Step.SENT, Step.CONFIRMED)
                    return outcome(change, Status.ALREADY_APPLIED, transaction=found.id if found else None)
                case Refused():
                    return self._turned_down(change, result)
                case Lost():
                    self._record(change, Step.SENT, reason=result.reason)
                    if change.verb == "create" or attempt == TRIES:
                        return self._proved(change, result.reason, Status.APPLIED)
                    if self._arrived(change):
                        return self._holds(change, self._current(change), Status.APPLIED)
                case NotSent():
                    self._record(change, Step.NOT_SENT)
                case RateLimited():
                    self._record(change, Step.SENT, reason=describe(result))
            rested = attempt < TRIES and self._context.rest(pause(result, attempt))
            if isinstance(result, RateLimited) and (booked := self._booked(change, result)):
                return booked
            if not rested:
                return self._given_up(change, result)

    def _booked(self, change: ObjectChange, result: Refused | RateLimited) -> Outcome | None:
        """Return the outcome when `change` was made whatever was answered, or nobody can tell; None when it was not."""
        try:
            found = self._current(change, afresh=True)
        except RemoteError as error:
            reason = f"{describe(result)}, and it could not be read: {error.message}"
            return self._proved(change, reason, Status.APPLIED)
        if _value(found) == change.after:
            return self._holds(change, found, Status.APPLIED)
        if isinstance(result, RateLimited):
            facts = {"reason": f"{describe(result)}, and it is not there", "answered": True}
            self._context.record(Entry(Step.NOT_SENT, operation_of(change), facts))
        return None

    def _turned_down(self, change: ObjectChange, result: Refused) -> Outcome:
        """Return what a refusal means, after a look at what is there."""
        reason = describe(result)
        self._record(change, Step.SENT, reason=reason)
        if booked := self._booked(change, result):
            return booked
        self._record(change, Step.REFUSED, reason=reason)
        self._context.denied = self._context.denied or denial(result)
        return outcome(change, Status.REFUSED, reason=reason)

    def _sent(self, change: ObjectChange, found: LiveObject[Any] | None, attempt: int) -> WriteResult:
        writer = self._context.writer
        self._context.announce(change, attempt=attempt)
        id = found.id if found else ""
        document = {
            **(found.document if found else {}),
            **(change.managed.document(change.after) if change.after else {}),
        }
        match change.verb:
            case "create":
                return writer.create(change.managed, document)
            case "update":
                return writer.replace(change.managed, id, document)
            case "delete":
                return writer.delete(change.managed, id)

    def _proved(self, change: ObjectChange, why: str, status: Status) -> Outcome:
        """Look for what `change` makes until the settle deadline; what does not show by then stays unknown."""
        trouble, begun = "", self._context.clock.monotonic()
        for _ in self._context.looks():
            try:
                found = self._current(change, afresh=True)
            except RemoteError as error:
                trouble = f"; it could not be read: {error.message}"
                continue
            trouble = ""
            if _value(found) == change.after:
                return self._holds(change, found, status)
        reason = f"{why}, and {change.key} is not as planned after {self._context.looked(begun)}{trouble}"
        self._record(change, Step.UNKNOWN, reason=reason)
        return outcome(change, Status.UNKNOWN, reason=reason)

    def _arrived(self, change: ObjectChange) -> bool:
        """Whether a fresh reading shows what was lost on the way; an unreadable one shows nothing."""
        try:
            return _value(self._current(change, afresh=True)) == change.after
        except RemoteError:
            return False

    def _holds(self, change: ObjectChange, found: LiveObject[Any] | None, status: Status) -> Outcome:
        trace = self._context.history.of(operation_of(change))
        if status is Status.APPLIED or (trace is not None and trace.in_doubt):
            self._record(change, Step.CONFIRMED, id=found.id if found else None)
        return outcome(change, status, transaction=found.id if found else None)

    def _given_up(self, change: ObjectChange, result: WriteResult) -> Outcome:
        if isinstance(result, Lost):
            return self._proved(change, result.reason, Status.APPLIED)
        if self._context.interruption.requested:
            how = "not sent" if isinstance(result, NotSent) else "not made"
            return outcome(change, Status.SKIPPED, reason=f"interrupted; it was {how}")
        why = "nothing arrived" if isinstance(result, NotSent) else "and it is not there"
        return outcome(change, Status.FAILED, reason=f"{describe(result)}; {why}")

    def _current(self, change: ObjectChange, *, afresh: bool = False) -> LiveObject[Any] | None:
        kind = change.managed
        if afresh or kind.name not in self._known:
            listed = own_listing(kind, self._context.reader.objects(kind), self._context.transactions)
            alike = {**{key: (found,) for key, found in listed.objects.items()}, **listed.rivals}
            self._known[kind.name] = {text_of(key): found for key, found in alike.items()}
        known = self._known[kind.name]
        former = text_of(kind.key(change.before)) if change.verb == "update" else change.key
        found = known.get(change.key) or known.get(former) or ()
        if len(found) > 1:
            unclear = Unclear.several([each.id for each in found])
            raise RemoteError(f"Keeptrusts holds {change.key} {unclear.how}; {unclear.cure}")
        return found[0] if found else None

    def _record(self, change: ObjectChange, *steps: Step, reason: str = "", id: str | None = None) -> None:
        facts: dict[str, Any] = {"reason": reason} if reason else {}
        known = {Step.CONFIRMED: {"transactions": [id]}} if id else {}
        self._context.record(*(Entry(step, operation_of(change), known.get(step, facts)) for step in steps))


def _value(found: LiveObject[Any] | None) -> Frozen | None:
    return found.value if found else None
