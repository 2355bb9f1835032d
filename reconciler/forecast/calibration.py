"""Calibration: logged forecasts against what the usage shows that came, and how forecasts came out before.

A forecast's place is where in its quantiles the month ended: the probability integral transform, as far as quantiles
tell it (Dawid 1984; Gneiting, Balabdaoui and Raftery 2007). Decision 0101.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import get_args

from reconciler.forecast.backtest import backtest
from reconciler.forecast.history import whole_months
from reconciler.forecast.quantiles import MONEY_KEYS
from reconciler.forecast.range_alarm import range_alarm
from reconciler.model.forecast_log import (
    MONTHS_TO_JUDGE,
    Calibration,
    LoggedForecast,
    NotJudged,
    PitStep,
    TeamCalibration,
)
from reconciler.model.money import ZERO, cents
from reconciler.model.period import Period
from reconciler.model.track_record import TrackRecord
from reconciler.model.usage import DailyUsage
from reconciler.model.wallet_ref import WalletRef

REPLAYED_MONTHS = 6
MOST_REPLAYED = 8
"""So many wallets of a plan are replayed where the log holds too little: it must not be waited for."""
_EDGES = (0.0, *map(float, MONEY_KEYS), 1.0)
_REASONS: tuple[str, ...] = get_args(NotJudged.model_fields["reason"].annotation)


@dataclass(frozen=True, slots=True)
class Met:
    """A forecast, and what the wallet then spent in its month, exact; it is judged in cents, as forecasts are."""

    forecast: LoggedForecast
    exact: Decimal

    @property
    def spent(self) -> Decimal:
        return cents(self.exact)

    @property
    def middle(self) -> Decimal:
        return self.forecast.quantiles["0.5"]

    @property
    def is_within(self) -> bool:
        return self.forecast.quantiles["0.1"] <= self.spent <= self.forecast.quantiles["0.9"]

    @property
    def error(self) -> Decimal | None:
        """How far the middle was off, as a part of what was spent; None where nothing was."""
        return abs(self.middle - self.spent) / self.spent if self.spent > 0 else None

    @property
    def place(self) -> int | None:
        """The step between two quantiles in which the month ended; None for a forecast of one figure.

        What equals several quantiles is in the middle of the steps that these bound.
        """
        values = [self.forecast.quantiles[key] for key in MONEY_KEYS]
        if values[0] == values[-1]:
            return None
        below = _EDGES[sum(value < self.spent for value in values)]
        above = _EDGES[len(_EDGES) - 1 - sum(value > self.spent for value in values)]
        return bisect_right(_EDGES, (below + above) / 2) - 1


@dataclass(frozen=True, slots=True)
class Judged:
    """What could be judged of a log, and what not: how many forecasts by reason."""

    met: tuple[Met, ...]
    left: Mapping[str, int]

    @property
    def months(self) -> tuple[Period, ...]:
        return tuple(sorted({one.forecast.period for one in self.met}))

    @property
    def is_enough(self) -> bool:
        return len(self.months) >= MONTHS_TO_JUDGE

    def not_judged(self) -> tuple[NotJudged, ...]:
        return tuple(
            NotJudged.model_validate({"reason": reason, "count": self.left[reason]})
            for reason in _REASONS
            if self.left.get(reason)
        )


def judged(entries: Sequence[LoggedForecast], usage: DailyUsage | None, *, as_of: date, currency: str) -> Judged:
    """Return the forecasts of whole months beside what `usage` shows for these; partial months are never judged.

    Of several forecasts of one wallet, day and month the last one counts.
    """
    last = {(entry.wallet, entry.period, entry.as_of): entry for entry in entries}
    wallets = {entry.wallet for entry in entries}
    spent = {} if usage is None else whole_months(usage, wallets, as_of=as_of)
    met, left = [], Counter({"said_again": len(entries) - len(last)})
    for entry in last.values():
        if reason := _reason(entry, spent, as_of=as_of, currency=currency):
            left[reason] += 1
        else:
            met.append(Met(entry, spent[entry.wallet][entry.period]))
    return Judged(tuple(met), left)


def _reason(
    entry: LoggedForecast, spent: Mapping[WalletRef, Mapping[Period, Decimal]], *, as_of: date, currency: str
) -> str:
    if entry.currency != currency:
        return "other_currency"
    if entry.as_of >= entry.period.end:
        return "known_already"
    if entry.period.end > as_of:
        return "not_over"
    if spent and entry.wallet not in spent:
        return "wallet_unknown"
    return "" if entry.period in spent.get(entry.wallet, {}) else "not_in_usage"


def calibration(met: Sequence[Met]) -> Calibration:
    """Return how these forecasts compare with what came."""
    within = sum(one.is_within for one in met)
    expected, spent = sum((one.middle for one in met), ZERO), cents(sum((one.exact for one in met), ZERO))
    errors = [one.error for one in met if one.error is not None]
    return Calibration(
        forecasts=len(met),
        month_ends=len({(one.forecast.wallet, one.forecast.period) for one in met}),
        within=within,
        coverage=within / len(met) if met else None,
        expected=expected,
        spent=spent,
        bias=expected - spent,
        median_error=float(median(errors)) if errors else None,
    )


def by_team(met: Sequence[Met]) -> tuple[TeamCalibration, ...]:
    """Return the same for each team, the one whose middle was furthest off first."""
    names = sorted({one.forecast.team for one in met})
    found = (
        TeamCalibration(team=name, **dict(calibration([one for one in met if one.forecast.team == name])))
        for name in names
    )
    return tuple(sorted(found, key=lambda team: -(team.median_error or 0.0)))


def pit(met: Sequence[Met]) -> tuple[PitStep, ...]:
    """Return how often months ended between each two quantiles, and how often they should have."""
    places = [one.place for one in met if one.place is not None]
    counted = Counter(places)
    return tuple(
        PitStep(low=low, to=to, count=counted[number], expected=(to - low) * len(places))
        for number, (low, to) in enumerate(pairwise(_EDGES))
    )


def logged_record(found: Judged) -> TrackRecord | None:
    """Return how logged forecasts came out; None where they are of fewer than three months."""
    if not found.is_enough:
        return None
    overall = calibration(found.met)
    return TrackRecord(
        source="log",
        months=len(found.months),
        forecasts=overall.forecasts,
        within=overall.within,
        median_error=_rounded(overall.median_error),
        bias=_rounded(float(overall.bias / overall.spent)) if overall.spent > 0 else None,
        alarm=range_alarm(overall),
    )


def replayed_record(
    usage: DailyUsage, wallets: Iterable[WalletRef], *, as_of: date, organization: str
) -> TrackRecord | None:
    """Return how forecasts of these wallets would have come out in the last months; None without enough of a past."""
    first = sorted(wallets)[:MOST_REPLAYED]
    report = backtest(usage, as_of=as_of, organization=organization, months=REPLAYED_MONTHS, wallets=first)
    score = report.overall.scores.get("forecast")
    if score is None or not score.origins or score.cov80 is None:
        return None
    return TrackRecord(
        source="backtest",
        months=report.months,
        forecasts=score.origins,
        within=round(score.cov80 * score.origins),
        median_error=_rounded(score.median_error),
        bias=_rounded(score.bias),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
