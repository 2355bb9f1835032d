"""What is learned from a history: level, shape, trend, weeks of residuals; and what stands in for a missing one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from math import prod

import numpy as np
import numpy.typing as npt

from reconciler.forecast.calendar import day_before
from reconciler.forecast.happenings.happening import Happening
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.happenings.registry import find
from reconciler.forecast.history import Spending
from reconciler.forecast.interludes import find_interludes
from reconciler.forecast.level import MIX, Level, fit_level
from reconciler.forecast.long_run import LongRun, block_levels, fit_long_run, no_long_run
from reconciler.forecast.panel import Bools, Floats, Panel, centred_mean, make_panel
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.seasons import Season, fit_season, no_season
from reconciler.forecast.shape import CalendarShape, fit_shape
from reconciler.forecast.shift import Shift, fit_shift, no_shift
from reconciler.forecast.trend import Trend, fit_trend
from reconciler.forecast.windows import DAYS_OF_A_MONTH, WEEK
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget

SHOCK_FLOOR = 0.07
SHOCK_HISTORY = 0.8
FEWEST_DAYS = 3
WALK = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """One row a series. `largest` is the largest observed day, `history_days` the number of known ones."""

    panel: Panel
    shape: CalendarShape
    shift: Shift
    level: Level
    trend: Trend
    pool: ResidualPool
    volatility: Floats
    long_run: LongRun
    season: Season
    history_days: npt.NDArray[np.intp]
    largest: Floats
    happenings: tuple[Happening, ...] = ()

    @property
    def shock_scale(self) -> Floats:
        """The standard deviation of the log shock that a path keeps, float64[series, levels]: wider for young ones."""
        history = np.maximum(self.history_days, FEWEST_DAYS)[:, None]
        days = np.column_stack([np.repeat(history, len(MIX), axis=1), np.minimum(history, self.shift.ages)])
        return np.asarray(self.volatility[:, None] * (SHOCK_FLOOR + SHOCK_HISTORY / np.sqrt(days)))

    @property
    def walk_scale(self) -> Floats:
        """The standard deviation of one day's step of the log level."""
        return np.asarray(self.volatility * WALK)

    def share(self, row: int) -> float:
        """Return what part of a series' simulated days is paid in the end."""
        return prod(each.share(row) for each in self.happenings)

    def part(self, chosen: slice) -> Fit:
        level, pool = self.level, self.pool
        return Fit(
            panel=self.panel.rows(chosen),
            shape=self.shape.part(chosen),
            shift=self.shift.part(chosen),
            level=Level(
                level.values[chosen],
                level.lags[chosen],
                level.before[chosen],
                level.tamed[chosen],
                level.intermittent[chosen],
            ),
            trend=self.trend.part(chosen),
            pool=ResidualPool(pool.weeks[chosen], pool.count[chosen]),
            volatility=self.volatility[chosen],
            long_run=self.long_run.part(chosen),
            season=self.season.part(chosen),
            history_days=self.history_days[chosen],
            largest=self.largest[chosen],
            happenings=tuple(happening.part(chosen) for happening in self.happenings),
        )


def fit(
    panel: Panel, *, usual_week: Floats | None = None, mechanisms: Collection[Mechanism] = frozenset(Mechanism)
) -> Fit:
    """Return what the histories of `panel` teach; short ones lean on `usual_week`. `mechanisms` are looked for."""
    largest = np.nan_to_num(panel.values).max(axis=1)
    happenings, panel = find(panel, mechanisms)
    shape = fit_shape(panel, usual_week, quarters=Mechanism.QUARTERS in mechanisms)
    over = shape.over(panel)
    ends = panel.ends if Mechanism.HOLIDAYS in mechanisms else None
    launched = panel.launched if Mechanism.COLUMNS in mechanisms else None
    shift = (
        fit_shift(panel.values, over, ends=ends, launched=launched)
        if Mechanism.SHIFTS in mechanisms
        else no_shift(panel.series)
    )
    values, shift = find_interludes(panel.values, over, shift)
    level = fit_level(values, over, shift=shift, tame_young=Mechanism.TAMING in mechanisms)
    calm = shift.evened(level.tamed)
    volatility, since = fit_volatility(calm, over), shift.settled(over.shape[1])
    blocks = block_levels(level.tamed, over, since=np.where(level.intermittent, 0, since))
    grows = Mechanism.GROWTH in mechanisms
    long_run = (
        fit_long_run(*blocks, volatility=volatility, ends=panel.ends)
        if grows
        else no_long_run(WALK * volatility, panel.ends)
    )
    return Fit(
        panel=panel,
        shape=shape,
        shift=shift,
        level=level,
        trend=fit_trend(
            level.tamed, over, since=since, intermittent=level.intermittent, walk=long_run.walk if grows else None
        ),
        pool=fit_pool(shift.evened(values), over, tamed=calm),
        volatility=volatility,
        long_run=long_run,
        season=fit_season(*blocks, volatility=volatility, ends=panel.ends)
        if Mechanism.SEASON in mechanisms
        else no_season(panel.ends),
        history_days=panel.known.sum(axis=1),
        largest=largest,
        happenings=happenings,
    )


