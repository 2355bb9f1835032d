"""Backtest: how wrong the forecast would have been on the user's own past, beside the usual guesses.

Rolling origins: from each of several days of each whole month, the month end is forecast with what was known then,
and compared with what it became. The exhaustion probability is judged under ceilings around the usual month.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from reconciler.forecast.censored import censored_days
from reconciler.forecast.draws import draw, seed_of
from reconciler.forecast.fit import fit
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.history import Spend, spending
from reconciler.forecast.naive import MEAN_DAYS, NAIVE_METHODS, NaiveMethod, naive_rest
from reconciler.forecast.panel import Floats, make_panel
from reconciler.forecast.paths import simulate
from reconciler.forecast.price_index import price_index
from reconciler.forecast.repricing import PriceIndex
from reconciler.forecast.scores import Chance, MonthScore, Score, score_paths, score_point, summary
from reconciler.forecast.windows import WEEK
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage

PATHS = 500
CHUNK = 64
ORIGIN_DAYS = (1, 8, 15, 22)
FEWEST_HISTORY_DAYS = 28
CEILINGS = (0.8, 0.9, 1.0, 1.1, 1.25)
"""Multiples of the 28-day mean's month end that the exhaustion probability is asked for."""
STABLE_ORIGINS = 12
STABLE_ADVANTAGE = 0.90


@dataclass(frozen=True, slots=True, eq=False)
class ForecastOrigin:
    """One day to forecast from. `history` is oldest first and ends the day before; `rest` is what then was paid.

    `credits` is what was given back on each day of the history, and no part of it. `index` says what its days are
    counted at.
    """

    series: str
    as_of: date
    history: Floats
    elapsed: int
    rest: Floats
    scale: float
    credits: Floats | float = 0.0
    index: PriceIndex | None = None

    @property
    def paid(self) -> Floats:
        """The history after credits, NaN where it says nothing."""
        return self.history - self.credits

    @property
    def month_to_date(self) -> float:
        return float(np.nansum(self.paid[-self.elapsed :])) if self.elapsed else 0.0

    @property
    def actual(self) -> float:
        return self.month_to_date + float(self.rest.sum())


@dataclass(slots=True)
class ScoreSheet:
    """Everything that was scored for one wallet, or for all."""

    months: dict[str, list[MonthScore]] = field(default_factory=dict)
    chances: dict[str, list[Chance]] = field(default_factory=dict)
    date_errors: list[float] = field(default_factory=list)

    def add(self, method: str, month: MonthScore, chances: Sequence[Chance] = ()) -> None:
        self.months.setdefault(method, []).append(month)
        self.chances.setdefault(method, []).extend(chances)


@dataclass(frozen=True, slots=True)
class Backtest:
    """Scores by method (`forecast` and the naive ones). `date_error_days` is the median error of the exhaustion date.

    `better` is a naive method that was stably better for this wallet: over 12 origins or more, in the earlier and in
    the later half of them, its error was at least a tenth smaller. None where the forecast holds its own.
    """

    wallet: str
    scores: Mapping[str, Score]
    date_error_days: float | None
    better: NaiveMethod | None


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """`overall` is over all wallets, each scaled by its own level; `wallets` in order of their keys.

    `months` is how many months were forecast.
    """

    overall: Backtest
    wallets: tuple[Backtest, ...]
    months: int = 0


def backtest(
    usage: DailyUsage,
    *,
    as_of: date,
    organization: str,
    months: int = 12,
    wallets: Sequence[str] | None = None,
    censored: Mapping[str, frozenset[date]] | None = None,
) -> BacktestReport:
    """Return how the forecast would have done on the whole months of `usage` before `as_of`."""
    known = spending(usage, as_of=as_of)
    records: dict[str, ScoreSheet] = {}
    total, forecast = ScoreSheet(), set[Period]()
    for wallet in sorted(known.wallets if wallets is None else wallets):
        origins = list(
            _origins(
                usage,
                wallet,
                known.of(wallet),
                until=known.known_until,
                months=months,
                left_out=(censored or {}).get(wallet),
            )
        )
        if origins:
            records[wallet] = ScoreSheet()
            forecast |= {Period.of(origin.as_of) for origin in origins}
            score_origins(
                origins, records[wallet], total, seed=lambda origin: seed_of(organization, origin.series, origin.as_of)
            )
    return BacktestReport(
        overall=_backtest("", total, pick=False),
        wallets=tuple(_backtest(wallet, record, pick=True) for wallet, record in records.items()),
        months=len(forecast),
    )


