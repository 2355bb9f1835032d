"""What rules can read: the facts of a plan as exact whole numbers, each under a name with a type (decision 0106).

Money is in millionths of the currency, a share or a probability in millionths of one: 20% is 200000. What is null is
unknown: a rule that reads it is not passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.frozen import Frozen


@dataclass(frozen=True, slots=True)
class Unit:
    """What a whole number counts, so that messages can say it."""

    name: Literal["money", "share"]


CalendarDay = date
Micros = Annotated[int, Unit("money")]
Part = Annotated[int, Unit("share")]


class PlanValues(Frozen):
    """`plan`: the run as a whole."""

    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    period: str = Field(description="The month that is planned, YYYY-MM.")
    as_of: date = Field(description="The day on which it was planned, UTC.")
    changes: int = Field(description="How many changes there are.")
    moved: Micros = Field(description="Money that moves, in and out.")
    allocated: Micros = Field(description="Money that goes to wallets.")
    reclaimed: Micros = Field(description="Money that is taken back.")
    net_increase: Micros = Field(description="By how much all wallets together grow; negative where they shrink.")
    teams: dict[str, Micros] = Field(description="By how much the wallets of each changed team grow together.")
    pool: Micros | None = Field(description="Money in the organization's pool before; null where it cannot be seen.")
    retargeted: Micros | None = Field(
        description="Money by which targets of the YAML change together, in the month where that is the most."
    )
    settings_change: bool | None = Field(description="Whether org.yaml or the rules change.")
    is_compared: bool = Field(description="Whether the YAML was compared with a commit, so that these two are known.")
    drift: int = Field(description="How many differences somebody made by hand.")


class TodayValues(Frozen):
    """`today`: the day on which it is judged, which may be later than that of the plan."""

    date: CalendarDay = Field(description="The day, UTC.")
    year: int = Field(description="Its year.")
    month: int = Field(description="Its month, 1 to 12.")
    day: int = Field(description="Its day of the month, 1 to 31.")
    weekday: int = Field(description="Its day of the week, 1 (Monday) to 7.")
    days_left_in_month: int = Field(description="Days of the month after it.")
    days_left_in_quarter: int | None = Field(description="Days of the fiscal quarter after it.")
    days_left_in_year: int | None = Field(description="Days of the fiscal year after it.")


class AlertValues(Frozen):
    """One side of a change of an alert."""

    name: str = Field(description="The billing budget's name.")
    amount: Micros = Field(description="Money per month that is 100%.")
    percentages: tuple[Part, ...] = Field(description="Shares of it at which it warns.")
    hard_limit: bool = Field(description="Whether traffic stops at 100%.")


class ChangeValues(Frozen):
    """`change`: one thing that is to be done. What does not belong to its kind is unknown."""

    kind: str = Field(description="What is done: `allocate`, `reclaim`, `update_billing_budget` and others.")
    verb: str = Field(description="`allocate`, `reclaim`, `create`, `update` or `delete`.")
    team: str = Field(description="The team; empty for the organization.")
    environment: str = Field(description="The environment; empty where there is none.")
    key: str = Field(description="The wallet's team id, or the object's key as text.")
    is_money: bool = Field(description="Whether money moves.")
    is_raise: bool = Field(description="Whether a wallet gets more.")
    is_cut: bool = Field(description="Whether money is taken back.")
    is_alert: bool = Field(description="Whether a billing budget changes.")
    amount: Micros | None = Field(None, description="Money that moves.")
    target: Micros | None = Field(None, description="Money that the wallet is to be funded with in the month.")
    funded_before: Micros | None = Field(None, description="Money that it was funded with.")
    funded_after: Micros | None = Field(None, description="Money that it is funded with afterwards.")
    before: AlertValues | None = Field(None, description="The billing budget as it is; unknown where it is new.")
    after: AlertValues | None = Field(None, description="The billing budget as it is to be; unknown where it goes.")
    removed: tuple[Part, ...] | None = Field(None, description="Shares at which it no longer warns.")
    hard_limit_on: bool | None = Field(None, description="Whether the hard limit of a billing budget is switched on.")


class MonthEndValues(Frozen):
    """What the whole month costs: the value that so many of 100 possible months stay below."""

    p2_5: Micros | None = Field(None, description="That 2.5 of 100 months stay below.")
    p10: Micros | None = Field(None, description="That 10 of 100 months stay below.")
    p50: Micros | None = Field(None, description="The middle: half of the months stay below.")
    p90: Micros | None = Field(None, description="That 90 of 100 months stay below.")
    p97_5: Micros | None = Field(None, description="That 97.5 of 100 months stay below.")


class SideValues(Frozen):
    """A wallet's money before or after the plan."""

    target: Micros = Field(description="Money that it is to be funded with in the month.")
    ceiling: Micros = Field(description="Money that the month can spend.")
    money_left: Micros = Field(description="Money that it can still spend.")
    runs_out: Part | None = Field(description="How likely it is that the money is gone within the month.")


