"""The scalar types that budget YAML is written in."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, StringConstraints, WithJsonSchema

MONEY_PATTERN = r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$"


def parse_amount(value: Any) -> Decimal:
    """Return the amount that the literal text `value` stands for, losslessly."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or re.fullmatch(MONEY_PATTERN, value) is None:
        raise ValueError(
            f"`{value}` is not an amount; write a plain number with at most two decimals, such as 12500.00"
        )
    return Decimal(value).quantize(Decimal("0.01"))


YamlAmount = Annotated[
    Decimal,
    BeforeValidator(parse_amount),
    PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 9999999999999.99, "multipleOf": 0.01},
                {"type": "string", "pattern": MONEY_PATTERN},
            ],
            "examples": [12500.00],
        }
    ),
]
"""Money in YAML: a plain number or a quoted one, not negative, at most two decimals."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
