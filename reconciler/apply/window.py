"""From which month on a ledger must be read, so that no entry for a period is overlooked."""

from __future__ import annotations

from datetime import datetime

from reconciler.model.period import Period


def ledger_start(period: Period, now: datetime) -> Period:
    """Return the month to read from: entries of a month that was funded ahead are dated before it began.

    On the first day of a month the server's clock may still be in the last one, so that day counts as ahead too.
    """
    ahead = now < period.start_instant or now.date() == period.first
    return min(period, Period.of(now.date())).plus(-1) if ahead else period
