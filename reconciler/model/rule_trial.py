"""Rules that were tried on plans of the past: what `kt-budgets policy check --from` prints for programs."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.frozen import Frozen
from reconciler.model.period import Period
from reconciler.model.plan import GuardStatus
from reconciler.model.rule import Level

Outcome = Literal["passes", "warns", "asks", "refuses", "cannot be judged"]
"""What a rule would have led to; what cannot be judged would have refused the plan as well."""


class TriedPlan(Frozen):
    """A plan that was applied, on which rules were tried."""

    plan: str = Field(description="The plan's digest.")
    day: date = Field(description="The day on which it was applied, UTC.")
    period: Period = Field(description="The month that it was for, YYYY-MM.")
    commit: str = Field("", description="The commit that it was made from; empty where none is known.")
    pull_request: str = Field("", description="The number of its change request; empty where none is known.")
    url: str = Field("", description="The page of the run that applied it; empty where there is none.")


class TriedRule(Frozen):
    """What a rule would have said of one plan, where that is not that it passes."""

    plan: str = Field(description="The plan's digest.")
    outcome: Outcome = Field(description="What it would have led to.")
    messages: tuple[str, ...] = Field(description="What it would have said, thing by thing.")
    then: GuardStatus | None = Field(
        description="What a rule of this name said of the plan when it was applied; null where it said nothing: it"
        " passed, or there was none."
    )


class RuleTrial(Frozen):
    """What a rule would have said of all plans."""

    rule: str = Field(description="The rule's name.")
    level: Level = Field(description="What a verdict of it does.")
    passed: int = Field(description="Of how many plans it would have said nothing.")
    warned: int = Field(description="Of how many it would have warned.")
    asked: int = Field(description="Of how many its owner would have been asked.")
    refused: int = Field(description="How many it would have refused.")
    not_judged: int = Field(description="How many it could not have judged, which refuses them too.")
    verdicts: tuple[TriedRule, ...] = Field(description="What it would not have let pass, the newest plan first.")


class PolicyTrial(Document):
    """Rules tried on the last plans of the journal, as though they had been in force: without waivers or their days.

    Plans that opened a month are not among them, because no rule limits that.
    """

    commands: ClassVar = ("policy",)
    format: Literal["kt-budgets.policy-trial/1"] = "kt-budgets.policy-trial/1"
    rules_from: str = Field(description="The commit that the rules are of; `.` for the files as they are here.")
    plans: tuple[TriedPlan, ...] = Field(description="The plans that they were tried on, the newest first.")
    not_kept: tuple[TriedPlan, ...] = Field(
        description="Plans among the last ones of which the journal does not keep what they were judged by."
    )
    rules: tuple[RuleTrial, ...] = Field(description="Each rule.")
