"""Amounts inside the sandbox: whole micro-units (millionths of a major unit), and their decimal text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

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
