"""The pool: what it is in, whether it can pay for a run, and what it still holds afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from reconciler.findings import Finding, Origin, Severity
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.live import Live
from reconciler.model.money import ZERO, Funds, Money, total
from reconciler.model.period import Period
from reconciler.model.policy_input import Currencies

_SOON = timedelta(days=7)


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


def pool_notes(run: Funds, desired: Desired, period: Period, as_of: date | None) -> Iterator[Finding]:
    """Yield what a reader must know about the pool: unseen, so full that wallets are no hard limit, or soon too small.

    Only in the last week of `period`, by `as_of`, it is soon: many organizations pay in once a month.
    """
    origin = Origin(desired.organization_path)
    if run.after is None:
        if run.allocated:
            yield Finding(
                where=origin,
                code="pool-unknown",
                severity=Severity.WARNING,
                message="no organization wallet is shown to this token: whether it can pay for the allocations is"
                " unknown",
                hint="use a token that can read the organization wallet, or credit it if there is none yet",
            )
        return
    currency = desired.organization.currency
    held, needed = Money(run.after, currency), _opening(desired, period.plus(1))
    if run.after > 0:
        yield Finding(
            where=origin,
            code="soft-cap",
            severity=Severity.WARNING,
            message=f"the organization wallet holds {held} of free money after this plan, so an empty team wallet"
            " does not stop traffic",
            hint=_not_needed(held, needed, period.plus(1)),
        )
    if 0 <= held.amount < needed.amount and as_of and period.last - _SOON < as_of <= period.last:
        yield _too_small(held, needed, desired, period.plus(1))


def _not_needed(held: Money, needed: Money, month: Period) -> str:
    if not needed.amount:
        return "allocate it or move it out if team wallets are meant to be hard limits"
    if held.amount <= needed.amount:
        return f"leave it there: the opening of {month} takes {needed}"
    return (
        f"allocate or move out {held - needed} of it if team wallets are meant to be hard limits, and keep the rest"
        f" for the opening of {month}"
    )


def _too_small(held: Money, needed: Money, desired: Desired, month: Period) -> Finding:
    back = desired.organization.unused == "reclaim"
    most = ", less what wallets have not spent by then and give back" if back else ""
    missing = needed - held
    return Finding(
        where=Origin(desired.organization_path),
        code="next-month-short",
        severity=Severity.WARNING,
        message=f"the organization wallet holds {held} after this plan, and the opening of {month} takes"
        f" {needed}{most}: {missing} {'may be' if back else 'is'} missing, and then no wallet is funded on that day",
        hint=f"credit {'up to ' if back else ''}{missing} to the organization wallet before {month.first}",
    )


def _opening(desired: Desired, month: Period) -> Money:
    """Return what the wallets in git are to get when `month` opens; nothing where no fiscal year says it."""
    currency = desired.organization.currency
    planned = desired.wallets.values() if month in desired.organization.fiscal_year.value else ()
    return Money(sum((wallet.setting.target(month) for wallet in planned if not wallet.absent), ZERO), currency)


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
