"""Plain scalars as YAML 1.2 reads them, without its surprises: one way to write a number, text for the rest."""

from __future__ import annotations

import re

from reconciler.model.yaml_types import YamlNumber, shown

Scalar = str | int | bool | YamlNumber | None

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?")
_MOST_DIGITS = 18
"""Of a whole number that is an int; a longer one is kept as it is written."""
_CORE_NUMBER = re.compile(
    r"[-+]?(?:[0-9]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))"
    r"|0o[0-7]+|0x[0-9a-fA-F]+|\.(?:nan|NaN|NAN)"
)
_NUMBER_STARTS = frozenset("+-.0123456789")


class NotationError(ValueError):
    """A number in a notation that budgets do not use. `hint` is the cure; `plain` the same number, where it has one."""

    def __init__(self, text: str, plain: str | None) -> None:
        super().__init__(f"{shown(text)} is a number in a notation that budgets do not use")
        written = f"write `{plain}`" if plain else "write a plain number such as 12500.00"
        self.hint = f"{written}, or put it in quotes if it is text"
        self.plain = plain


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar; a number with a decimal point keeps its literal digits.

    Raises:
        NotationError: for exponents, hexadecimal, octal, leading zeros or signs, infinity and not-a-number.
    """
    if text[:1] not in _NUMBER_STARTS:
        return _WORDS.get(text, text)
    if number := _DECIMAL.fullmatch(text):
        is_int = number[1] is None and len(text) - (text[0] == "-") <= _MOST_DIGITS
        return int(text) if is_int else YamlNumber(text)
    if _CORE_NUMBER.fullmatch(text):
        raise NotationError(text, _plain(text))
    return text


def _plain(text: str) -> str | None:
    """Return a number as budgets write it, None for one that nobody would write out."""
    if len(text) > 40 or (text[-1] in "fFnN" and "x" not in text):
        return None
    if text.startswith(("0x", "0o")):
        return str(int(text, 0))
    exponent = re.search(r"[eE]([-+]?[0-9]+)$", text)
    if exponent and abs(int(exponent[1])) > 12:
        return None
    plain = f"{YamlNumber(text):f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
