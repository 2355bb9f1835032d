"""Rules of an organization, as `policies:` of org.yaml and `budgets/policies/*.yaml` write them (decision 0106)."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PlainValidator, StringConstraints, WithJsonSchema

from reconciler.model.frozen import Frozen
from reconciler.model.yaml_types import (
    DAY_PATTERN,
    Day,
    Identifier,
    Label,
    Version,
    YamlNumber,
    parse_amount,
    parse_day,
    refusal,
    shown,
)

Level = Literal["deny", "warn", "approve"]
"""What a verdict of a rule leads to: nothing is applied, somebody is told, or somebody must approve."""

Each = Literal["plan", "change", "wallet", "alert", "warning", "assumption", "drift"]
"""What a rule is asked of: the run as a whole, or each thing of a kind."""

EACH: tuple[Each, ...] = get_args(Each)
MOST_RULES = 500
"""More rules than an organization can have: judging them all must stay a matter of seconds."""

LONGEST = 1_000
"""Characters of an expression; so a list that is written out stays short, and judging it quick."""

_MONEY = re.compile(r"([A-Z]{3}) (\S+)")
PERCENT = re.compile(r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,4})?%")
_NOTATION = 'write money as `"USD 12500.00"`, a share as `20%`, a day as `2026-06-30`, else a whole number or text'

ParameterKind = Literal["money", "share", "day", "int", "bool", "text", "texts"]


def parameter_kind(value: object) -> ParameterKind:
    """Return what a parameter is, by the way in which it is written."""
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case tuple():
            return "texts"
        case str() if _MONEY.fullmatch(value):
            return "money"
        case str() if PERCENT.fullmatch(value):
            return "share"
        case str() if re.fullmatch(DAY_PATTERN, value):
            return "day"
        case _:
            return "text"


def parse_parameter(value: Any) -> bool | int | str | tuple[str, ...]:
    """Return a parameter as it is written; a number with decimals is refused, because its unit is not.

    Raises:
        ValueError: with the cure.
    """
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) and item for item in value):
        return tuple(value)
    if isinstance(value, YamlNumber) or not isinstance(value, bool | int | str) or value == "":
        why = ": its unit is not said" if isinstance(value, YamlNumber) else ""
        raise refusal("invalid-parameter", f"{shown(value)} is no parameter{why}", _NOTATION)
    if isinstance(value, str) and (money := _MONEY.fullmatch(value)):
        parse_amount(money[2])
    if parameter_kind(value) == "day":
        parse_day(value)
    written: bool | int | str = value
    return written


Parameter = Annotated[
    Any,
    PlainValidator(parse_parameter),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "boolean"},
                {"type": "integer"},
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            ],
            "examples": ["USD 12500.00", "20%", "2026-06-30", 3],
        }
    ),
]

ParameterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Expression = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[\x20-\x7e]+$"),
    Field(
        json_schema_extra={"patternErrorMessage": f"CEL in plain letters, digits and signs, at most {LONGEST} of them"}
    ),
]
"""CEL; text beyond ASCII has no place in it, so that nobody reads another name than the program does."""


class AppliesTo(Frozen):
    """Of which teams and environments a rule speaks; what is left out is no limit."""

    teams: tuple[Identifier, ...] = Field((), description="Only these teams.", examples=[["support"]])
    environments: tuple[Identifier, ...] = Field((), description="Only these environments.", examples=[["prod"]])

    def holds(self, team: str | None, environment: str | None) -> bool:
        return (not self.teams or team in self.teams) and (not self.environments or environment in self.environments)


class RuleSetting(Frozen):
    """One rule: what must be true, of what, since when, why, and whose it is."""

    name: Identifier = Field(description="What the rule is called; waivers and verdicts name it.")
    level: Level = Field(description="What a verdict does: `deny`, `warn`, or `approve`: then `owner` must approve.")
    owner: Label = Field(
        description="Who answers for the rule, and approves where its level says so.", examples=["@acme/platform"]
    )
    reason: Label = Field(description="Why there is this rule, for whoever is refused.")
    each: Each = Field("change", description="What it is asked of: the whole plan, or each thing of a kind.")
    applies_to: AppliesTo = Field(AppliesTo(), description="Of which teams and environments it speaks.")
    starts: Day | None = Field(None, alias="from", description="The first day on which it holds.")
    until: Day | None = Field(None, description="The last day on which it holds.")
    when: Expression | None = Field(
        None, description="CEL: it is asked only where this is true.", examples=["change.is_raise"]
    )
    asserts: Expression = Field(
        alias="assert",
        description="CEL: what must be true. Anything else, an unknown value too, does not pass.",
        examples=["change.amount <= part(params.most, change.funded_before)"],
    )
    message: Label = Field(
        description="What people are told where it is not true; `{name}` is a value of the plan.",
        examples=["{change.team} is raised by {change.amount}, more than {params.most}"],
    )

    def is_in_force(self, first: date, last: date) -> bool:
        """Whether the rule holds on one of the days from `first` to `last`."""
        return (self.starts is None or self.starts <= last) and (self.until is None or first <= self.until)


class RuleSet(Frozen):
    """Rules, and the parameters that all of them can read as `params.NAME`."""

    parameters: dict[ParameterName, Parameter] = Field(
        {}, description="Numbers, shares, days and names that the rules read, apart from them."
    )
    rules: tuple[RuleSetting, ...] = Field((), description="The rules.")


class PolicyFile(RuleSet):
    """`budgets/policies/NAME.yaml`: one set of rules."""

    version: Version = Field(description="The version of this file's format: 1.")

    @property
    def rule_set(self) -> RuleSet:
        return RuleSet(parameters=self.parameters, rules=self.rules)
