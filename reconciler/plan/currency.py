"""The currency of the budget files, against the one that the organization's money is in."""

from __future__ import annotations

from reconciler.model.live import Live
from reconciler.model.plan import GuardResult

GUARD = "currency"


def currency_guard(live: Live, currency: str) -> GuardResult | None:
    """Refuse whatever is in `currency` where the organization has no money of it, and some of another.

    The organization wallets decide; where none is visible, the wallets of teams do. An organization that nothing was
    ever paid for has no currency yet (decision 0013).
    """
    theirs = live.pool_currencies or ((currency,) if live.pool else _of_teams(live))
    if not theirs or currency in theirs:
        return None
    whose = "the organization wallet is" if live.pool_currencies else "every team wallet that there is, is"
    told = " and ".join(theirs)
    return GuardResult(
        guard=GUARD,
        status="refused",
        message=f"org.yaml says `currency: {currency}`, and {whose} in {told}; nothing is planned in {currency}",
        hint=f"write `currency: {theirs[0]}` in org.yaml; an organization that goes over to {currency} needs an"
        f" organization wallet in {currency} in Keeptrusts first",
    )


def _of_teams(live: Live) -> tuple[str, ...]:
    """Return the currencies of the team wallets that exist."""
    asked = {wallet.currency for wallet in live.wallets.values() if wallet.id is not None}
    return tuple(sorted({*asked, *(wallet.currency for wallet in (*live.other_wallets, *live.currency_mismatches))}))
