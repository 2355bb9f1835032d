"""The planning table of all teams as a document: what `kt-budgets year` prints."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainSerializer

from reconciler.model.assumption import Assumption
from reconciler.model.document import Document, Told
from reconciler.model.forecast import ForecastNotice, YearForecast
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.billing_budget import AlertPercentage
from reconciler.model.money import ZERO, Amount
from reconciler.model.period import Period
from reconciler.model.usage_summary import UsageSummary

Fraction = Annotated[float, PlainSerializer(lambda value: round(value, 6))]
"""A share, as exact as it is; documents have six digits of it."""


class BridgeStep(Frozen):
    """One step of the bridge. Steps add up to the wallets, as planned and as weighed, to the cent."""

    stage: Literal["baseline", "growth", "governance", "boundaries"] = Field(description="The pass that it belongs to.")
    lever: str = Field(description="Which assumption of the plan, such as `growth`; empty for the baseline and sums.")
    what: str = Field(description="What it is, in words.")
    reason: str = Field(description="Why, in the plan's own words; empty where it gives none.")
    planned: Amount = Field(description="Money over the fiscal year that it adds as planned, negative where it saves.")
    weighed: Amount = Field(description="The same, a saving only as far as its track record makes it likely.")
    weight: Fraction | None = Field(
        None, description="How much of the saving is counted, 0 to 1; null for what is no saving that is promised."
    )
    record: str = Field("", description="The track record in words, or that there is none; empty for no such saving.")
    uncounted: str = Field("", description="Why it could not be put into money; empty where it was.")


class YearBridge(Frozen):
    """From the baseline to the wallets over the fiscal year."""

    baseline: Amount = Field(description="Money that stable demand costs over the fiscal year.")
    planned: Amount = Field(description="Money that the year costs by the plan, before boundaries leave room.")
    weighed: Amount = Field(description="The same, savings only as far as their track records make them likely.")
    wallets: Amount = Field(description="Money that the wallets may spend over the fiscal year.")
    steps: tuple[BridgeStep, ...] = Field(description="What leads from nothing to the wallets, pass by pass.")


class MonthSpend(Frozen):
    month: Period = Field(description="The month, YYYY-MM.")
    spent: Amount = Field(description="Money spent in it.")


class EnvironmentInput(Frozen):
    """A wallet: what it costs now, and what it gets."""

    environment: str = Field(description="The environment.")
    wallet: str = Field(description="The wallet's team id in Keeptrusts.")
    run_rate: Amount | None = Field(description="What a month costs now, as the team's; null without a whole month.")
    stopped: str = Field("", description="Since when it is silent and likely has stopped; empty where it goes on.")
    shifted: str = Field("", description="Its new level, since when, how likely it stays, whether it counts; or empty.")
    monthly: Amount = Field(description="Money that the wallet gets in the month looked at.")
    year: Amount = Field(description="Money that the wallet may spend over the fiscal year.")


class WorkloadMonths(Frozen):
    """What one workload was in some months, credits left out."""

    first: Period = Field(description="The first of the months, YYYY-MM.")
    last: Period = Field(description="The last of them, YYYY-MM.")
    monthly: Amount = Field(description="Money that a month of mean length cost.")
    requests: int = Field(description="Requests in a month of mean length.")
    thousand: Amount = Field(description="Money that 1,000 requests cost, those that the cache answered included.")
    cache_hit_rate: Fraction | None = Field(
        description="Share of requests that the cache answered, 0 to 1; null: the usage does not tell."
    )
    premium_share: Fraction | None = Field(description="Share of the cost in the premium lane, 0 to 1; null: no cost.")
    off_peak_share: Fraction | None = Field(description="The same of the off-peak lane.")


class SeasonInput(Frozen):
    """How one workload's demand goes over the year."""

    workload: str = Field(description="The workload; empty for spend that no workload claims.")
    spent: Amount = Field(description="Money over the months that are known.")
    peak: Period | None = Field(description="Its dearest month, YYYY-MM; null where nothing was spent.")
    peak_share: Fraction | None = Field(
        description="What the dearest month is as a multiple of the mean one since it began, 1 being it."
    )
    months: tuple[MonthSpend, ...] = Field(description="Each month that is known.")
    at_first: WorkloadMonths | None = Field(
        None, description="The first three months that are known; null with fewer than six, or where it had none."
    )
    now: WorkloadMonths | None = Field(None, description="The last three months; null where it had none.")


class MixInput(Frozen):
    """One model's part of a team's tokens."""

    model: str = Field(description="The model, as provider/model.")
    now: Fraction = Field(description="Its share of the tokens of the last 28 days, 0 to 1.")
    intended: Fraction = Field(description="The same once all that the plan has still to move has moved, 0 to 1.")
    cost: Fraction = Field(description="Its share of the cost of the last 28 days, 0 to 1.")


class AlertInput(Frozen):
    """A billing budget of the team."""

    name: str = Field(description="The billing budget's name.")
    amount: Amount = Field(description="Money that is 100% of it.")
    period: str = Field(description="When its count starts again.")
    percentages: tuple[AlertPercentage, ...] = Field(description="Shares of the amount at which it alerts, in percent.")


