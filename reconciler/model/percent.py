"""Percentages: written `18%` in YAML, held exactly as the fraction 0.18."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconciler.model.yaml_types import number_text, refusal, shown

PATTERN = r"^[+-]?(0|[1-9][0-9]{0,5})(\.[0-9]{1,4})?%$"
RATE_PATTERN = r"^(\+?(0|[1-9][0-9]{0,5})(\.[0-9]{1,4})?|-(100(\.0{1,4})?|[1-9]?[0-9](\.[0-9]{1,4})?))%$"
SHARE_PATTERN = r"^\+?(100(\.0{1,4})?|[1-9]?[0-9](\.[0-9]{1,4})?)%$"
INTERVAL_PATTERN = r"^[1-9][0-9]?(\.[0-9]{1,4})?%$"


def parse_rate(value: Any) -> Decimal:
    """Return the fraction of a growth rate, -100% or more; a bare number is refused as ambiguous.

    Raises:
        ValueError: with the cure.
    """
    return _parse(value, RATE_PATTERN, "-100% or more", "18%")


def parse_share(value: Any) -> Decimal:
    """Return the fraction of a share of a whole: 0% to 100%."""
    return _parse(value, SHARE_PATTERN, "between 0% and 100%", "30%")


def parse_interval(value: Any) -> Decimal:
    """Return the fraction of a prediction interval: from 1% to below 100%."""
    return _parse(value, INTERVAL_PATTERN, "between 1% and 99.9999%", "80%")


def typed_interval(text: str) -> Decimal:
    """Return the fraction of a prediction interval as somebody typed it; ValueError says what is wrong."""
    try:
        return parse_interval(text)
    except PydanticCustomError as error:
        told = error.context or {}
        raise ValueError(f"{told['sentence']}; {told['hint']}") from None


def _parse(value: Any, pattern: str, bounds: str, example: str) -> Decimal:
    if isinstance(value, str) and re.fullmatch(pattern, value):
        return Decimal(value[:-1]) / 100
    if isinstance(value, str) and re.fullmatch(PATTERN, value):
        raise refusal("invalid-percentage", f"{shown(value)} is not {bounds}", f"write a percentage {bounds}")
    text = number_text(value)
    sentence = f"{shown(text)} is not a percentage" if text is not None else "this is not a percentage"
    meant = [found for found in _meant(text or "") if re.fullmatch(pattern, found)]
    hint = f"write `{'`, or `'.join(meant)}`" if meant else f"write it with its sign, such as {example}"
    if len(meant) > 1:
        hint += " if that is meant"
    raise refusal("invalid-percentage", sentence, hint, cure=meant[0] if len(meant) == 1 else None)


def _meant(text: str) -> list[str]:
    """Return what may be meant by a number without its sign: `0.18` is a fraction, or very little."""
    digits = re.sub(r"\s|%|percent|pct", "", text.replace(",", "."))
    if not re.fullmatch(PATTERN, f"{digits}%"):
        return []
    is_fraction = re.fullmatch(r"0\.[0-9]+|1(\.0*)?", digits) and "%" not in text
    return [*([percent_text(Decimal(digits))] if is_fraction else []), f"{digits}%"]


def percent_text(fraction: Decimal) -> str:
    """Return a fraction as YAML writes it: 0.18 is `18%`."""
    return f"{(fraction * 100).normalize():f}%"


def _percentage(parse: Callable[[Any], Decimal], pattern: str, example: str) -> tuple[Any, ...]:
    """Return the metadata of a percentage type: YAML text or a fraction from Python in, YAML text out."""

    def accept(value: Any) -> Decimal:
        return value if type(value) is Decimal else parse(value)

    schema = {
        "type": "string",
        "pattern": pattern,
        "patternErrorMessage": f"A percentage with its sign, such as {example}",
        "examples": [example],
    }
    return BeforeValidator(accept), PlainSerializer(percent_text, str, when_used="json"), WithJsonSchema(schema)


Rate = Annotated[Decimal, *_percentage(parse_rate, RATE_PATTERN, "18%")]
Share = Annotated[Decimal, *_percentage(parse_share, SHARE_PATTERN, "30%")]
Interval = Annotated[Decimal, *_percentage(parse_interval, INTERVAL_PATTERN, "80%")]
