"""JSON with exact numbers, both ways: no amount ever passes through a float."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn


def decode(body: bytes) -> Any:
    """Return the JSON value that `body` holds, fractions as Decimal; a ValueError says why it holds none."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except InvalidOperation:
        raise ValueError("it holds a number beyond all bounds") from None


def encode(value: Any) -> str:
    """Return `value` as JSON text, each Decimal with its own digits: `Decimal("1500.00")` is `1500.00`.

    Raises TypeError for a float and for anything that JSON does not know, ValueError for NaN and infinities.
    """
    match value:
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"{value} has no place in JSON")
            return str(value)
        case Mapping():
            return "{" + ",".join(f"{_key(key)}:{encode(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(encode(item) for item in value) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} has no exact JSON form")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError("a JSON key is a text")
    return json.dumps(key, ensure_ascii=False)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"it holds {constant}, which is no number")