def _origins(
    usage: DailyUsage, wallet: str, spend: Spend, *, until: date, months: int, left_out: frozenset[date] | None
) -> Iterator[ForecastOrigin]:
    first = spend.first_event()
    if first is None:
        return
    rows = np.flatnonzero(usage.wallet == wallet)
    newest = Period.of(until).plus(-1)
    for period in (newest.plus(-back) for back in reversed(range(months))):
        for number in ORIGIN_DAYS:
            as_of = date(period.year, period.month, number)
            if (as_of - first).days < FEWEST_HISTORY_DAYS:
                continue
            dry = censored_days(spend, known_until=as_of, is_empty=False) | (left_out or frozenset())
            history = spend.history(as_of, censored=dry)
            rest, credits = spend.daily(as_of, period.end), spend.credits(as_of, days=len(history))
            if history.size and (scale := float(np.nanmean(history[-2 * MEAN_DAYS :])) * period.days) > 0:
                index = price_index(usage, rows, as_of)
                yield ForecastOrigin(wallet, as_of, history, number - 1, rest, scale, credits, index)


def score_origins(
    origins: Sequence[ForecastOrigin],
    *records: ScoreSheet,
    seed: Callable[[ForecastOrigin], int],
    mechanisms: Collection[Mechanism] = frozenset(Mechanism),
) -> None:
    """Forecast each origin with the engine and with the naive methods, and add the scores to `records`."""
    for start in range(0, len(origins), CHUNK):
        chunk = origins[start : start + CHUNK]
        days = max(len(origin.rest) for origin in chunk)
        ends = np.array([origin.as_of - timedelta(days=1) for origin in chunk], dtype="datetime64[D]")
        credits = [np.zeros(len(origin.history)) + origin.credits for origin in chunk]
        indices = [origin.index for origin in chunk]
        panel = make_panel([origin.history for origin in chunk], ends, credits=credits, indices=indices)
        learned = fit(panel, mechanisms=mechanisms)
        draws = draw([seed(origin) for origin in chunk], shared_seed=0, paths=PATHS, weeks=-(-days // WEEK))
        simulated = simulate(learned, draws, days=days)
        for origin, paths in zip(chunk, simulated, strict=True):
            _score(origin, paths[:, : len(origin.rest)], records)


def _score(origin: ForecastOrigin, paths: Floats, records: Sequence[ScoreSheet]) -> None:
    guesses = {
        method: naive_rest(method, origin.paid, elapsed=origin.elapsed, days=len(origin.rest))
        for method in NAIVE_METHODS
    }
    usual = origin.month_to_date + float(guesses["mean_28_days"].sum())
    ceilings = [factor * usual for factor in CEILINGS if factor * usual > origin.month_to_date]
    ends = origin.month_to_date + paths.sum(axis=1)
    chances = [Chance(float((ends > ceiling).mean()), origin.actual > ceiling) for ceiling in ceilings]
    month = score_paths(ends, origin.actual, series=origin.series, scale=origin.scale)
    error = _date_error(origin, paths, ceiling=usual)
    for record in records:
        record.add("forecast", month, chances)
        record.date_errors.extend([] if error is None else [error])
        for method, rest in guesses.items():
            end = origin.month_to_date + float(rest.sum())
            point = score_point(end, origin.actual, series=origin.series, scale=origin.scale)
            record.add(method, point, [Chance(float(end > c), origin.actual > c) for c in ceilings])


def _date_error(origin: ForecastOrigin, paths: Floats, *, ceiling: float) -> float | None:
    """Return the days between the median forecast and the actual exhaustion date, where both ran out of `ceiling`."""
    left = ceiling - origin.month_to_date
    actual = np.flatnonzero(np.cumsum(origin.rest) > left)
    over = np.cumsum(paths, axis=1) > left
    days = np.sort(np.where(over.any(axis=1), over.argmax(axis=1), np.inf))
    middle = days[(len(days) - 1) // 2] if len(days) else np.inf
    return abs(float(middle) - float(actual[0])) if len(actual) and np.isfinite(middle) else None


def _backtest(wallet: str, record: ScoreSheet, *, pick: bool) -> Backtest:
    scores = {
        method: summary(months, record.chances[method], interval=method == "forecast")
        for method, months in record.months.items()
    }
    error = float(np.median(record.date_errors)) if record.date_errors else None
    return Backtest(wallet, scores, error, better_method(record) if pick else None)


def better_method(record: ScoreSheet) -> NaiveMethod | None:
    """Return the naive method that was better by a tenth in both halves of the origins, the best of them."""
    own = record.months.get("forecast", [])
    if len(own) < STABLE_ORIGINS:
        return None
    half = len(own) // 2
    found: list[tuple[float, NaiveMethod]] = []
    for method in NAIVE_METHODS:
        other = record.months[method]
        parts = [(_error(other[part]), _error(own[part])) for part in (slice(0, half), slice(half, None))]
        if all(error <= STABLE_ADVANTAGE * mine for error, mine in parts) and any(mine > 0 for _, mine in parts):
            found.append((_error(other), method))
    return min(found)[1] if found else None


def _error(months: Sequence[MonthScore]) -> float:
    return sum(abs(month.point - month.actual) for month in months)