class RouteInput(Frozen):
    """What cheaper routes are worth: traffic of the dearest model on the cheapest one in use."""

    source: str = Field(description="The model that costs most, as provider/model.")
    target: str = Field(description="The cheapest model that has at least 5% of the tokens.")
    ratio: Fraction = Field(description="What a token costs there, as a share of what it costs on the first.")
    tenth: Amount = Field(description="Money a month that a tenth of the first one's tokens would save there.")


LimitVerdict = Literal["holds", "growth", "right_size", "fund"]


class LimitInput(Frozen):
    """How often the last months reached a wallet's limits of today."""

    environment: str = Field(description="The environment.")
    months: int = Field(description="Whole months that are looked at, six at most.")
    alert: Amount = Field(description="Money at which the first alert of the wallet fires.")
    alerted: int = Field(description="Months that reached it.")
    target: Amount = Field(description="Money that the wallet gets in a usual month.")
    exhausted: int = Field(description="Months that reached it, or in which the wallet fell silent as an empty one.")
    earliest: int | None = Field(description="The earliest day of a month on which it was reached; null: never.")
    verdict: LimitVerdict = Field(
        description="`growth`: spend grows, alerts come in at least three months, and no wallet is empty; `right_size`:"
        " it is empty early in at least two, and much of the cost is in the premium lane; `fund`: else where it is"
        " empty in at least two; `holds` otherwise."
    )


class TeamInputs(Frozen):
    """The six inputs of planning, from the trailing twelve months."""

    months: tuple[MonthSpend, ...] = Field(description="What each whole month cost that is known of every wallet.")
    run_rate: Amount | None = Field(
        description="Money that a month costs now: the middle one of the last three whole months, at today's prices"
        " and at today's level where it likely stays; null without any."
    )
    usual_rate: Amount | None = Field(
        description="The same without what stands out once: the baseline to plan from; null without a whole month."
    )
    trend: Fraction | None = Field(
        description="By how much the last three months cost more than the first three, once-only spend left out;"
        " 0.1 is 10%; null with fewer than six months."
    )
    seasons: tuple[SeasonInput, ...] = Field(description="Each workload's year, the dearest first.")
    mix: tuple[MixInput, ...] = Field(description="Each model, the dearest first.")
    premium_share: Fraction | None = Field(
        description="The premium lane's share of the cost of the last 28 days, 0 to 1; null without any."
    )
    keep_mix: str | None = Field(None, description="Why the mix of models and lanes stays; null where none is given.")
    cache_now: Fraction | None = Field(
        description="Share of requests that the cache answered in the last 28 days, 0 to 1."
    )
    cache_target: Fraction | None = Field(
        description="Share of requests that it is to answer, 0 to 1; null without a plan."
    )
    wallets: tuple[EnvironmentInput, ...] = Field(description="Each wallet, by environment.")
    alerts: tuple[AlertInput, ...] = Field(description="The billing budgets, whose thresholds give warning.")
    cache_point: Amount | None = Field(
        None, description="Money a month that one more point of the cache hit rate saves; null where nothing tells."
    )
    route: RouteInput | None = Field(None, description="What a cheaper route is worth; null where there is none.")
    limits: tuple[LimitInput, ...] = Field((), description="Each wallet that an alert watches.")


class Anomaly(Frozen):
    """Spend that stands out once: asked about, because nobody but a person knows whether it comes again."""

    month: Period = Field(description="The month, YYYY-MM.")
    excess: Amount = Field(description="Money by which the month is above a usual one.")
    workload: str = Field(description="The workload that most of it is; empty for spend that no workload claims.")
    days: tuple[date, ...] = Field(description="The days of it that stand out, UTC; none where it is spread out.")
    share: Fraction = Field(description="How much of the excess these days are, 0 to 1.")
    once: bool = Field(description="False at either end of what is known: there it may as well be another usual.")
    question: str = Field(description="What is to be answered before the figures are approved.")


class TeamYear(Frozen):
    """One row of the planning table, and what is behind it."""

    team: str = Field(description="The team.")
    name: str = Field(description="The team's name for people.")
    baseline_monthly: Amount | None = Field(description="Money that stable demand costs a month; null where unknown.")
    baseline_source: Literal["plan", "usage", "none"] = Field(description="Where the baseline comes from.")
    growth: Fraction = Field(description="Planned growth over the fiscal year, all steps together; 0.18 is 18%.")
    cache_from: Fraction | None = Field(description="Share of requests that the cache answers at first; null: no plan.")
    cache_to: Fraction | None = Field(description="Share of requests that it is to answer; null without a plan.")
    mix_change: str = Field(description="The planned change of the provider mix, in words.")
    wallet_target: Amount = Field(description="Money that the team's wallets get in a usual month.")
    alert: Amount | None = Field(
        description="Money of the monthly billing budget that it is judged by; null without one."
    )
    judgements: tuple[Assumption, ...] = Field(description="Each assumption, planned against observed, with a verdict.")
    inputs: TeamInputs = Field(description="The six inputs that the plan is made from.")
    bridge: YearBridge = Field(description="The four passes, from the baseline to the wallets.")
    anomalies: tuple[Anomaly, ...] = Field(description="What stands out once, oldest first.")