POOL_WEEKS = 26
LOCAL_DAYS = 29
CAP = 25.0
FEWEST_DAYS_OF_A_WEEK = 4
USUAL_VOLATILITY = 0.3
VOLATILITY_WEEKS = 16
VOLATILITY_PRIOR_WEEKS = 1
VOLATILITY_RANGE = (0.25, 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class ResidualPool:
    """`weeks` is float64[series, weeks, 7] of ratios, the first `count` of each series valid.

    Each week begins on the weekday that follows the history, so that a drawn week falls on its own weekdays.
    """

    weeks: Floats
    count: npt.NDArray[np.intp]


def fit_pool(values: Floats, shape: Floats, *, tamed: Floats) -> ResidualPool:
    """Return y/(shape·local level) in whole weeks, capped; raw days, so that a runaway day can recur.

    The local level is that of `tamed` days, so that the days around a runaway one do not look like silence. Weeks with
    fewer than four known days are left out. The mean, weighted by what the days cost, is 1.
    """
    span = min(POOL_WEEKS * WEEK, values.shape[1])
    weeks = _whole_weeks(_ratios(values, shape, tamed)[:, :span])
    weights = _whole_weeks(shape[:, :span])
    known = np.isfinite(weeks)
    filled = np.where(known, weeks, 1.0)
    total = np.where(known, weights, 0.0).sum(axis=(1, 2))
    mean = np.where(known, weights * filled, 0.0).sum(axis=(1, 2)) / np.maximum(total, 1e-12)
    whole = known.sum(axis=2) >= FEWEST_DAYS_OF_A_WEEK
    order = np.argsort(~whole, axis=1, kind="stable")
    ordered = np.take_along_axis(filled, order[:, :, None], axis=1)
    count = whole.sum(axis=1)
    usable = (mean > 1e-6) & (count > 0)
    ratios = np.where(usable[:, None, None], ordered / np.where(usable, mean, 1.0)[:, None, None], 1.0)
    return ResidualPool(ratios, np.maximum(count, 1))


def _ratios(values: Floats, shape: Floats, tamed: Floats) -> Floats:
    known, calm = np.isfinite(values), np.isfinite(tamed)
    cost = centred_mean(tamed, calm, width=LOCAL_DAYS)
    base = centred_mean(shape, calm, width=LOCAL_DAYS)
    local = np.divide(cost, base, out=np.zeros_like(cost), where=np.nan_to_num(base) > 0) * shape
    ratio = np.divide(values, local, out=np.full_like(cost, np.nan), where=known & (local > 0))
    return np.asarray(np.minimum(ratio, CAP))


def _whole_weeks(newest_first: Floats) -> Floats:
    """Return float64[series, weeks, 7], newest week first, the days of a week in the order of time."""
    return newest_first.reshape(len(newest_first), -1, WEEK)[:, :, ::-1]


def fit_volatility(tamed: Floats, shape: Floats) -> Floats:
    """Return the week-to-week log volatility relative to the usual one, shrunk to 1 and clipped to 0.25…2."""
    weeks = min(VOLATILITY_WEEKS, tamed.shape[1] // WEEK)
    span = weeks * WEEK
    known = np.isfinite(tamed)[:, :span]
    spent = np.where(known, tamed[:, :span], 0.0).reshape(-1, weeks, WEEK).sum(axis=2)
    base = np.where(known, shape[:, :span], 0.0).reshape(-1, weeks, WEEK).sum(axis=2)
    usable = (base > 0.3 * WEEK) & (spent > 0)
    logs = np.log(np.where(usable, spent, 1.0) / np.where(usable, base, 1.0))
    pair = usable[:, 1:] & usable[:, :-1]
    change = np.where(pair, logs[:, 1:] - logs[:, :-1], 0.0)
    prior = VOLATILITY_PRIOR_WEEKS * USUAL_VOLATILITY**2
    variance = np.minimum(np.square(change), 1.0).sum(axis=1) + prior
    volatility = np.sqrt(variance / (pair.sum(axis=1) + VOLATILITY_PRIOR_WEEKS)) / USUAL_VOLATILITY
    return np.asarray(np.clip(volatility, *VOLATILITY_RANGE))


TEACHING_DAYS = 56
TEACHERS = 200


def planned_daily(question: WalletQuestion, team: TeamBudget | None, period: Period) -> float:
    """Return what a day of the wallet costs by the plan alone, before growth; nothing where no plan says so.

    The team's baseline is split over its wallets in proportion to their usual targets in `period`.
    """
    target = question.wallet.setting.usual(period)
    baseline = question.plan.baseline_monthly
    if baseline is None:
        return 0.0
    wallets = team.wallets.values() if team else (question.wallet.setting,)
    total = sum((wallet.usual(period) for wallet in wallets), Decimal(0))
    share = target / total if total else Decimal(1) / max(len(wallets), 1)
    return float(baseline * share) / DAYS_OF_A_MONTH


def planned_for(learned: Fit, *, daily: Floats, grows: Bools) -> Fit:
    """Return `learned` with the planned level for the series that have no history at all.

    Of series that a plan `grows` the plan tells how: growth that was seen does not go on beside it.
    """
    unknown = learned.history_days == 0
    level = replace(learned.level, values=np.where(unknown[:, None], daily[:, None], learned.level.values))
    largest = np.where(unknown, daily * np.maximum(learned.shape.week.max(axis=1), 1.0), learned.largest)
    long_run, season = learned.long_run.told_by_plan(grows), learned.season.told_by_plan(grows)
    return replace(learned, level=level, largest=largest, long_run=long_run, season=season)


def organization_week(known: Spending) -> Floats:
    """Return float64[7] by phase: the mean week of the export's wallets that have a history of two months or more.

    A short history says little about its own week; most wallets of an organization work on the same days.
    """
    histories = (known.wallets[wallet].history(known.known_until) for wallet in sorted(known.wallets))
    teachers = list(islice((days for days in histories if np.count_nonzero(days) >= TEACHING_DAYS), TEACHERS))
    if not teachers:
        return np.ones(7)
    ends = np.full(len(teachers), day_before(known.known_until))
    return np.asarray(fit_shape(make_panel(teachers, ends), quarters=False).week.mean(axis=0))
