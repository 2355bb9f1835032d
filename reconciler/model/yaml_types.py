"""The scalar types that budget YAML is written in: each says what it accepts, to people, pydantic and JSON Schema.

YAML arrives here with whole numbers as int, other numbers as `YamlNumber`, and the rest as text.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconciler.model.money import cents

MONEY_PATTERN = r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$"
LARGEST_AMOUNT = Decimal("9999999999999.99")
_LONGEST_AMOUNT = len(f"{LARGEST_AMOUNT}")
DAY_PATTERN = r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
RATIO_PATTERN = r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,6})?$"

_SHOWN = 60


class YamlNumber(Decimal):
    """A number with a decimal point from a YAML file, exactly as it is written there."""


def shown(value: Any) -> str:
    """Return how a sentence quotes a scalar from a file: in backquotes, as YAML writes it, cut when long."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text[: _SHOWN - 1]}…`" if len(text) > _SHOWN else f"`{text}`"


def refusal(code: str, sentence: str, hint: str, *, cure: str | None = None) -> PydanticCustomError:
    """Return the error by which a value is refused: a stable code, a sentence and its cure.

    `cure` is the YAML to write instead, given only where nothing else can be meant.
    """
    exact = {"cure": cure} if cure is not None else {}
    return PydanticCustomError(code, "{sentence}", {"sentence": sentence, "hint": hint, **exact})


def number_text(value: Any) -> str | None:
    """Return the literal text of a number or a string, None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def parse_amount(value: Any) -> Decimal:
    """Return the amount at two decimals that a literal number or its text stands for, losslessly.

    Raises:
        ValueError: with the cure; for negative, over-precise or over-large numbers and for anything else.
    """
    text = number_text(value)
    amount = _amount(text) if text is not None and len(text) <= _LONGEST_AMOUNT else None
    if amount is None:
        sentence, hint, cure = _amount_refusal(value, text)
        raise refusal("invalid-amount", sentence, hint, cure=cure)
    return amount


@lru_cache(maxsize=4096)
def _amount(text: str) -> Decimal | None:
    """Return the amount of a text, None where it is none; most are round, and come back in file after file."""
    return cents(text) if re.fullmatch(MONEY_PATTERN, text) else None


def _amount_refusal(value: Any, text: str | None) -> tuple[str, str, str | None]:
    """Return the sentence, the hint, and what to write where only that can be meant."""
    if text is None:
        return f"{_kind(value)} is not an amount", "write a plain number such as 12500.00", None
    if re.fullmatch(MONEY_PATTERN.replace("^", "^-"), text):
        return f"{shown(text)} is negative; an amount is zero or more", f"write {shown(text[1:])} or leave it out", None
    if re.fullmatch(r"[0-9]+\.[0-9]{3,}", text):
        return _too_precise(text)
    if re.fullmatch(r"[0-9]{14,}(\.[0-9]*)?", text):
        return f"{shown(text)} is above the largest amount, {LARGEST_AMOUNT:,.2f}", "correct the amount", None
    bare = re.sub(r"[$€£]|(?i:USD|EUR|GBP)", "", text).strip()
    cure = _abroad(bare) or re.sub(r"[\s,_'](?=[0-9]{3}(?![0-9]))|^0+(?=[0-9])", "", bare)
    known = re.fullmatch(MONEY_PATTERN, cure) is not None
    return (
        f"{shown(text)} is not an amount",
        f"write {shown(cure)}" if known else "write a plain number with at most two decimals, such as 12500.00",
        cure if known and bare == text.strip() and not _abroad(bare) else None,
    )


def _abroad(text: str) -> str:
    """Return the amount that `1.500,00` or `12.5k` means, an empty text for anything else."""
    if grouped := re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{3})+),([0-9]{2})", text):
        return f"{grouped[1].replace('.', '')}.{grouped[2]}"
    if thousands := re.fullmatch(r"([1-9][0-9]{0,9}(?:\.[0-9]{1,3})?)\s?[kK]", text):
        return f"{Decimal(thousands[1]) * 1000:.2f}"
    return ""


def _too_precise(text: str) -> tuple[str, str, str | None]:
    """Return what to say of too many decimals; three of them after one to three digits may be thousands.

    Only zeros are certain to be cut: another digit may as well be rounded.
    """
    whole, decimals = text.split(".")
    thousands = len(decimals) == 3 and len(whole) <= 3 and whole[0] != "0"
    cure = f"{whole}.{decimals[:2]}"
    other = f" or {shown(whole + decimals)}, whichever is meant" if thousands else ""
    return (
        f"{shown(text)} has more than two decimals",
        f"write {shown(cure)}{other}",
        None if thousands or decimals[2:].strip("0") else cure,
    )


def parse_ratio(value: Any) -> Decimal:
    """Return the positive factor, at most 100, that a literal number or its text stands for.

    Raises:
        ValueError: with the cure, for anything else.
    """
    text = number_text(value)
    ratio = Decimal(text) if text is not None and re.fullmatch(RATIO_PATTERN, text) else None
    if ratio is None or not 0 < ratio <= 100:
        raise refusal(
            "invalid-ratio", f"{_kind(value)} is not a factor above 0 and up to 100", "write a number such as 1.9"
        )
    return ratio


def parse_day(value: Any) -> date:
    """Return the day that text such as `2026-07-31` stands for.

    Raises:
        ValueError: with the cure, for anything else and for days that are in no calendar.
    """
    if type(value) is date:
        return value
    text = value if isinstance(value, str) else ""
    try:
        return date.fromisoformat(text if re.fullmatch(DAY_PATTERN, text) else "")
    except ValueError:
        match = re.fullmatch(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})", text)
        cure = f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}" if match else ""
        hint, fix = _meant_day(cure)
        raise refusal("invalid-day", f"{shown(value)} is not a day", hint, cure=fix) from None


def _meant_day(text: str) -> tuple[str, str | None]:
    """Return the hint, and the day to write where `text` is one that a calendar has."""
    if re.fullmatch(DAY_PATTERN, text) is None:
        return "write it as YYYY-MM-DD, such as 2026-07-31", None
    try:
        date.fromisoformat(text)
    except ValueError:
        return "write a day that its month has", None
    return f"write `{text}`", text


def exact_version(value: Any) -> int:
    """Return 1, the only version there is; any other value, also `"1"` or true, is refused."""
    if type(value) is not int or value != 1:
        label = f'`"{value}"`' if isinstance(value, str) else shown(value)
        cure = "1" if str(value) in ("1", "1.0") else None
        raise refusal(
            "unknown-version", f"{label} is not a version this release reads", "write `version: 1`", cure=cure
        )
    return value


def _kind(value: Any) -> str:
    match value:
        case dict():
            return "keys with values"
        case list() | tuple():
            return "a list"
        case None:
            return "an empty value"
        case _:
            return shown(value)


AMOUNT_SCHEMA: dict[str, Any] = {
    "type": ["number", "string"],
    "minimum": 0,
    "maximum": float(LARGEST_AMOUNT),
    "pattern": MONEY_PATTERN,
    "patternErrorMessage": "Write a plain number with at most two decimals and without separators, such as 12500.00",
    "examples": [12500.00],
}
"""One schema for both ways to write an amount: of several, editors show no sentence but the types."""

YamlAmount = Annotated[
    Decimal,
    BeforeValidator(parse_amount),
    PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str, when_used="json"),
    WithJsonSchema(AMOUNT_SCHEMA),
]
"""Money in YAML: a plain number or a quoted one, not negative, at most two decimals.

