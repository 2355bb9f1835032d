"""Percentages: written `18%` in YAML, held exactly as the fraction 0.18."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

PATTERN = r"^[+-]?(0|[1-9][0-9]{0,5})(\.[0-9]{1,4})?%$"


def parse_percent(value: Any) -> Decimal:
    """Return the fraction that `value`, such as `18%`, stands for; a bare number is refused as ambiguous."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or re.fullmatch(PATTERN, value) is None:
        raise ValueError(f"`{value}` is not a percentage; write it with its sign, such as 18%")
    return Decimal(value[:-1]) / 100


def percent_text(fraction: Decimal) -> str:
    """Return a fraction as YAML writes it: 0.18 is `18%`."""
    return f"{(fraction * 100).normalize():f}%"


Percent = Annotated[
    Decimal,
    BeforeValidator(parse_percent),
    PlainSerializer(percent_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["18%"]}),
]
