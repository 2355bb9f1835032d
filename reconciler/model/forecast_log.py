"""Forecasts that people acted on, as they are logged, and how they compare with what came."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.forecast import Quantiles
from reconciler.model.frozen import Frozen
from reconciler.model.json_text import digest_of
from reconciler.model.money import Amount
from reconciler.model.outlook import Score
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.model.track_record import RangeAlarm
from reconciler.model.wallet_ref import WalletRef

MONTHS_TO_JUDGE = 3
"""With fewer whole months, how forecasts came out is said and not relied on."""


class LoggedForecast(Frozen):
    """What one forecast said of one wallet's month, and what it was made from: one line of the log."""

    format: Literal["kt-budgets.logged-forecast/1"] = "kt-budgets.logged-forecast/1"
    organization: str
    team: str
    environment: str
    wallet: WalletRef
    currency: str
    period: Period
    as_of: date
    spend_to_date: Amount
    quantiles: Quantiles
    confidence: Literal["normal", "low", "none"]
    method: str
    version: str
    usage: str | None
    plan: str
    pull_request: int | None = None

    @property
    def key(self) -> str:
        """What is equal for the same forecast from the same usage, whatever plan it was shown in."""
        return digest_of(self.model_dump(mode="json", exclude={"plan", "pull_request"}))


def logged_forecasts(plan: Plan, *, pull_request: int | None = None) -> tuple[LoggedForecast, ...]:
    """Return what is logged of the forecasts of a plan; nothing of a wallet of which nothing was said."""
    return tuple(
        LoggedForecast(
            organization=plan.organization,
            team=found.team,
            environment=found.environment,
            wallet=found.wallet,
            currency=found.currency,
            period=found.period,
            as_of=found.as_of,
            spend_to_date=found.known_spend,
            quantiles=found.month_end.quantiles,
            confidence=found.confidence,
            method=found.method,
            version=plan.tool.version,
            usage=plan.usage.digest if plan.usage else None,
            plan=plan.digest,
            pull_request=pull_request,
        )
        for found in plan.impact
        if found.month_end.quantiles
    )


class PitStep(Frozen):
    """Months that ended between two quantiles of their forecast. Histograms of these are the classic PIT check."""

    low: float = Field(alias="from", description="The probability below which the forecast saw less, 0 to 1.")
    to: float = Field(description="The probability below which it saw no more, 0 to 1.")
    count: int = Field(description="How many forecasts were met there.")
    expected: Score = Field(description="How many would be, if every probability were right.")


class Calibration(Frozen):
    """How forecasts compare with what came. Money is of the middle (P50) and of the months that they are about."""

    forecasts: int = Field(description="How many forecasts were judged.")
    month_ends: int = Field(description="Of how many different months of wallets.")
    within: int = Field(description="How many held what was spent in their 80% range.")
    coverage: Score = Field(description="The same as a part of all, 0 to 1; 0.8 is right. Null without forecasts.")
    expected: Amount = Field(description="Money that the middles add up to.")
    spent: Amount = Field(description="Money that was spent in their months, once for each forecast.")
    bias: Amount = Field(description="The middles less what was spent; above zero: forecasts were too high.")
    median_error: Score = Field(
        description="How far the middle (0.5) was off in the middle case, as a part of what was spent; null: no spend."
    )


class TeamCalibration(Calibration):
    """The same for one team."""

    team: str = Field(description="The team.")


class NotJudged(Frozen):
    """Forecasts of the log that could not be judged."""

    reason: Literal["not_over", "not_in_usage", "wallet_unknown", "said_again", "known_already", "other_currency"] = (
        Field(description="Why; stable.")
    )
    count: int = Field(description="How many.")


class LogProblem(Frozen):
    """A line of the log that is not looked at."""

    position: str = Field(description="Where: file:line.")
    message: str = Field(description="Why not.")


class CalibrationDocument(Document):
    """Forecasts that people acted on, against what came: what `kt-budgets backtest --logged --format json` prints."""

    commands: ClassVar = ("backtest --logged",)
    format: Literal["kt-budgets.calibration/1"] = "kt-budgets.calibration/1"
    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    as_of: date = Field(description="The first day that is not known in full, UTC.")
    log: str = Field(description="Where the log is.")
    logged: int = Field(description="How many forecasts the log holds of the wallets that were asked for.")
    months: tuple[Period, ...] = Field(description="The whole months that forecasts were judged of.")
    enough: bool = Field(description="Whether these are three or more: with fewer, little follows from the figures.")
    overall: Calibration = Field(description="All forecasts together.")
    alarm: RangeAlarm | None = Field(
        None, description="What is wrong with the 80% range; null where nothing is, or of fewer than 20 month ends."
    )
    pit: tuple[PitStep, ...] = Field(description="Where in its range each forecast was met.")
    certain: int = Field(description="How many forecasts said one figure, not a range; they are in no step of `pit`.")
    teams: tuple[TeamCalibration, ...] = Field(description="Each team, the one that was furthest off first.")
    not_judged: tuple[NotJudged, ...] = Field(description="Forecasts that could not be judged, by reason.")
    problems: tuple[LogProblem, ...] = Field(description="Lines of the log that are not looked at.")
