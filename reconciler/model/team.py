"""`budgets/teams/<team>.yaml`: one team's plan, wallets and alerts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.percent import Rate, Share
from reconciler.model.period import Period
from reconciler.model.wallet_target import WalletTarget
from reconciler.model.yaml_types import Identifier, Label, Ratio, Switch, Version, WholeNumber, YamlAmount

Lane = Literal["standard", "premium", "off_peak"]


class GrowthStep(Frozen):
    """Demand grows by `rate`, reached at `from`; several steps compound."""

    reason: Label = Field(description="Why demand grows.", examples=["assistant rolls out to three more regions"])
    rate: Rate = Field(description="By how much demand grows, as a percentage of what it was; less than 0% shrinks it.")
    starts: Period = Field(alias="from", description="The month in which the growth is reached, as YYYY-MM.")


class CacheHitRate(Frozen):
    """The cache hit rate moves linearly from the fiscal year's start (or `since`) to `by`, and is held."""

    start: Share = Field(alias="from", description="Share of requests that the cache answers today.", examples=["14%"])
    target: Share = Field(alias="to", description="Share of requests that it is to answer.", examples=["28%"])
    by: Period = Field(description="The month in which the target is reached, as YYYY-MM.", examples=["2026-12"])
    since: Period | None = Field(
        None, description="The month in which the improvement begins; by default the fiscal year's first."
    )


class ProviderMixMove(Frozen):
    """A `share` of one model's traffic moves to another, linearly until `by`. Models are `provider/model`."""

    reason: Label = Field(description="Why the traffic moves.", examples=["drafting moves to the low-cost lane"])
    source: Label = Field(
        alias="from", description="The model it leaves, as provider/model.", examples=["openai/gpt-4o"]
    )
    target: Label = Field(
        alias="to", description="The model it moves to, as provider/model.", examples=["openai/gpt-4o-mini"]
    )
    share: Share = Field(description="How much of the first model's traffic moves.", examples=["30%"])
    by: Period = Field(description="The month in which the whole share has moved, as YYYY-MM.", examples=["2026-09"])
    since: Period | None = Field(
        None, description="The month in which the move begins; by default the fiscal year's first."
    )


class PlannedDemand(Frozen):
    """New demand of `monthly` money from `from` (until and including `until`), in its own lane."""

    reason: Label = Field(description="What is new.", examples=["voice pilot"])
    monthly: YamlAmount = Field(
        description="What it costs each month, in the organization's currency.", examples=[600.00]
    )
    starts: Period = Field(alias="from", description="Its first month, as YYYY-MM.", examples=["2026-10"])
    until: Period | None = Field(None, description="Its last month, as YYYY-MM; without it, it stays.")
    lane: Lane = Field("standard", description="The lane it runs in: off_peak is the cheap, scheduled one.")


class Fallback(Frozen):
    """The share of traffic on a fallback provider, and its price as a multiple of the usual one."""

    share: Share = Field(description="Share of traffic that a fallback provider serves.", examples=["3%"])
    price_ratio: Ratio = Field(description="What the fallback costs, as a multiple of the usual price.")


class RateLimit(Frozen):
    """A cap on what one day may cost."""

    reason: Label = Field(description="Why there is a limit.", examples=["evaluation runs are capped"])
    daily: YamlAmount = Field(
        description="The most that one day may cost, in the organization's currency.", examples=[800.00]
    )
    starts: Period = Field(alias="from", description="The month from which it holds, as YYYY-MM.")


class AnnualPlan(Frozen):
    """What the team expects of the year: the assumptions that spend is later compared with."""

    baseline_monthly: YamlAmount | None = Field(
        None,
        description="What stable demand costs each month today, in the organization's currency.",
        examples=[12000.00],
    )
    growth: tuple[GrowthStep, ...] = Field((), description="Expected growth of demand; several steps compound.")
    cache_hit_rate: CacheHitRate | None = Field(None, description="How the cache hit rate is to improve.")
    provider_mix: tuple[ProviderMixMove, ...] = Field((), description="Traffic that is to move to another model.")
    keep_mix: Label | None = Field(
        None,
        description="Why the mix of models and lanes stays, such as what keeps a premium lane.",
        examples=["contract review"],
    )
    planned_demand: tuple[PlannedDemand, ...] = Field((), description="New workloads, each with its monthly cost.")
    fallback: Fallback | None = Field(
        None, description="What fallback traffic is expected to be and to cost, on top of the baseline."
    )
    rate_limits: tuple[RateLimit, ...] = Field((), description="Caps on what one day may cost.")


class Scope(Frozen):
    """What a billing budget watches, said outright."""

    type: Literal["organization", "team", "user", "agent"] = Field(description="The kind of what is watched.")
    id: Identifier = Field(description="Its Keeptrusts id.", examples=["agent_triage"])


class BillingBudgetSetting(Frozen):
    """A soft alert over spend. It watches the team's first wallet unless `environment` or `scope` says otherwise."""

    name: Label = Field(
        description="What identifies the alert within its scope; with another name, `previously` says that it is the"
        " same, or else the old one is deleted and a new one created.",
        examples=["support-monthly"],
    )
    previously: Label | None = Field(
        None, description="The name that this alert had before: it is renamed in place.", examples=["support-soft"]
    )
    amount: YamlAmount = Field(description="The spend that is 100%, in the organization's currency.")
    alert_percentages: tuple[Annotated[WholeNumber, Field(ge=1, le=1000)], ...] = Field(
        (80, 100), description="At which percentages of the amount to alert, as whole numbers.", examples=[[80, 100]]
    )
    hard_limit: Switch = Field(False, description="Whether traffic is blocked at 100% instead of only alerting.")
    environment: Identifier | None = Field(
        None, description="The wallet it watches, by its key under `wallets`; by default the first.", examples=["prod"]
    )
    scope: Scope | None = Field(None, description="What it watches, when that is not one of the team's wallets.")
    period: Literal["monthly", "weekly", "daily"] = Field("monthly", description="When the count starts again.")


class TeamBudget(Frozen):
    """One team's annual plan, wallets and alerts."""

    version: Version = Field(description="The version of this file's format: 1.")
    team: Identifier = Field(description="The team; the same as the file's name.", examples=["support"])
    name: Label | None = Field(None, description="The team's name for people.", examples=["Support"])
    previously: Identifier | None = Field(
        None,
        description="What this team was called before, and its file: it is the same, and its old file is not missed.",
        examples=["helpdesk"],
    )
    state: Literal["present", "absent"] = Field(
        "present", description="`absent` asks to take back the team's money and remove its alerts."
    )
    owners: tuple[Label, ...] = Field(
        (), description="Who approves changes for this team.", examples=[["@acme/support-leads"]]
    )
    plan: AnnualPlan = Field(AnnualPlan(), description="What the team expects of the year.")
    wallets: dict[Identifier, WalletTarget] = Field(
        {}, description="The team's wallets by environment; `all` for a team with one wallet for everything."
    )
    billing_budgets: tuple[BillingBudgetSetting, ...] = Field((), description="The team's alerts.")

    @property
    def is_renamed(self) -> bool:
        """Whether the team, or something in its file, had another name before."""
        for wallet in self.wallets.values():
            if wallet.previously is not None:
                return True
        for setting in self.billing_budgets:
            if setting.previously is not None:
                return True
        return self.previously is not None