class WalletValues(Frozen):
    """`wallet`: what is known of one wallet, for a change that of the wallet that it is about."""

    id: str = Field(description="Its team id in Keeptrusts.")
    team: str = Field(description="The team.")
    environment: str = Field(description="The environment.")
    is_changed: bool = Field(description="Whether the plan moves its money.")
    is_spent_known: bool = Field(description="Whether `spent` is known.")
    spent: Micros | None = Field(description="Money spent in the month.")
    has_forecast: bool = Field(description="Whether `month_end` is known.")
    confidence: str = Field(description="How much the forecast is worth: `normal`, `low` or `none`.")
    history_days: int = Field(description="Days of usage behind the forecast.")
    month_end: MonthEndValues | None = Field(description="What the whole month costs.")
    before: SideValues | None = Field(description="Its money before the plan.")
    after: SideValues | None = Field(description="Its money after the plan.")
    history: dict[str, Micros] = Field(description="Money spent in whole months before, by month, YYYY-MM.")
    last_month: Micros | None = Field(description="Money spent in the month before the plan's.")


class AlertRuleValues(AlertValues):
    """`alert`: one billing budget that git declares."""

    key: str = Field(description="Its key as text.")
    team: str = Field(description="The team.")
    environment: str = Field(description="The environment of the wallet that it is about; empty where there is none.")
    scope_type: str = Field(description="What it watches, such as `team`.")


class WarningValues(Frozen):
    """`warning`: one share of one alert, as the forecast sees it after the plan."""

    team: str = Field(description="The team.")
    environment: str = Field(description="The environment.")
    wallet: str = Field(description="The wallet's team id in Keeptrusts.")
    name: str = Field(description="The billing budget's name.")
    amount: Micros = Field(description="Money per month that is 100%.")
    percentage: Part = Field(description="The share of it at which it warns.")
    fires: Part = Field(description="How likely it is that it warns within the month.")
    unwarned: Part = Field(description="How likely it is that the money runs out before it warns.")


class AssumptionValues(Frozen):
    """`assumption`: one row of a team's plan against what was observed."""

    team: str = Field(description="The team.")
    name: str = Field(description="Which assumption: `growth`, `cache_hit_rate`, `provider_mix` and others.")
    verdict: str = Field(description="How the two compare: `holds`, `ahead`, `behind`, `fits`, `short`, `unknown`.")
    owed: Micros | None = Field(description="Money a month that a promised saving has still to bring.")
    is_owed_known: bool = Field(description="Whether `owed` is known.")


class DriftValues(Frozen):
    """`drift`: one difference that somebody made by hand."""

    team: str = Field(description="The team; empty for the organization.")
    category: str = Field(
        description="How it came about: `changed`, `missing`, `unmanaged`, `acknowledged` and others."
    )
    key: str = Field(description="The wallet, or the object's key as text.")
    amount: Micros | None = Field(description="Money by which live differs, negative where there is less.")
    is_money: bool = Field(description="Whether `amount` is known.")


class RuleFacts(Document):
    """The facts of a plan as rules read them on a day: what `kt-budgets policy facts` prints.

    `wallets` are by team id in Keeptrusts; `alerts` are null where the plan does not tell them.
    """

    commands: ClassVar = ("policy",)
    format: Literal["kt-budgets.rule-facts/1"] = "kt-budgets.rule-facts/1"
    plan: PlanValues = Field(description="The run as a whole.")
    today: TodayValues = Field(description="The day on which it is judged.")
    changes: tuple[ChangeValues, ...] = Field(description="What is to be done, in order.")
    wallets: dict[str, WalletValues] = Field(description="What is known of each wallet, by its team id.")
    alerts: tuple[AlertRuleValues, ...] | None = Field(description="Billing budgets that git declares.")
    warnings: tuple[WarningValues, ...] = Field(description="Each share of each alert, as the forecast sees it.")
    assumptions: tuple[AssumptionValues, ...] = Field(description="What each plan assumes against what was observed.")
    drift: tuple[DriftValues, ...] = Field(description="What was changed by hand.")
