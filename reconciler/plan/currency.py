"""The currencies that the organization's money is in, as far as this token sees it."""

from __future__ import annotations

from reconciler.model.live import Live
from reconciler.model.policy_input import Currencies


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
    return Currencies(held=tuple(sorted(asked | others)), of_pool=False)
