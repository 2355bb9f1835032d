"""What single months get: an amount, a percentage of the usual, or an amount that says nothing of the demand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    TypeAdapter,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import CoreSchema

from reconciler.model.frozen import Frozen
from reconciler.model.money import CENT, ZERO
from reconciler.model.percent import parse_rate, percent_text
from reconciler.model.yaml_types import (
    AMOUNT_SCHEMA,
    MONEY_PATTERN,
    YamlAmount,
    parse_amount,
    refusal,
    shown,
)

_SIGNED = r"^(\+(1000|[0-9]{1,3}(\.[0-9]{1,4})?)|-(100|[0-9]{1,2}(\.[0-9]{1,4})?))%$"
_RELATIVE = re.compile(r"[+-][0-9]{1,4}(\.[0-9]{1,4})?%")
_UNSIGNED = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?\s*%")
_MOST = Decimal(10)


@dataclass(frozen=True, slots=True)
class Relative:
    """By how much a month differs from what it would get otherwise: `rate` 0.2 is a fifth more."""

    rate: Decimal

    def of(self, amount: Decimal) -> Decimal:
        """Return `amount` changed by the rate, rounded to the cent; half a cent is rounded up."""
        return (amount * (1 + self.rate)).quantize(CENT, ROUND_HALF_UP)

    def __str__(self) -> str:
        return f"{'+' if self.rate >= 0 else ''}{percent_text(self.rate)}"


USUAL = "usual"
NO_OTHER = Relative(ZERO)


def _relative(value: Any) -> Decimal | Relative:
    """Return what an override says; a percentage has its sign, because `20%` may mean a fifth more or a fifth."""
    if isinstance(value, Relative):
        return value
    text = value if isinstance(value, str) else ""
    if _UNSIGNED.fullmatch(text):
        more = text.replace(" ", "")
        sentence = f"{shown(text)} does not say whether the month gets more or less"
        raise refusal("invalid-override", sentence, f"write `+{more}` for more, `-{more}` for less, or the amount")
    if not _RELATIVE.fullmatch(text):
        return parse_amount(value)
    rate = parse_rate(text)
    if rate > _MOST:
        sentence = f"{shown(text)} is more than ten times as much on top"
        raise refusal("invalid-override", sentence, "write a percentage from -100% to +1000%, or the amount")
    return Relative(rate + 0)


def _demand(value: Any) -> Decimal | Relative:
    if value == USUAL:
        return NO_OTHER
    if isinstance(value, str) and not any(map(str.isdigit, value)):
        meant = USUAL if value.casefold().split()[-1:] == [USUAL] else None
        hint = f"write `{USUAL}`, an amount such as 12500.00, or by how much the month differs, such as `+20%`"
        raise refusal("invalid-override", f"{shown(value)} does not say what the month asks for", hint, cure=meant)
    return _relative(value)


def _text(value: Decimal | Relative) -> str:
    return str(value) if isinstance(value, Relative) else f"{value:.2f}"


def _demand_text(value: Decimal | Relative) -> str:
    return USUAL if value == NO_OTHER else _text(value)


_PATTERN = f"{MONEY_PATTERN}|{_SIGNED}"
_NEITHER = "Write an amount such as 12500.00, or by how much the month differs: +20% or -20%"


class Correction(Frozen):
    """What a single month gets although its demand asks for something else.

    Money that came by hand or that is carried over, and money that makes up for what was spent, says nothing of demand.
    """

    amount: YamlAmount = Field(
        description="What the wallet is to get in this month, in the organization's currency.", examples=[0.00]
    )
    demand: Annotated[
        Decimal | Relative,
        BeforeValidator(_demand),
        PlainSerializer(_demand_text, return_type=str, when_used="json"),
        WithJsonSchema(
            {
                **AMOUNT_SCHEMA,
                "pattern": f"{_PATTERN}|^{USUAL}$",
                "patternErrorMessage": f"{_NEITHER}; or `{USUAL}`, where it does not",
                "examples": [USUAL, 15000.00, "+20%"],
            }
        ),
    ] = Field(
        description="What the demand of the month asks for, as an override without this would say it: `usual` for what"
        " the month would get otherwise, an amount, or by how much it differs. The annual plan expects that."
    )


_CORRECTION: TypeAdapter[Correction] = TypeAdapter(Correction)


def _override(value: Any, _: Any) -> Decimal | Relative | Correction:
    if isinstance(value, dict | Correction):
        return _CORRECTION.validate_python(value, by_alias=True, by_name=False)
    return _relative(value)


def override_text(value: Decimal | Relative | Correction) -> str:
    """Return an override as YAML writes it."""
    return correction_text(value.amount, value.demand) if isinstance(value, Correction) else _text(value)


def correction_text(amount: Decimal, demand: Decimal | Relative = NO_OTHER) -> str:
    """Return, as YAML, the override by which a month gets `amount` and `demand` is what it asks for."""
    return f"{{amount: {amount:.2f}, demand: {_demand_text(demand)}}}"


def _json(value: Decimal | Relative | Correction) -> str | dict[str, Any]:
    return value.model_dump(mode="json") if isinstance(value, Correction) else _text(value)


class _OverrideSchema:
    """One schema for an amount and for a correction: of several, editors show no sentence but the types."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        options = handler(schema)["anyOf"]
        correction = next(
            each for each in options if "demand" in handler.resolve_ref_schema(each).get("properties", ())
        )
        plain = {"pattern": _PATTERN, "patternErrorMessage": _NEITHER, "examples": [15000.00, "+20%"]}
        amounts = {**AMOUNT_SCHEMA, **plain, "type": ["number", "string", "object"]}
        return {**amounts, "if": {"type": "object"}, "then": correction}


Override = Annotated[
    Decimal | Relative | Correction,
    WrapValidator(_override),
    PlainSerializer(_json, when_used="json"),
    _OverrideSchema,
]
"""What a single month gets: an amount, a signed percentage of what it would get otherwise, or a correction."""
