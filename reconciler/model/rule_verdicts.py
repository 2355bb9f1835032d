"""What rules say of a saved plan, with what they read: what `kt-budgets policy` prints for programs."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.frozen import Frozen
from reconciler.model.plan import GuardResult
from reconciler.model.waiver_uses import WaiverUses


class PolicyCheck(Document):
    """What each rule says of a plan."""

    commands: ClassVar = ("policy",)
    format: Literal["kt-budgets.policy-check/1"] = "kt-budgets.policy-check/1"
    rules: int = Field(description="How many rules there are.")
    verdicts: tuple[GuardResult, ...] = Field(description="What does not pass, or is let pass by a waiver.")


class ReadValue(Frozen):
    """A value that a rule reads of one thing."""

    name: str = Field(description="Its name, as the rule writes it.")
    value: str | None = Field(description="What it is, as people read it; null where nobody knows it.")


class Explained(Frozen):
    """What a rule says of one thing, and why."""

    subject: str = Field(description="What it is asked of: team and environment; empty for the plan.")
    outcome: Literal["passes", "does not apply", "fails", "cannot be judged"] = Field(description="What it says.")
    because: str = Field("", description="Why it cannot be judged; empty where it can.")
    read: tuple[ReadValue, ...] = Field(description="The values that it reads.")
    would_pass: str = Field("", description="What would pass, as far as another target alone can do it.")


class RuleWaiver(Frozen):
    """A waiver of a rule, and how often it was used before the plan."""

    name: str = Field(description="Under what its uses are counted.")
    team: str = Field(description="The team it is waived for; empty for the whole run.")
    until: date = Field(description="The last day on which it holds.")
    uses: int | None = Field(description="How many plans may be applied under it; null: any number.")
    used: WaiverUses | None = Field(description="How often it was used; null where the plan does not tell.")


class PolicyExplained(Document):
    """How one rule comes to what it says of a plan."""

    commands: ClassVar = ("policy",)
    format: Literal["kt-budgets.policy-explained/1"] = "kt-budgets.policy-explained/1"
    rule: str = Field(description="The rule's name.")
    when: str = Field(description="Where it is asked, in CEL; empty: everywhere.")
    asserts: str = Field(description="What must be true, in CEL.")
    idle: str = Field("", description="Why it is asked of nothing on that day; empty where it is in force.")
    subjects: tuple[Explained, ...] = Field(description="Everything that it is asked of.")
    waivers: tuple[RuleWaiver, ...] = Field((), description="The waivers of it that there are.")


class FixtureResult(Frozen):
    """What one fixture came to."""

    file: str = Field(description="The file that it is in.")
    name: str = Field(description="What it is called.")
    passed: bool = Field(description="Whether rules said what it expects.")
    message: str = Field("", description="What was said instead; empty where it passed.")


class PolicyTests(Document):
    """What the fixtures beside rules came to, and which rules they reach."""

    commands: ClassVar = ("policy",)
    format: Literal["kt-budgets.policy-tests/1"] = "kt-budgets.policy-tests/1"
    fixtures: tuple[FixtureResult, ...] = Field(description="Each fixture.")
    rules: int = Field(description="How many rules there are.")
    never_passed: tuple[str, ...] = Field(description="Rules that pass in no fixture.")
    never_failed: tuple[str, ...] = Field(description="Rules that refuse, warn or ask in no fixture.")
