"""Who must approve what, and which differences between git and Keeptrusts are known and accepted for a while."""

from __future__ import annotations

import re
from datetime import date

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.yaml_types import Day, Identifier, Label, YamlAmount

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
OWNER = re.compile(rf"@?(?P<name>{_PART}(?:\[bot\])?)(?:/(?P<team>{_PART}(?:/{_PART})*))?")
"""A person or a team of the forge; a team may be a group in groups, as `@acme/finance/leads`."""


class Approvals(Frozen):
    """Who approves besides a team's own owners. Owners are `@login` or `@organization/team` of the forge."""

    finance_above: YamlAmount | None = Field(
        None,
        description="Money that moves, in one run or in one month, above which finance must approve; left out: never.",
        examples=[1000.00],
    )
    finance: tuple[Label, ...] = Field(
        (), description="Who approves for finance; left out: the organization's owners.", examples=[["@acme/finance"]]
    )
    platform: tuple[Label, ...] = Field(
        (),
        description="Who approves that a billing budget's hard limit is switched on or off; left out: the"
        " organization's owners.",
        examples=[["@acme/platform"]],
    )


class Acknowledgement(Frozen):
    """A difference between git and Keeptrusts that is accepted until a day, inclusive."""

    key: Label = Field(
        description="What differs: a wallet's Keeptrusts team id, an export schedule's name, or a billing budget as"
        " `scope type/scope id/name`.",
        examples=["team_support"],
    )
    until: Day = Field(description="The last day on which it is accepted, such as 2026-07-31.")
    reason: Label = Field(description="Why, for the reviewer.")
    approved_by: Label = Field(description="Who accepted it.")
    team: Identifier | None = Field(None, description="The team it is about, for readers.")

    def covers(self, key: str, day: date) -> bool:
        """Whether the difference of `key` is accepted on `day`."""
        return self.key == key and day <= self.until
