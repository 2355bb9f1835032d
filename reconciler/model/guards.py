"""Guards on money and their waivers, as `org.yaml` sets them (decision 0011)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from reconciler.model.frozen import Frozen
from reconciler.model.percent import Share
from reconciler.model.yaml_types import Day, Identifier, Label, Switch, WholeNumber, YamlAmount, refusal


class Guard(StrEnum):
    """What can be refused. Each has its own waiver; there is no way around all of them at once."""

    TOTAL_MOVED = "total-moved"
    LARGEST_CHANGE = "largest-change"
    LARGEST_CHANGE_PERCENT = "largest-change-percent"
    NET_INCREASE = "net-increase"
    TARGET_BELOW_SPEND = "target-below-spend"
    TARGET_BELOW_FORECAST = "target-below-forecast"
    POOL_EXHAUSTION = "pool-exhaustion"
    HARD_LIMIT_ON = "hard-limit-on"
    ALERT_REMOVED = "alert-removed"


OF_THE_RUN = frozenset({Guard.TOTAL_MOVED, Guard.NET_INCREASE, Guard.POOL_EXHAUSTION})
"""Guards of all that a run does; the others are of one team's change."""


class GuardSettings(Frozen):
    """Limits of a single run. A limit that is left out does not refuse; the pool's own limit always does."""

    total_moved: YamlAmount | None = Field(
        None, description="The most money that one run may move, given and taken back together, per month."
    )
    largest_change: YamlAmount | None = Field(None, description="The most that one wallet may change by.")
    largest_change_percent: Share | None = Field(
        None, description="The most that one wallet may change by, as a share of what it was funded with."
    )
    net_increase: YamlAmount | None = Field(
        None, description="The most that all wallets together may grow by in one run."
    )
    target_below_spend: Switch = Field(False, description="Refuse a target below what the wallet has already spent.")
    target_below_forecast: Switch = Field(
        False, description="Refuse a lowered target below the forecast's middle, which half of the months exceed."
    )
    hard_limit_on: Switch = Field(False, description="Refuse to switch a billing budget's hard limit on.")
    alert_removed: Switch = Field(False, description="Refuse to delete a billing budget or one of its percentages.")


Uses = Annotated[WholeNumber, Field(ge=1, le=1_000)]
"""How many plans a waiver lets pass."""


class Waiver(Frozen):
    """Lets one guard, or one rule, pass for one team, up to `max` and until a day, both inclusive, for some plans."""

    name: Identifier | None = Field(None, description="What it is called; its uses are counted under this name.")
    guard: Guard | None = Field(
        None, description="The guard that is waived; or else `rule`. Nothing lets `pool-exhaustion` pass."
    )
    rule: Identifier | None = Field(None, description="The organization's own rule that is waived; or else `guard`.")
    team: Identifier | None = Field(None, description="The team it is waived for; left out: what is said of the run.")
    max: YamlAmount | None = Field(None, description="The value that is still let pass; left out: any.")
    until: Day = Field(description="The last day on which the waiver holds, such as 2026-07-31.")
    uses: Uses | None = Field(None, description="How many plans may be applied under it; left out: any number.")
    reason: Label = Field(description="Why, for the reviewer.")
    approved_by: Label = Field(description="Who approved it.")

    @property
    def waived(self) -> str:
        """The name of what is waived."""
        return str(self.guard or self.rule or "")

    @property
    def counted_as(self) -> str:
        """Under what its uses are counted: its name, else what it says, so that another day makes it another one."""
        return self.name or f"{self.waived} of {self.team or 'the run'} until {self.until}"

    def covers(self, rule: str, team: str, value: Decimal | None, day: date) -> bool:
        """Whether it lets pass what `rule` says on `day`; a guard without a value is a fault that nothing waives."""
        return (
            self.waived == rule
            and (self.team or "") == team
            and day <= self.until
            and (self.rule is not None if value is None else self.max is None or value <= self.max)
        )

    @model_validator(mode="after")
    def _is_of_one(self) -> Self:
        if (self.guard is None) == (self.rule is None):
            raise refusal("waiver-of-nothing", "a waiver is of a guard or of a rule", "name one of them")
        if self.rule is not None and self.max is not None:
            raise refusal("waiver-of-nothing", "a rule has no value that `max` could limit", "leave `max` out")
        if self.uses is not None and self.name is None:
            raise refusal(
                "waiver-without-name", "its uses can be counted only under a name", "give it one: `name: launch-2026`"
            )
        return self
