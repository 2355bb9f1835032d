"""Looking ahead and back as documents: what `forecast`, `whatif`, `recommend` and `backtest` print."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainSerializer

from reconciler.model.document import Document, Told
from reconciler.model.forecast import ForecastNotice, WalletForecast, YearForecast
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.billing_budget import AlertPercentage
from reconciler.model.money import Amount
from reconciler.model.period import Period
from reconciler.model.usage_summary import UsageSummary


def _to_six_digits(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


class ForecastDocument(Document):
    """How the month may end, and when money runs out: what `kt-budgets forecast --format json` prints."""

    commands: ClassVar = ("forecast",)
    format: Literal["kt-budgets.forecast/1"] = "kt-budgets.forecast/1"
    wallets: tuple[WalletForecast, ...] = Field(description="Each wallet that was asked for.")
    year: YearForecast | None = Field(None, description="The fiscal year; null where only some wallets were asked for.")
    usage: UsageSummary | None = Field(None, description="What it was made from; null without usage.")
    notices: tuple[ForecastNotice, ...] = Field((), description="What is to be said about usage and forecast.")


class YearWhatIf(Frozen):
    """The fiscal year twice, both with the same simulated days."""

    now: YearForecast | None = Field(description="By the YAML as it stands.")
    what_if: YearForecast | None = Field(description="With everything that is supposed.")


class WhatIfDocument(Document):
    """Two forecasts on the same simulated days: what `kt-budgets whatif --format json` prints."""

    commands: ClassVar = ("whatif",)
    format: Literal["kt-budgets.whatif/1"] = "kt-budgets.whatif/1"
    supposed: tuple[str, ...] = Field(description="What is supposed, a sentence each.")
    now: tuple[WalletForecast, ...] = Field(description="The wallets concerned, by the YAML as it stands.")
    wallets: tuple[WalletForecast, ...] = Field(description="The same wallets with everything that is supposed.")
    year: YearWhatIf = Field(description="The fiscal year on both sides.")
    notices: tuple[ForecastNotice, ...] = Field((), description="What is to be said about usage and forecast.")


class MonthShortfall(Frozen):
    """A month that needs more money, by itself, than the YAML gives its wallet."""

    period: Period = Field(description="The month, YYYY-MM.")
    current: Amount = Field(description="Money that the YAML gives the wallet in the month.")
    needed: Amount = Field(description="Money that it needs, without any that is carried over into it.")
    planned: tuple[str, ...] = Field(
        description="Growth and new demand that the team's plan has for it, each with its reason."
    )


class RecommendedTarget(Frozen):
    """The smallest target of the month with which a wallet lasts as surely as was asked for."""

    team: str = Field(description="The team.")
    environment: str = Field(description="The environment.")
    wallet: str = Field(description="The wallet's team id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    period: Period = Field(description="The month, YYYY-MM.")
    current: Amount = Field(description="Money that the YAML gives the wallet in the month.")
    target: Amount = Field(description="Money that is recommended in its place.")
    lasts_now: float = Field(description="How likely it is that the current money lasts the month, 0 to 1.")
    lasts: float = Field(description="How likely it is that the recommended money lasts the month, 0 to 1.")
    months: dict[str, Amount] = Field(description="Money that single months ahead need, by month, YYYY-MM.")
    short_next: MonthShortfall | None = Field(
        None, description="The month after it, where that needs more than the YAML gives; null where it does not."
    )
    reason: str = Field(description="Why, in words.")


class RecommendedAlert(Frozen):
    """The amount at which a monthly alert leaves as many days as were asked for."""

    team: str = Field(description="The team.")
    environment: str = Field(description="The environment of the wallet that it watches.")
    name: str = Field(description="The billing budget's name.")
    percentage: AlertPercentage = Field(description="Share of the amount at which it fires, in percent.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    current: Amount = Field(description="The billing budget's amount in the YAML.")
    amount: Amount = Field(description="The amount that is recommended in its place.")
    reaction_days: int = Field(description="Days that it then leaves before the money is gone.")
    reason: str = Field(description="Why, in words.")


class WrittenValue(Frozen):
    """One value that was changed in a file. `before` is None where it was added."""

    path: Told = Field(description="The file.")
    key: str = Field(description="Keys that lead to the value.")
    before: str | None = Field(description="What stood there; null where it was added.")
    after: str = Field(description="What stands there now.")


class RecommendDocument(Document):
    """Targets that last and alerts that leave time: what `kt-budgets recommend --format json` prints."""

    commands: ClassVar = ("recommend",)
    format: Literal["kt-budgets.recommend/1"] = "kt-budgets.recommend/1"
    period: Period = Field(description="The month that it is about, YYYY-MM.")
    as_of: date = Field(description="The first day that is not known in full, UTC.")
    probability: float = Field(description="How sure it has to be that money lasts the month, 0 to 1.")
    reaction_days: int = Field(description="How many days an alert has to come before the money is gone.")
    targets: tuple[RecommendedTarget, ...] = Field(description="One for each wallet that can be judged.")
    alerts: tuple[RecommendedAlert, ...] = Field(description="One for each alert that can be judged.")
    written: tuple[WrittenValue, ...] = Field(description="What `--write` changed.")
    kept: tuple[str, ...] = Field(description="What was not written or suggested, and why, a sentence each.")
    notices: tuple[ForecastNotice, ...] = Field((), description="What is to be said about usage and forecast.")


Score = Annotated[float | None, PlainSerializer(_to_six_digits)]
"""A measure, as exact as it is; documents have six digits of it."""


class ReliabilityStep(Frozen):
    """Forecasts that said about the same probability, and how often it came true."""

    low: float = Field(alias="from", description="The smallest probability of these forecasts, 0 to 1.")
    to: float = Field(description="The largest probability of these forecasts, not reached, 0 to 1.")
    count: int = Field(description="How many forecasts.")
    forecast: Score = Field(description="The mean probability that they said, 0 to 1.")
    happened: Score = Field(description="How often it came true, 0 to 1.")

    @property
    def gap(self) -> float:
        return abs((self.forecast or 0.0) - (self.happened or 0.0))


class MethodScore(Frozen):
    """How wrong one method was. Null: it does not say such a thing, or there was nothing to judge."""

    origins: int = Field(description="How many month ends it forecast.")
    wape: Score = Field(description="Error of its middle value, as a part of what was spent: 0.1 is 10%.")
    crps: Score = Field(description="Error of its whole distribution (CRPS), as a part of what was spent.")
    median_error: Score = Field(
        None, description="How far its middle value was off in the middle case, as a part of what was spent."
    )
    bias: Score = Field(
        None, description="Its middle values less what was spent, as a part of that; above 0: it said too much."
    )
    cov80: Score = Field(description="How often its 80% interval held what was spent, 0 to 1.")
    cov95: Score = Field(description="How often its 95% interval held what was spent, 0 to 1.")
    above_p90: Score = Field(
        description="How often more was spent than the figure that 1 in 10 exceeds, 0 to 1; 0.1 is right."
    )
    brier: Score = Field(description="Error of its probability that money runs out (Brier), 0 to 1.")
    calibration_error: Score = Field(description="Mean gap between what it said and what came true, 0 to 1.")
    reliability: tuple[ReliabilityStep, ...] = Field(description="What it said against what came true, by tenths.")


class Scores(Frozen):
    """The forecast beside the usual guesses."""

    date_error_days: float | None = Field(
        description="Days by which the day on which money ran out was missed, in the middle case; null without any."
    )
    methods: dict[str, MethodScore] = Field(description="By method: `forecast`, and the naive ones.")


class WalletScores(Scores):
    """The same for one wallet."""

    team: str = Field(description="The team; empty where the YAML declares no such wallet.")
    environment: str = Field(description="The environment; empty where the YAML declares no such wallet.")
    wallet: str = Field(description="The wallet's team id in Keeptrusts.")
    better: Literal["run_rate", "mean_28_days", "linear_30_days"] | None = Field(
        description="A guess that was better again and again; null where none was. The forecast stays all the same."
    )


class BacktestDocument(Document):
    """How wrong the forecast was on the organization's own past: what `kt-budgets backtest --format json` prints."""

    commands: ClassVar = ("backtest",)
    format: Literal["kt-budgets.backtest/1"] = "kt-budgets.backtest/1"
    as_of: date = Field(description="The first day that is not known in full, UTC.")
    months: int = Field(description="How many whole months were replayed, at most.")
    overall: Scores = Field(description="All wallets together.")
    wallets: tuple[WalletScores, ...] = Field(description="Each wallet by itself.")