class UncoveredTeam(Frozen):
    """A team that spends and that no YAML names as present. The empty id: no team was said."""

    team_id: str = Field(description="The team id in Keeptrusts; empty where none was said.")
    spent: Amount = Field(description="Money that it spent in the days that are looked at.")


class YearTotals(Frozen):
    """All teams together, against the target and the forecast."""

    bridge: YearBridge = Field(description="The four passes of all teams, which add up to the wallets.")
    annual_target: Amount | None = Field(description="Money for the fiscal year; null where org.yaml names none.")
    wallets: Amount = Field(
        description="Money that all wallets may spend over the fiscal year: what they spent in `spent_months`, what is"
        " carried over, and the targets of other months."
    )
    spent_months: tuple[Period, ...] = Field((), description="Months that are over and count with what was spent.")
    target_months: tuple[Period, ...] = Field(
        (), description="Months that are over and count with their targets: no usage shows all of them."
    )
    carried: Amount | None = Field(
        None, description="Money of `wallets` that they hold from earlier months; null where nothing tells."
    )
    carried_at_least: bool = Field(False, description="Whether they may hold more: not every ledger was read.")
    goes_back: Amount = Field(ZERO, description="The same that is not in `wallets`, for it goes back.")
    counted: str = Field("", description="How months that are over count, and what is carried over, in words.")
    gone: tuple[UncoveredTeam, ...] = Field(
        (), description="Teams that are absent in git and spent in the fiscal year, the dearest first."
    )
    gone_spent: Amount = Field(ZERO, description="Money of all `gone`, rounded once.")
    left: Amount | None = Field(
        description="Money that the annual target is above `wallets` and `gone_spent`, negative where below; null"
        " without a target."
    )
    forecast: YearForecast | None = Field(description="What the year is expected to cost; null outside of the year.")


class TeamChange(Frozen):
    """One team's year before and after a change."""

    team: str = Field(description="The team.")
    planned_before: Amount | None = Field(description="Money that its year cost by the plan; null: it was not there.")
    planned_after: Amount | None = Field(description="Money that its year costs by the plan; null: it is gone.")
    wallets_before: Amount | None = Field(description="Money that its wallets might spend; null: it was not there.")
    wallets_after: Amount | None = Field(description="Money that its wallets may spend; null where it is gone.")


class YearBefore(Frozen):
    """The same year by the YAML of another commit."""

    since: str = Field(description="The commit, as it was named.")
    annual_target: Amount | None = Field(description="Money for the fiscal year by that YAML; null without a target.")
    bridge: YearBridge = Field(description="The four passes of all teams by that YAML.")
    gone_spent: Amount = Field(ZERO, description="Money that teams which are absent by that YAML spent in the year.")
    teams: tuple[TeamChange, ...] = Field(description="Each team whose year is another one.")


class YearDraft(Frozen):
    """The budgets of the next fiscal year that were written."""

    folder: Told = Field(description="The folder that they were written into.")
    fiscal_year: str = Field(description="What the year is called.")
    starts: Period = Field(description="Its first month, YYYY-MM.")
    wallets: Amount = Field(description="Money that its wallets get over that year.")
    files: tuple[Told, ...] = Field(description="The files, below the folder.")


class YearDocument(Document):
    """The fiscal year of all teams: what `kt-budgets year --format json` prints."""

    commands: ClassVar = ("year",)
    format: Literal["kt-budgets.year/1"] = "kt-budgets.year/1"
    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    fiscal_year: str = Field(description="What the fiscal year is called.")
    starts: Period = Field(description="Its first month, YYYY-MM.")
    as_of: date = Field(description="The first day that is not known in full, UTC.")
    evidence_from: Period = Field(description="The first of the twelve months looked back on, YYYY-MM.")
    evidence_to: Period = Field(description="The last of them, YYYY-MM.")
    teams: tuple[TeamYear, ...] = Field(description="Each team in git, by name.")
    total: YearTotals = Field(description="All teams together.")
    uncovered: tuple[UncoveredTeam, ...] = Field(description="Teams that git does not cover, the dearest first.")
    uncovered_spent: Amount = Field(ZERO, description="Money of all `uncovered`, rounded once.")
    cadence: tuple[str, ...] = Field(description="How often exports are delivered for review, in words.")
    before: YearBefore | None = Field(None, description="The year before the change; null where none was asked for.")
    draft: YearDraft | None = Field(None, description="Next year's budgets that were written; null where none were.")
    usage: UsageSummary | None = Field(None, description="What it was made from; null without usage.")
    notices: tuple[ForecastNotice, ...] = Field((), description="What is to be said about usage and forecast.")
