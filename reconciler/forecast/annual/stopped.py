"""Which wallets have likely stopped, by their usage alone: what the forecast finds, without a question or a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain

import numpy as np

from reconciler.forecast.calendar import day_before
from reconciler.forecast.censored import censored_days
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.happenings.registry import find
from reconciler.forecast.happenings.silence import likely_stopped
from reconciler.forecast.history import Spending
from reconciler.forecast.panel import make_panel
from reconciler.forecast.shared_days import shared_events
from reconciler.model.forecast import WalletNotice
from reconciler.model.wallet_ref import WalletRef


def stopped_wallets(
    known: Spending, wallets: Iterable[WalletRef], *, empty: Collection[WalletRef] = ()
) -> dict[WalletRef, WalletNotice]:
    """Return what says of `wallets` that they have more likely stopped than not; `empty` ones hold no money now."""
    events, end = shared_events(known), known.known_until
    found = {}
    for key in wallets:
        spend = known.of(key)
        history = spend.history(end, censored=censored_days(spend, known_until=end, is_empty=key in empty))
        if not len(history):
            continue
        credits = [spend.credits(end, days=len(history))]
        panel = make_panel([history], np.full(1, day_before(end)), credits=credits, events=events)
        happened, _ = find(panel, frozenset(Mechanism))
        if notice := likely_stopped(chain.from_iterable(each.notices(0) for each in happened)):
            found[key] = notice
    return found
