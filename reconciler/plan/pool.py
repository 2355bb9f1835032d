"""The pool: whether the organization wallet can pay for a run, and what it still holds afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.findings import Finding, Origin, Severity
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.funds import Funds
from reconciler.model.live import Live
from reconciler.model.money import Money, total


def funds(changes: Iterable[Change], live: Live, currency: str) -> Funds:
    """Simulate the run along the pool: reclaims come back first, then allocations go out."""
    listed = tuple(changes)
    reclaimed = total((change.money for change in listed if isinstance(change, Reclaim)), currency)
    allocated = total((change.money for change in listed if isinstance(change, Allocate)), currency)
    pool = live.pool.available if live.pool else None
    return Funds(
        available=None if pool is None else pool.amount,
        after=None if pool is None else (pool + reclaimed - allocated).amount,
        allocated=allocated.amount,
        reclaimed=reclaimed.amount,
    )


def pool_notes(run: Funds, desired: Desired) -> Iterator[Finding]:
    """Yield what a reader must know about the pool: unseen, or so full that wallets are no hard limit."""
    origin = Origin(desired.organization_path)
    if run.after is None and run.allocated:
        yield Finding(
            where=origin,
            code="pool-unknown",
            severity=Severity.WARNING,
            message="no organization wallet is shown to this token: whether it can pay for the allocations is unknown",
            hint="use a token that can read the organization wallet, or credit it if there is none yet",
        )
    elif run.after is not None and run.after > 0:
        free = Money(run.after, desired.organization.currency)
        yield Finding(
            where=origin,
            code="soft-cap",
            severity=Severity.WARNING,
            message=f"the organization wallet holds {free} of free money after this plan, so an empty team wallet"
            " does not stop traffic",
            hint="allocate it or move it out if team wallets are meant to be hard limits",
        )
