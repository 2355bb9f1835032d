"""Fixtures for rules, in `budgets/policies/NAME.test.yaml`: what is given, and what rules must say of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.period import Period
from reconciler.model.yaml_types import Day, Identifier, Label, Version

Expected = Literal["passes", "refused", "warned", "asks"]


class RuleFixture(Frozen):
    """Facts by the names that rules read, or a saved plan; what is not given is not known."""

    name: Label = Field(description="What it shows.")
    today: Day | None = Field(None, description="The day on which it is judged; left out: 2026-01-15, or the plan's.")
    plan_file: Label | None = Field(None, description="A saved plan.json, by its path from this file.")
    plan: dict[str, Any] | None = Field(None, description="What is known of the plan, as `moved: 2500.00`.")
    change: dict[str, Any] | None = Field(None, description="What is known of a change; its `kind` says the most.")
    wallet: dict[str, Any] | None = Field(None, description="What is known of a wallet.")
    alert: dict[str, Any] | None = Field(None, description="What is known of an alert.")
    warning: dict[str, Any] | None = Field(None, description="What is known of a share of an alert.")
    assumption: dict[str, Any] | None = Field(None, description="What is known of an assumption.")
    drift: dict[str, Any] | None = Field(None, description="What is known of a difference made by hand.")
    expect: dict[Identifier, Expected] = Field(min_length=1, description="What each rule must say of it.")


class FixtureFile(Frozen):
    """`budgets/policies/NAME.test.yaml`: fixtures for the rules of NAME.yaml."""

    version: Version = Field(description="The version of this file's format: 1.")
    fiscal_year: Period | None = Field(
        None, description="The month that the fiscal year begins in, as YYYY-MM; left out: the organization's."
    )
    tests: tuple[RuleFixture, ...] = Field(min_length=1, description="The fixtures.")
