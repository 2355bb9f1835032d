"""`budgets/teams/<team>.yaml`: one team's plan, wallets and alerts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.percent import Percent
from reconciler.model.period import Period
from reconciler.model.yaml_types import Identifier, Label, YamlAmount

Lane = Literal["standard", "premium", "off_peak"]
From = Annotated[Period, Field(alias="from")]


class GrowthStep(Frozen):
    """Demand grows by `rate`, reached at `from`; several steps compound."""

    reason: Label
    rate: Percent
    starts: From


class CacheHitRate(Frozen):
    """The cache hit rate moves linearly from the fiscal year's start (or `since`) to `by`, and is held."""

    start: Percent = Field(alias="from")
    target: Percent = Field(alias="to")
    by: Period
    since: Period | None = None


class ProviderMixMove(Frozen):
    """A `share` of one model's traffic moves to another, linearly until `by`. Models are `provider/model`."""

    reason: Label
    source: Label = Field(alias="from")
    target: Label = Field(alias="to")
    share: Percent
    by: Period
    since: Period | None = None


class PlannedDemand(Frozen):
    """New demand of `monthly` money from `from` (until and including `until`), in its own lane."""

    reason: Label
    monthly: YamlAmount
    starts: From
    until: Period | None = None
    lane: Lane = "standard"


class Fallback(Frozen):
    """The share of traffic on a fallback provider, and its price as a multiple of the usual one."""

    share: Percent
    price_ratio: Decimal = Field(gt=0, le=100)


class RateLimit(Frozen):
    """A cap on what one day may cost."""

    reason: Label
    daily: YamlAmount
    starts: From


class AnnualPlan(Frozen):
    baseline_monthly: YamlAmount | None = None
    growth: tuple[GrowthStep, ...] = ()
    cache_hit_rate: CacheHitRate | None = None
    provider_mix: tuple[ProviderMixMove, ...] = ()
    planned_demand: tuple[PlannedDemand, ...] = ()
    fallback: Fallback | None = None
    rate_limits: tuple[RateLimit, ...] = ()


class WalletTarget(Frozen):
    """What one wallet is to be funded with each period; `overrides` replace `monthly` for single months."""

    team_id: Identifier
    monthly: YamlAmount
    overrides: dict[Period, YamlAmount] = {}

    def target(self, period: Period) -> Decimal:
        return self.overrides.get(period, self.monthly)


class Scope(Frozen):
    type: Literal["organization", "team", "user", "agent"]
    id: Identifier


class BillingBudgetSetting(Frozen):
    name: Label
    amount: YamlAmount
    alert_percentages: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = (80, 100)
    hard_limit: bool = False
    environment: Identifier | None = None
    scope: Scope | None = None
    period: Literal["monthly", "weekly", "daily"] = "monthly"


class TeamBudget(Frozen):
    version: Literal[1]
    team: Identifier
    name: Label | None = None
    state: Literal["present", "absent"] = "present"
    owners: tuple[Label, ...] = ()
    plan: AnnualPlan = AnnualPlan()
    wallets: dict[Identifier, WalletTarget] = {}
    billing_budgets: tuple[BillingBudgetSetting, ...] = ()
