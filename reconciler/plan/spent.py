"""The current spend view: what each wallet, team, workload and model spent, by every surface that tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from reconciler.model.desired import Desired
from reconciler.model.spend import ByDay, Payment, Reading, Spent, SpentRow
from reconciler.model.usage import NANO, DailyUsage
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.agreement import NOTHING, by_wallet

Counted = tuple[Decimal, int]
"""Exact money and requests."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """The rows of an export in [first, end), added up."""

    usage: DailyUsage
    first: date
    end: date

    def days(self) -> dict[tuple[date, str], Decimal]:
        """Return the exact cost by day and wallet."""
        found: dict[tuple[date, str], int] = defaultdict(int)
        for row in self._rows():
            found[self.usage.day[row].astype(object), str(self.usage.wallet[row])] += int(self.usage.cost[row])
        return {key: Decimal(amount) / NANO for key, amount in found.items()}

    def by(self, key: Callable[[DailyUsage, int], str]) -> dict[str, Counted]:
        """Return exact cost and requests by what `key` makes of a row's number."""
        cost: dict[str, int] = defaultdict(int)
        requests: dict[str, int] = defaultdict(int)
        for row in self._rows():
            name = key(self.usage, row)
            cost[name] += int(self.usage.cost[row])
            requests[name] += int(self.usage.requests[row])
        return {name: (Decimal(amount) / NANO, requests[name]) for name, amount in cost.items()}

    def _rows(self) -> Iterable[int]:
        day = self.usage.day
        chosen = (day >= np.datetime64(self.first)) & (day < np.datetime64(self.end))
        return (int(row) for row in np.flatnonzero(chosen))


def wallet_of(usage: DailyUsage, row: int) -> str:
    return str(usage.wallet[row])


def workload_of(usage: DailyUsage, row: int) -> str:
    return str(usage.workload[row])


def model_of(usage: DailyUsage, row: int) -> str:
    """Return provider/model, or what of them is known."""
    return "/".join(filter(None, (str(usage.provider[row]), str(usage.model[row]))))


def paid(
    payments: Iterable[Payment], currency: str, first: date, end: date, of: Callable[[Decimal], Decimal] = Decimal
) -> tuple[ByDay, Mapping[date, Decimal]]:
    """Return what wallets of teams settled by day, and what other wallets did; another currency is left out.

    With `of`, what it makes of each entry is added up instead.
    """
    teams: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    others: dict[date, Decimal] = defaultdict(Decimal)
    for payment in payments:
        if payment.currency != currency or not first <= payment.day < end:
            continue
        if payment.scope == "team":
            teams[payment.day, payment.holder] += of(payment.amount)
        else:
            others[payment.day] += of(payment.amount)
    return teams, others


def other_currencies(
    rows: Iterable[SpentRow], payments: Iterable[Payment], currency: str, first: date, end: date
) -> dict[str, Decimal]:
    """Return the money in other currencies, by the larger of dashboard and ledger: it is in no sum."""
    shown: dict[str, Decimal] = defaultdict(Decimal)
    settled: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        shown[row.currency] += row.cost
    for payment in payments:
        if first <= payment.day < end:
            settled[payment.currency] += payment.amount
    found = {name: max(shown[name], settled[name]) for name in sorted({*shown, *settled}) if name != currency}
    return {name: amount for name, amount in found.items() if amount}


def wallets(reading: Reading, events: Events | None, desired: Desired) -> tuple[Spent, ...]:
    """Return a row for each wallet that is declared or that anything was spent from, the YAML's own order first."""
    shown, exported = reading.spend.get("team"), events.by(wallet_of) if events else None
    settled = by_wallet(reading.ledger)
    strangers = sorted({*(shown or {}), *(exported or {}), *settled} - desired.wallets.keys())
    rows = []
    for key in (*map(str, desired.wallets), *strangers):
        wallet = desired.wallets.get(WalletRef.parse(key))
        row = _row(key, shown, exported, settled.get(key, NOTHING))
        names = {"team": wallet.team, "environment": wallet.environment} if wallet else {}
        rows.append(row.model_copy(update=names))
    return tuple(rows)


def teams(rows: Iterable[Spent]) -> tuple[Spent, ...]:
    """Return the rows of wallets added up by team; a wallet that no YAML declares stands for itself."""
    found: dict[str, list[Spent]] = {}
    for row in rows:
        found.setdefault(row.team or row.key, []).append(row)
    return tuple(added(key, parts) for key, parts in found.items())


def added(key: str, parts: Iterable[Spent]) -> Spent:
    """Return several rows as one; a surface that is silent about one of them is silent about all."""
    listed = list(parts)
    return Spent(
        key=key,
        team=listed[0].team if len({part.team for part in listed}) == 1 else "",
        spend=_sum(part.spend for part in listed),
        export=_sum(part.export for part in listed),
        ledger=_sum(part.ledger for part in listed),
        requests=_count(part.requests for part in listed),
    )


def dimension(shown: Mapping[str, SpentRow] | None, exported: Mapping[str, Counted] | None) -> tuple[Spent, ...]:
    """Return a row for each workload or model, the dearest first; no ledger knows them."""
    aliases = _aliases(shown or {}, exported or {})
    named = None if shown is None else {aliases.get(key, key): row for key, row in shown.items()}
    keys = {*(named or {}), *(exported or {})}
    rows = [_row(key, named, exported, None) for key in keys]
    return tuple(sorted(rows, key=lambda row: (-(row.spend or row.export or NOTHING), row.key)))


def _aliases(shown: Mapping[str, SpentRow], exported: Mapping[str, Counted]) -> dict[str, str]:
    """Return which provider/model of the export a bare name of the dashboard means, where it can mean one only."""
    ends: dict[str, list[str]] = defaultdict(list)
    for key in exported:
        ends[key.rpartition("/")[2]].append(key)
    return {key: ends[key][0] for key in shown if key not in exported and len(ends[key]) == 1}


def _row(
    key: str, shown: Mapping[str, SpentRow] | None, exported: Mapping[str, Counted] | None, ledger: Decimal | None
) -> Spent:
    row = (shown or {}).get(key)
    cost, requests = (exported or {}).get(key, (NOTHING, 0))
    return Spent(
        key=key,
        spend=None if shown is None else row.cost if row else NOTHING,
        export=None if exported is None else cost,
        ledger=ledger,
        requests=row.requests if row else None if exported is None else requests,
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    found = list(amounts)
    return None if None in found else sum((amount for amount in found if amount is not None), NOTHING)


def _count(numbers: Iterable[int | None]) -> int | None:
    found = list(numbers)
    return None if None in found else sum(number for number in found if number is not None)
