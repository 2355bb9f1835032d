"""Whether the usage that figures come from is what the dashboard shows: a forecast on disagreeing numbers says so."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.findings import Finding, Position, RemoteError, Severity
from reconciler.model.period import Period
from reconciler.report import wording

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection
    from reconciler.model.desired import Desired
    from reconciler.model.spend import SpentRow
    from reconciler.model.usage import DailyUsage

SPEND_DISAGREES = "spend-disagrees"
_SHARE = Decimal("0.01")
_LEAST = Decimal(1)


def spend_findings(
    desired: Desired, connection: Connection, usage: DailyUsage, *, as_of: date
) -> tuple[Finding, ...] | None:
    """Return a warning where the dashboard shows another spend than `usage` for a declared wallet, by 1% and more.

    This month and the last are looked at, as far as the usage goes: that it ends early is told elsewhere. Where
    there is no dashboard, nothing is compared, which None says.
    """
    source = usage.source
    if source.last_complete_day is None or source.first_day is None:
        return None
    first = max(Period.of(as_of).plus(-1).first, source.first_day + timedelta(days=1))
    end = min(as_of, source.last_complete_day + timedelta(days=1))
    rows = _shown(connection, first, end) if first < end else None
    return None if rows is None else _compared(desired, rows, usage, first, end)


def _shown(connection: Connection, first: date, end: date) -> tuple[SpentRow, ...] | None:
    from reconciler.keeptrusts.reader import Reader

    try:
        with Reader(connection) as reader:
            return reader.spend(first, end)
    except RemoteError as error:
        logging.getLogger(__name__).warning("the dashboard is not compared: %s", error.message)
        return None


def _compared(
    desired: Desired, rows: tuple[SpentRow, ...], usage: DailyUsage, first: date, end: date
) -> tuple[Finding, ...]:
    from reconciler.plan.spent import Events, wallet_of

    currency = desired.organization.currency
    shown = {row.key: row.cost for row in rows if row.currency == currency}
    used = {key: cost for key, (cost, _) in Events(usage, first, end).by(wallet_of).items()}
    apart = []
    for key, wallet in desired.wallets.items():
        theirs, ours = shown.get(str(key), Decimal(0)), used.get(str(key), Decimal(0))
        if abs(theirs - ours) >= max(_LEAST, _SHARE * max(theirs, ours)):
            name = f"{wallet.team}/{wallet.environment}"
            apart.append((abs(theirs - ours), f"{name} {wording.exact(ours)} against {wording.exact(theirs)}"))
    if not apart:
        return ()
    named = wording.listed([told for _, told in sorted(apart, reverse=True)])
    message = (
        "the usage and the dashboard do not show the same spend for"
        f" {wording.day_range(first, end - timedelta(days=1))}, so figures made from the usage may be wrong:"
        f" {named} {currency}"
    )
    hint = "`kt-budgets spend` shows since when; ask whoever runs Keeptrusts which of the two is right"
    return (Finding(Position(desired.organization_path), SPEND_DISAGREES, Severity.WARNING, message, hint),)
