"""What the ledger itself says was spent: the usage to go by when there is no export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, timedelta
from decimal import Decimal

import numpy as np

from reconciler.model.json_text import digest_of
from reconciler.model.live import Live, LiveWallet
from reconciler.model.usage import NANO, DailyUsage, UsageSource, named_wallets, nanos


def seen_usage(usage: DailyUsage | None, live: Live, *, as_of: date) -> DailyUsage | None:
    """Return what is known of past spend: `usage`, or without any, or with no rows of it, what the ledgers settled."""
    return usage if usage is not None and usage.source.rows else ledger_usage(live, as_of=as_of)


def ledger_usage(live: Live, *, as_of: date) -> DailyUsage | None:
    """Return the settled spend of each wallet and whole day before `as_of`; None when the ledger settled nothing.

    It knows neither workloads nor models, and no more days than the ledger was read for.
    """
    spent = _settled(live.wallets.values(), as_of)
    return _usage(spent, as_of) if spent else None


def unseen_usage(usage: DailyUsage | None, live: Live, *, as_of: date) -> DailyUsage | None:
    """Return what else is known to be spent where `usage` says nothing; None where that is nothing.

    In the month of `as_of` it is what the ledgers settled; of months that are over, what stands beside the usage.

    It says nothing of the days before it begins, of its gaps, and of wallets that it never names. A day is that of the
    entry: what is settled a day after its event may count once too often or not at the border.
    """
    if usage is None or not usage.source.rows:
        return None
    month = as_of.replace(day=1)
    untold, named = usage.source.untold(month, as_of), named_wallets(usage)
    held = live.wallets.values() if untold else [wallet for wallet in live.wallets.values() if wallet.key not in named]
    spent = {
        (day, key): amount
        for (day, key), amount in _settled(held, as_of).items()
        if (day >= month if key not in named else any(first <= day <= last for first, last in untold))
    }
    spent |= usage.source.beside
    return _usage(spent, as_of) if spent else None


def nothing_known(since: date) -> DailyUsage:
    """Return usage that shows nothing, of which the days from `since` on are not known."""
    return _usage({}, since)


def _usage(spent: Mapping[tuple[date, str], Decimal], as_of: date) -> DailyUsage:
    rows = sorted(spent)
    cost = nanos([int((spent[row] * NANO).to_integral_value()) for row in rows])
    unattributed = np.full(len(rows), "", dtype="<U1")
    nothing = np.zeros(len(rows), np.int64)
    return DailyUsage(
        source=_source(spent, as_of),
        day=np.array([day for day, _ in rows], "datetime64[D]"),
        wallet=np.array([key for _, key in rows], dtype=np.str_),
        workload=unattributed,
        provider=unattributed,
        model=unattributed,
        lane=unattributed,
        cost=cost,
        credits=np.minimum(cost, 0),
        avoided=nothing,
        requests=nothing,
        input_tokens=nothing,
        output_tokens=nothing,
        cache_hits=nothing,
        fallbacks=nothing,
        fallback_cost=nothing,
    )


def _settled(wallets: Iterable[LiveWallet], as_of: date) -> dict[tuple[date, str], Decimal]:
    spent: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for wallet in wallets:
        for entry in wallet.ledger:
            day = entry.created_at.astimezone(UTC).date()
            if entry.kind in ("settle", "refund") and day < as_of:
                spent[day, wallet.key] += entry.settled
    return spent


def _source(spent: Mapping[tuple[date, str], Decimal], as_of: date) -> UsageSource:
    rows = sorted(spent)
    return UsageSource(
        digest=digest_of([[str(day), key, str(spent[day, key])] for day, key in rows]),
        first_day=rows[0][0] if rows else None,
        last_day=rows[-1][0] if rows else None,
        last_complete_day=as_of - timedelta(days=1),
        data_as_of=None,
        rows=len(rows),
        duplicates=0,
        unpriced_rows=0,
        unpriced_share=0.0,
    )
