"""The pool: what it is in, whether it can pay for a run, and what it still holds afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.findings import Finding, Origin, Severity
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.live import Live
from reconciler.model.money import Funds, Money, total
from reconciler.model.policy_input import Currencies


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


def currencies(live: Live, currency: str) -> Currencies:
    """Return what the organization's money is in, where live state was read in `currency`.

    The organization wallets decide; where none is visible, the wallets of teams do. An organization that nothing was
    ever paid for has no currency yet (decision 0013).
    """
    if live.pool_currencies:
        return Currencies(held=live.pool_currencies, of_pool=True)
    if live.pool:
        return Currencies(held=(currency,), of_pool=True)
    asked = {wallet.currency for wallet in live.wallets.values() if wallet.id is not None}
    others = {wallet.currency for wallet in (*live.other_wallets, *live.currency_mismatches)}
    return Currencies(held=tuple(sorted(asked | others | live.currencies)), of_pool=False)
