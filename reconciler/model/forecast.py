"""Forecasts as documents: one wallet's month end, exhaustion, alerts and months, live against desired.

These are the elements of `impact` in plan.json and of `wallets` in `kt-budgets forecast`. Keys of `quantiles` are the
probabilities as text ("0.1"); a date quantile is null when that share of paths never gets there within the period.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from reconciler.model.frozen import Frozen
from reconciler.model.kinds.billing_budget import AlertPercentage
from reconciler.model.money import Amount
from reconciler.model.period import Period
from reconciler.model.usage_summary import UsageSummary

Quantiles = dict[str, Amount]
DateQuantiles = dict[str, date | None]
DayQuantiles = dict[str, int | None]


class MonthEnd(Frozen):
    """Quantiles of what the whole month costs: exact month-to-date plus the random rest."""

    quantiles: Quantiles


class Exhaustion(Frozen):
    """Whether and when the money runs out. `probability` is None where nothing tells what the wallet will spend."""

    probability: float | None
    date: DateQuantiles


class WalletOutlook(Frozen):
    """The wallet under one target. `ceiling` is what the month can spend: spent so far plus the money left."""

    target: Amount
    ceiling: Amount
    money_left: Amount
    exhaustion: Exhaustion
    unserved: Quantiles


class AlertOutlook(Frozen):
    probability: float
    date: DateQuantiles
    reaction_days: DayQuantiles
    no_warning_probability: float


class AlertForecast(Frozen):
    """One alert percentage of one billing budget. An outlook is None where the budget is not there on that side.

    `declared` is False for a billing budget that git neither declares nor deletes: it stays as it is.
    """

    name: str
    amount: Amount
    percentage: AlertPercentage
    live: AlertOutlook | None
    desired: AlertOutlook | None
    declared: bool = True


class MonthForecast(Frozen):
    period: Period
    target: Amount
    quantiles: Quantiles


class LeverContribution(Frozen):
    """What one lever adds to (or takes from) the mean month end. Contributions add up exactly."""

    name: str
    contribution: Amount


class DayPoint(Frozen):
    """Cumulative spend of the month at the end of `day`; `spent` is None for days not yet known."""

    day: date
    spent: Amount | None
    p10: Amount
    p50: Amount
    p90: Amount


class WorkloadShare(Frozen):
    """What one workload cost over the last 28 known days. The empty name is spend that no workload claims."""

    workload: str
    spent: Amount
    share: float


class UnitPrice(Frozen):
    """What a team paid for a model: per million tokens, over the 90 days before `as_of`. None: nothing was paid."""

    team: str
    model: str
    as_of: date
    tokens: int
    per_million_tokens: Amount | None


class WalletForecast(Frozen):
    """One wallet. Without history and without a plan nothing is known of it: there are no quantiles, alerts or months.

    `method` is how its paths were centred: by the model, or by a naive guess that did better before.
    """

    team: str
    environment: str
    wallet: str
    currency: str
    period: Period
    as_of: date
    data_as_of: datetime | None
    history_days: int
    confidence: Literal["normal", "low", "none"]
    spend_to_date: Amount
    month_end: MonthEnd
    live: WalletOutlook
    desired: WalletOutlook
    alerts: tuple[AlertForecast, ...]
    months: tuple[MonthForecast, ...]
    levers: tuple[LeverContribution, ...]
    daily: tuple[DayPoint, ...] = ()
    workloads: tuple[WorkloadShare, ...] = ()
    method: Literal["model", "run_rate", "mean_28_days", "linear_30_days"] = "model"


class ForecastNotice(Frozen):
    """What is to be said about the usage or the forecast; `hint` is the cure, "" where there is none."""

    code: str
    message: str
    hint: str


class UncoveredSpend(Frozen):
    """What a team that no YAML names has spent in the fiscal year so far. The empty id: no team was said."""

    team_id: str
    spent: Amount


class LeftOutWallet(Frozen):
    """A wallet in git that is not in the year's sum, and what the usage shows that it spent in the year so far.

    `unreadable`: its ledger cannot be read; `unknown`: neither usage nor a plan says what it will spend.
    """

    team: str
    environment: str
    wallet: str
    spent: Amount
    reason: Literal["unreadable", "unknown"]


class YearForecast(Frozen):
    """The fiscal year of the `wallets` in git against `annual_target`; no quantiles where there is no such wallet.

    `known_from` is set where the usage begins after the year: what came before is unknown, and not counted.
    `uncovered` is what others have spent, the dearest first: it is in neither `spent` nor `quantiles`, for nothing is
    known of what they are to get; nor is what wallets in git spend of which nothing can be told (`left_out`).
    `within_probability` counts both as far as it is spent, so that it is the most that can be hoped for; it is None
    where a part of the year is unknown, and where there is no target to be within.
    """

    name: str
    annual_target: Amount | None
    spent: Amount
    quantiles: Quantiles
    within_probability: float | None
    known_from: date | None = None
    wallets: int = 0
    uncovered: tuple[UncoveredSpend, ...] = ()
    left_out: tuple[LeftOutWallet, ...] = ()


class ForecastDocument(Frozen):
    """What `kt-budgets forecast --format json` prints. `year` is None where only some wallets were asked for."""

    format: Literal["kt-budgets.forecast/1"] = "kt-budgets.forecast/1"
    wallets: tuple[WalletForecast, ...]
    year: YearForecast | None = None
    usage: UsageSummary | None = None
    notices: tuple[ForecastNotice, ...] = ()


class Assumption(Frozen):
    """One row of the planning table: what the plan says, what was observed, and what follows."""

    name: Literal["baseline", "growth", "cache_hit_rate", "provider_mix", "wallets", "alert"]
    plan: str
    observed: str
    verdict: Literal["holds", "ahead", "behind", "fits", "short", "unknown"]
    sentence: str


class TeamAssumptions(Frozen):
    team: str
    assumptions: tuple[Assumption, ...]