The schema says how many decimals of quoted amounts alone: editors and libraries divide numbers as floats, and call
right ones wrong.
"""

Ratio = Annotated[
    Decimal,
    BeforeValidator(parse_ratio),
    PlainSerializer(lambda ratio: f"{ratio:f}", return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
                {"type": "string", "pattern": r"^(?!0(\.0*)?$)(100(\.0{1,6})?|[1-9]?[0-9](\.[0-9]{1,6})?)$"},
            ],
            "examples": [1.9],
        }
    ),
]
"""A factor such as 1.9: above 0, at most 100, at most six decimals."""

Day = Annotated[
    date,
    BeforeValidator(parse_day),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            "pattern": DAY_PATTERN,
            "patternErrorMessage": "A day as YYYY-MM-DD, such as 2026-07-31",
            "examples": ["2026-07-31"],
        }
    ),
]
"""A calendar day, written `2026-07-31`."""

Version = Annotated[int, BeforeValidator(exact_version), WithJsonSchema({"type": "integer", "const": 1})]
"""The version of the file format: the number 1."""

Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"),
    Field(
        json_schema_extra={
            "patternErrorMessage": "Letters, digits, `_`, `.` and `-`; the first is a letter or digit; at most 128"
        }
    ),
]
"""A name that is used as an id: letters, digits, `_`, `.` and `-`."""

Label = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"),
    Field(json_schema_extra={"patternErrorMessage": "Text on one line, 1 to 200 characters"}),
]
"""Words for people: one line, 1 to 200 characters."""

WholeNumber = Annotated[int, Field(strict=True)]
"""A whole number, written without quotes or decimals."""

Switch = Annotated[bool, Field(strict=True)]
"""`true` or `false`, without quotes."""
