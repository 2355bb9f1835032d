"""The evidence: what a team's wallets spent in the trailing months, by workload and day, exact."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from reconciler.forecast.annual.run_rate import summed
from reconciler.forecast.annual.workloads import Traffic
from reconciler.forecast.history import Spending, whole_months
from reconciler.forecast.panel import Floats
from reconciler.forecast.year import Uncovered
from reconciler.model.period import Period
from reconciler.model.usage import NANO, DailyUsage, Nanos
from reconciler.model.wallet_ref import WalletRef

MONTHS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What one team spent. `net` and `gross` are billionths[workloads, days] from `start` on, in the order of names.

    `months` are the whole months that are known of every wallet that the usage names, `wallets` those of each.
    """

    start: date
    workloads: tuple[str, ...]
    net: Nanos
    gross: Nanos
    months: Mapping[Period, Decimal]
    wallets: Mapping[WalletRef, Mapping[Period, Decimal]]
    traffic: Traffic | None = None

    def columns(self, month: Period) -> slice:
        return slice(max((month.first - self.start).days, 0), max((month.end - self.start).days, 0))

    def spent(self, workload: int, month: Period) -> Decimal:
        """Return what a workload cost in a month, credits and corrections included."""
        return Decimal(int(self.net[workload, self.columns(month)].sum())) / NANO

    def days(self, workload: int) -> Floats:
        """Return float64[days] of a workload's spend in major units, credits left out."""
        return np.asarray(self.gross[workload] / NANO, dtype=np.float64)


def trailing(as_of: date) -> tuple[Period, Period]:
    """Return the first and the last of the twelve whole months before `as_of`."""
    now = Period.of(as_of)
    return now.plus(-MONTHS), now.plus(-1)


def evidence(
    usage: DailyUsage | None, teams: Mapping[str, Collection[WalletRef]], *, as_of: date
) -> dict[str, Evidence]:
    """Return what each team, by its wallets, spent from the first of the trailing months up to `as_of`."""
    start = trailing(as_of)[0].first
    nothing = np.zeros((0, 0), dtype=np.int64)
    if usage is None:
        return {team: Evidence(start, (), nothing, nothing, {}, {}) for team in teams}
    known = whole_months(usage, [key for keys in teams.values() for key in keys], as_of=as_of)
    recent = np.flatnonzero((usage.day >= np.datetime64(start, "D")) & (usage.day < np.datetime64(as_of, "D")))
    names, codes = np.unique(usage.wallet[recent], return_inverse=True)
    owners = {str(key): number for number, keys in enumerate(teams.values()) for key in keys}
    owner = np.array([owners.get(str(name), -1) for name in names], dtype=np.int64)[codes]
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(len(teams) + 1))
    return {
        team: _of_rows(usage, recent[order[bounds[number] : bounds[number + 1]]], start, as_of, months)
        for number, (team, keys) in enumerate(teams.items())
        for months in ({key: known[key] for key in keys if key in known},)
    }


def _of_rows(
    usage: DailyUsage,
    rows: npt.NDArray[np.intp],
    start: date,
    end: date,
    wallets: Mapping[WalletRef, Mapping[Period, Decimal]],
) -> Evidence:
    names, codes = np.unique(usage.workload[rows], return_inverse=True)
    days = (usage.day[rows] - np.datetime64(start, "D")).astype(np.int64)
    net, gross = (np.zeros((len(names), (end - start).days), dtype=usage.cost.dtype) for _ in range(2))
    np.add.at(net, (codes, days), usage.cost[rows])
    np.add.at(gross, (codes, days), usage.cost[rows] - usage.credits[rows])
    return Evidence(
        start, tuple(map(str, names)), net, gross, summed(wallets.values()), wallets, Traffic(usage, rows, codes)
    )


def others(known: Spending, covered: Collection[str]) -> Uncovered:
    """Return what teams other than those `covered` spent from the first of the trailing months on."""
    start = trailing(known.as_of)[0].first
    return Uncovered.between(known, start, known.as_of + timedelta(days=1), covered=covered)
