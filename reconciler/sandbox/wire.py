"""What goes over the wire: JSON with exact amounts, list envelopes, cursors and errors."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Literal, NoReturn

AmountStyle = Literal["exact", "short", "float"]
"""How an amount is written as a JSON number: `1500.00`, `1500` or `1500.0`. All are the same number."""

MICRO = 10**6
LARGEST = 10**13 * MICRO


class Micros(int):
    """A whole number of micro-units. Arithmetic gives a plain int: wrap the result where it means money."""

    __slots__ = ()


class AmountError(ValueError):
    """Not an amount that the ledger can hold."""


def decimal_text(micros: int, style: AmountStyle = "exact") -> str:
    """Return micro-units as an exact decimal literal in major units, at least two decimals when `exact`."""
    sign, magnitude = ("-", -micros) if micros < 0 else ("", micros)
    whole, fraction = divmod(magnitude, MICRO)
    digits = f"{fraction:06d}".rstrip("0")
    match style:
        case "exact":
            digits = digits.ljust(2, "0")
        case "float":
            digits = digits or "0"
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def micros_of(value: Any) -> Micros:
    """Return the micro-units of a number read from JSON (int or Decimal); floats and text are refused."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise AmountError("must be a JSON number in major units")
    scaled = Decimal(value) * MICRO if Decimal(value).is_finite() else Decimal("NaN")
    if not scaled.is_finite() or abs(scaled) > LARGEST:
        raise AmountError("is out of range")
    if scaled != scaled.to_integral_value():
        raise AmountError("has more than six decimals")
    return Micros(scaled)


def decimal_of(micros: int) -> Decimal:
    """Return micro-units as a Decimal in major units, exactly."""
    return Decimal(micros).scaleb(-6)


Envelope = Literal["data", "bare", "plural"]
DEFAULT_PAGE = 100
LARGEST_PAGE = 1000


class ApiError(Exception):
    """A request that is refused: becomes `{"error": {"code", "message"}}` with `status`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    @property
    def document(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message}}


@dataclass(frozen=True, slots=True)
class Presentation:
    """How this deployment writes its answers. Clients are to understand all of them alike.

    `envelope`: `{"data": […], "next_cursor"}`, `{"<plural>": […], "next_cursor"}` or, without pages, a bare array.
    `page_size`: the largest page that is given, whatever `limit` asks for.
    """

    envelope: Envelope = "data"
    amounts: AmountStyle = "exact"
    page_size: int | None = None

    def limit(self, asked: str | None) -> int | None:
        """Return how many items a page holds; None is all of them."""
        if self.envelope == "bare":
            return None
        if asked is None:
            return self.page_size or DEFAULT_PAGE
        if not asked.isascii() or not asked.isdigit() or int(asked) == 0:
            raise ApiError(422, "invalid_limit", f"limit must be a positive number, not `{asked[:20]}`")
        return min(int(asked), self.page_size or LARGEST_PAGE)

    def page(self, plural: str, items: Sequence[Any], next_cursor: str | None) -> Any:
        match self.envelope:
            case "data":
                return {"data": items, "next_cursor": next_cursor}
            case "plural":
                return {plural: items, "next_cursor": next_cursor}
            case "bare":
                return items

    def body(self, document: Any) -> bytes:
        return json_text(document, self.amounts).encode("ascii")


def json_text(value: Any, style: AmountStyle = "exact") -> str:
    """Return `value` as JSON: Micros as decimal literals in major units, Decimals digit for digit."""
    match value:
        case str():
            return quoted(value)
        case Micros():
            return decimal_text(value, style)
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int():
            return str(value)
        case Decimal():
            return str(value)
        case dict():
            return "{" + ",".join([f"{quoted(key)}:{json_text(item, style)}" for key, item in value.items()]) + "}"
        case list() | tuple():
            return "[" + ",".join([json_text(item, style) for item in value]) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form here")


def parse_json(body: bytes | str) -> Any:
    """Return a JSON document with its decimals exact; NaN and infinities are refused."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise ApiError(400, "invalid_json", "the request body is not valid JSON") from problem


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def to_cursor(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def from_cursor(cursor: str | None) -> str:
    """Return the key after which a page begins; the empty string is the start."""
    if cursor is None:
        return ""
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError as problem:
        raise ApiError(422, "invalid_cursor", "the cursor is not one of ours") from problem
