"""What became of a change, and what the answers to writes mean in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.outcome import Outcome, Status
from reconciler.model.write import Lost, NotSent, RateLimited, Refused, WriteResult, Written

_DENIED = (401, 403)

NEXT_PLAN = "what is still needed is in the next plan"


def operation_of(change: Change) -> str:
    """Return what names a change in outcomes and in the journal: the operation id of money, else `kind:key`."""
    return change.op if isinstance(change, Allocate | Reclaim) else f"{change.kind}:{change.key}"


def outcome(change: Change, status: Status, *, transaction: str | None = None, reason: str = "") -> Outcome:
    return Outcome(
        op=operation_of(change),
        kind=change.kind,
        team=change.team,
        environment=change.environment if isinstance(change, Allocate | Reclaim) else "",
        wallet=getattr(change, "wallet", None),
        amount=getattr(change, "amount", None),
        key=getattr(change, "key", None),
        status=status,
        transaction=transaction,
        reason=reason,
    )


def in_order(change: Change) -> int:
    """Return a change's rank: reclaims first, then allocations, so that no prefix of a run overdraws the pool."""
    return {"reclaim": 0, "allocate": 1}.get(change.kind, 2)


def change_facts(change: Change) -> dict[str, Any]:
    return change.model_dump(mode="json")


def describe(result: WriteResult) -> str:
    """Return what became of a write, as a clause."""
    match result:
        case Refused(message=message):
            return f"Keeptrusts refused it: {message}"
        case RateLimited(retry_after=seconds):
            return f"Keeptrusts asked to wait {seconds:g} s"
        case NotSent(reason=reason) | Lost(reason=reason):
            return reason
        case Written(id=id):
            return f"confirmed without a ledger id ({id or 'none'})"


def pause(result: WriteResult, attempt: int) -> float:
    """Return the seconds to wait after the `attempt`th try: what the server asks for, else twice as long each time."""
    return result.retry_after if isinstance(result, RateLimited) else 0.5 * 2 ** (attempt - 1)


def doubled(operation: str, ids: Iterable[str], sends: int) -> str:
    """Return the sentence for an operation that the ledger shows more than once, of which `sends` were sent."""
    entries = sorted(ids)
    sent = {0: "never sent", 1: "sent once"}.get(sends, f"sent {sends} times")
    return (
        f"twice: it was {sent} from this journal, and the ledger shows it {len(entries)} times ({listed(entries)});"
        " the next plan takes the surplus back. To say that you know of it:"
        f' `kt-budgets resume --accept {operation} --reason "how you know"`'
    )


def listed(ids: Iterable[str]) -> str:
    """Return ledger ids for a sentence."""
    return ", ".join(sorted(ids))


def denial(result: Refused) -> str:
    """Return what the server said when it is the token that may not write, else nothing."""
    return describe(result) if result.status in _DENIED else ""
