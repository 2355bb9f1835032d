"""Forecasts as documents: one wallet's month end, exhaustion, alerts and months, live against desired.

These are the elements of `impact` in plan.json and of `wallets` in `kt-budgets forecast`. Keys of `quantiles` are the
probabilities as text ("0.1"); a date quantile is null when that share of paths never gets there within the period.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.kinds.billing_budget import AlertPercentage
from reconciler.model.money import ZERO, Amount
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

Quantiles = dict[str, Amount]
DateQuantiles = dict[str, date | None]
DayQuantiles = dict[str, int | None]


class MonthEnd(Frozen):
    """Quantiles of what the whole month costs: exact month-to-date plus the random rest."""

    quantiles: Quantiles = Field(description="Money that the whole month costs, by probability as text, such as `0.1`.")


class Exhaustion(Frozen):
    """Whether and when the money runs out. `probability` is None where nothing tells what the wallet will spend."""

    probability: float | None = Field(
        description="How likely it is that the money runs out within the month, 0 to 1; null where nothing tells."
    )
    date: DateQuantiles = Field(
        description="Day (UTC) by which it ran out, by probability; null where it lasts in that share of cases."
    )


class WalletOutlook(Frozen):
    """The wallet under one target. `ceiling` is what the month can spend: spent so far plus the money left."""

    target: Amount = Field(description="Money that the wallet is to be funded with in the month.")
    funded: Amount | None = Field(
        None, description="Money that it is funded with then: not its target where more is spent, or it is left alone."
    )
    ceiling: Amount = Field(description="Money that the month can spend: what is spent so far plus what is left.")
    money_left: Amount = Field(description="Money that the wallet can still spend now.")
    exhaustion: Exhaustion = Field(description="Whether and when the money runs out.")
    unserved: Quantiles = Field(description="Money that is asked for after the wallet is empty, by probability.")

    @property
    def funding(self) -> Decimal:
        """What the month is funded with: the target where nothing else is said."""
        return self.target if self.funded is None else self.funded


class AlertOutlook(Frozen):
    probability: float = Field(description="How likely it is that the alert fires within the month, 0 to 1.")
    date: DateQuantiles = Field(
        description="Day (UTC) by which it fired, by probability; null where it does not in that share of cases."
    )
    reaction_days: DayQuantiles = Field(
        description="Days between the alert and the empty wallet, by probability; null where that never comes."
    )
    no_warning_probability: float = Field(
        description="How likely it is that the money runs out before the alert fires, 0 to 1."
    )


class AlertForecast(Frozen):
    """One alert percentage of one billing budget. An outlook is None where the budget is not there on that side.

    `declared` is False for a billing budget that git neither declares nor deletes: it stays as it is.
    """

    name: str = Field(description="The billing budget's name.")
    amount: Amount = Field(description="Money per period that the billing budget watches for.")
    period: str = Field("monthly", description="When its count starts again: monthly, weekly or daily.")
    percentage: AlertPercentage = Field(description="Share of the amount at which it fires, in percent.")
    live: AlertOutlook | None = Field(description="The alert as Keeptrusts has it; null where it is not there.")
    desired: AlertOutlook | None = Field(description="The alert as the YAML has it; null where it is not there.")
    declared: bool = Field(True, description="False for a billing budget that git neither declares nor deletes.")

    @property
    def fires_at(self) -> Amount:
        """Money of the period at which it fires."""
        return self.amount * self.percentage / 100


class MonthForecast(Frozen):
    period: Period = Field(description="The month, YYYY-MM.")
    target: Amount = Field(description="Money that the wallet is to be funded with in that month.")
    quantiles: Quantiles = Field(description="Money that the month costs, by probability.")


class LeverContribution(Frozen):
    """What one lever adds to (or takes from) the mean month end. Contributions add up exactly."""

    name: str = Field(description="What the plan assumes, such as `growth` or `cache_hit_rate`.")
    contribution: Amount = Field(
        description="Money that it adds to the mean of the month end, negative where it saves."
    )
    planned: Amount | None = Field(
        None, description="The same if all of a promised saving comes; null for what is no promise of a saving."
    )


class DayPoint(Frozen):
    """Cumulative spend of the month at the end of `day`; `spent` is None for days not yet known."""

    day: date = Field(description="The day, UTC.")
    spent: Amount | None = Field(
        description="Money spent in the month by the end of the day; null for days not yet known."
    )
    p10: Amount = Field(description="Money by the end of the day that 10% of the simulated months stay below.")
    p50: Amount = Field(description="Money by the end of the day that half of the simulated months stay below.")
    p90: Amount = Field(description="Money by the end of the day that 90% of the simulated months stay below.")


class WorkloadShare(Frozen):
    """What one workload cost over the last 28 known days. The empty name is spend that no workload claims."""

    workload: str = Field(description="The workload's name; empty for spend that no workload claims.")
    spent: Amount = Field(description="Money over the last 28 known days.")
    share: float = Field(description="Its part of what the wallet spent in these days, 0 to 1.")


HARD_LIMIT = "hard-limit"
"""The code of the notice that a hard limit is likely to stop a wallet before its money is gone."""
BUDGET_CURRENCY = "billing-budget-currency"
"""The code of the notice that a billing budget is in another currency than its wallet."""


class WalletNotice(Frozen):
    """What the history shows beyond level and calendar, and what the forecast makes of it."""

    code: str = Field(description="What kind it is; stable.")
    message: str = Field(description="What was seen and what it means, in words that follow the wallet's name.")
    hint: str = Field("", description="What to do; empty where there is nothing to do.")
    since: date | None = Field(None, description="The first day of it; null where it has none.")
    factor: float | None = Field(
        None, description="What a day costs since, as a multiple of one before; null where nothing is multiplied."
    )
    probability: float | None = Field(None, description="How likely it is, 0 to 1; null where it is certain.")


class WalletForecast(Frozen):
    """One wallet. Without history and without a plan nothing is known of it: there are no quantiles, alerts or months.

    `method` is how its paths were centred: earlier versions took a naive guess where that had done better before.
    """

    team: str = Field(description="The team.")
    environment: str = Field(description="The environment, such as `prod`.")
    wallet: WalletRef = Field(description="The wallet's team id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    period: Period = Field(description="The month that is forecast, YYYY-MM.")
    as_of: date = Field(description="The first day that is not known in full, UTC.")
    data_as_of: datetime | None = Field(description="When the last known event was, UTC; null without usage.")
    history_days: int = Field(description="Days of usage that it is worked out from.")
    confidence: Literal["normal", "low", "none"] = Field(
        description="`low` with little history, `none` where nothing is known of the wallet."
    )
    spend_to_date: Amount | None = Field(description="Money spent in the month so far; null: usage ends before it.")
    month_end: MonthEnd = Field(description="What the whole month costs.")
    live: WalletOutlook = Field(description="What happens under the target that the wallet has now.")
    desired: WalletOutlook = Field(description="What happens under the target of the YAML.")
    alerts: tuple[AlertForecast, ...] = Field(
        description="Each percentage of each billing budget that watches the wallet."
    )
    months: tuple[MonthForecast, ...] = Field(description="The months after this one, each under its own target.")
    levers: tuple[LeverContribution, ...] = Field(description="What each assumption of the plan does to the month end.")
    daily: tuple[DayPoint, ...] = Field((), description="Spend of the month day by day: known, then expected.")
    workloads: tuple[WorkloadShare, ...] = Field((), description="Who spent it, the dearest first.")
    method: Literal["model", "run_rate", "mean_28_days", "linear_30_days"] = Field(
        "model",
        description="How the expected days were centred: `model`; earlier versions, by a guess that did better.",
    )
    notices: tuple[WalletNotice, ...] = Field((), description="What its history shows beyond level and calendar.")

    @property
    def known_spend(self) -> Amount:
        """What is known to be spent in the month so far."""
        return self.spend_to_date or ZERO

    @property
    def is_stopped(self) -> bool:
        """Whether a hard limit is likely to stop it before its money is gone: more money changes nothing."""
        return any(notice.code == HARD_LIMIT for notice in self.notices)


class ForecastNotice(WalletNotice):
    """What is to be said about the usage or the forecast; `hint` is the cure, "" where there is none.

    Of what a wallet's history shows, the wallet is said too.
    """

    code: str = Field(description="What kind of notice it is; stable.")
    message: str = Field(description="What is to be known, as a sentence.")
    hint: str = Field(description="The fix; empty where there is none.")
    team: str | None = Field(None, description="The team of the wallet whose history shows it; null for all else.")
    environment: str | None = Field(None, description="That wallet's environment; null for all else.")

    @classmethod
    def of(cls, seen: WalletNotice, *, team: str, environment: str) -> ForecastNotice:
        """Return what was seen of a wallet as a sentence that names it."""
        words = {"message": f"{team}/{environment} {seen.message}", "team": team, "environment": environment}
        return cls(**{**seen.model_dump(), **words})

    @property
    def told(self) -> tuple[str, str, str]:
        """Code, sentence, hint."""
        return self.code, self.message, self.hint


class UncoveredSpend(Frozen):
    """What a team that no YAML names has spent in the fiscal year so far. The empty id: no team was said."""

    team_id: str = Field(description="The team id in Keeptrusts; empty where none was said.")
    spent: Amount = Field(description="Money spent in the fiscal year so far.")


LeftOutReason = Literal["unreadable", "unknown"]


class LeftOutWallet(Frozen):
    """A wallet in git that is not in the year's sum, and what the usage shows that it spent in the year so far.

    `unreadable`: its ledger cannot be read; `unknown`: neither usage nor a plan says what it will spend.
    """

    team: str = Field(description="The team.")
    environment: str = Field(description="The environment.")
    wallet: WalletRef = Field(description="The wallet's team id in Keeptrusts.")
    spent: Amount = Field(description="Money that the usage shows as spent in the fiscal year so far.")
    reason: LeftOutReason = Field(
        description="`unreadable`: its ledger cannot be read. `unknown`: nothing says what it will spend."
    )


class YearMonth(Frozen):
    """What the wallets in git cost from the first day of the fiscal year to the end of a month of it."""

    period: Period = Field(description="The month, YYYY-MM.")
    spent: Amount | None = Field(
        description="Money spent in the fiscal year by the end of the month; null where that is not known in full yet."
    )
    quantiles: Quantiles = Field(
        description="The same by probability where it is not known yet; empty where it is spent."
    )


class YearForecast(Frozen):
    """The fiscal year of the `wallets` in git against `annual_target`; no quantiles where there is no such wallet.

    `known_from` is set where the usage begins after the year: what came before is unknown, and not counted; nor are
    `days_left_out`. What others have spent (`uncovered`), and wallets in git of which nothing can be told (`left_out`),
    is in neither `spent` nor `quantiles`. `within_probability` counts both as far as it is spent, so that it is the
    most that can be hoped for; it is None where a part of the year is unknown, and where there is no target.
    """

    name: str = Field(description="The fiscal year's name.")
    annual_target: Amount | None = Field(description="Money for the fiscal year; null where org.yaml names none.")
    spent: Amount = Field(description="Money spent in the fiscal year so far by wallets in git.")
    quantiles: Quantiles = Field(description="Money that the year costs, by probability; empty without wallets in git.")
    within_probability: float | None = Field(
        description="How likely it is that the target is enough, at most, 0 to 1; null where it is unknown."
    )
    known_from: date | None = Field(None, description="The usage's first day, where the fiscal year began before it.")
    days_left_out: int = Field(0, description="Days so far that usage leaves out and nothing tells of; not in the sum.")
    days_unanswered: int = Field(
        0,
        exclude_if=lambda days: not days,
        description="Those of them of which the dashboard, when asked, told nothing.",
    )
    wallets: int = Field(0, description="How many wallets are in the sum.")
    by_usage: int = Field(
        0, description="How many of them a plan is not about: told by usage and YAML, their ledgers were not read."
    )
    uncovered: tuple[UncoveredSpend, ...] = Field(
        (), description="Spend of teams that no YAML names; not in the above."
    )
    uncovered_spent: Amount | None = Field(
        None, description="Money of all `uncovered`, rounded once; null where an earlier release wrote it."
    )
    left_out: tuple[LeftOutWallet, ...] = Field((), description="Wallets in git that are in none of the figures above.")
    left_out_spent: dict[str, Amount] = Field(
        {}, description="Money of all `left_out` by reason, rounded once; empty where an earlier release wrote it."
    )
    months: tuple[YearMonth, ...] = Field(
        (), description="How the fiscal year comes about, month by month; empty where no wallet is in git."
    )
    as_planned: Quantiles = Field(
        {},
        description="Money that the fiscal year costs if all promised savings come; empty where no plan promises one.",
    )
