"""The pool: whether the organization wallet can pay for a run, and what it still holds afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.findings import Finding, Origin, Severity
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.funds import Funds
from reconciler.model.live import Live
from reconciler.model.money import ZERO, Money, total
from reconciler.model.plan import GuardResult


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


def pool_guard(run: Funds, currency: str) -> GuardResult | None:
    """Refuse a run that the pool cannot pay for in full; say by how much."""
    if run.available is None or run.after is None:
        return None
    refused = run.after < 0 < run.allocated
    lacking = Money(max(-run.after, ZERO), currency)
    usable = Money(run.available + run.reclaimed, currency)
    return GuardResult(
        guard="pool-exhaustion",
        status="refused" if refused else "passed",
        value=f"{run.allocated:.2f}",
        limit=f"{usable.amount:.2f}",
        message=f"allocations of {Money(run.allocated, currency)} need more than the {usable} that the organization"
        f" wallet will hold; {lacking} are missing"
        if refused
        else "",
        hint=f"credit the organization wallet with {lacking} or more, or lower the targets" if refused else "",
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
