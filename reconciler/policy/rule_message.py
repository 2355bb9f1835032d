"""Messages of rules: `{change.amount}` becomes the figure that people read. They are text, never CEL or Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from reconciler.meant import close_to, did_you_mean
from reconciler.policy.expression import ExpressionError
from reconciler.policy.rule_facts import MILLION
from reconciler.policy.vocabulary import Kind

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
UNKNOWN = "–"
_LONGEST = 120


def check(message: str, names: Mapping[str, Kind]) -> None:
    """Raise ExpressionError for a placeholder that is no name, or a brace that is none."""
    for found in _PLACEHOLDER.finditer(message):
        if found[1] not in names:
            meant = did_you_mean(close_to(found[1], names)) or f"it tells names such as `{{{min(names)}}}`"
            raise ExpressionError(f"`{found[1][:80]}` is nothing that this message can tell", found.start(), meant)
    rest = _PLACEHOLDER.sub(lambda found: " " * len(found[0]), message)
    brace = re.search(r"[{}]", rest)
    if brace:
        raise ExpressionError("this brace stands alone", brace.start(), "write `{change.amount}`, or no brace")


def told(message: str, names: Mapping[str, Kind], values: Mapping[str, Any], currency: str) -> str:
    """Return a message that was checked with its figures; what is unknown is a dash."""

    def worded(found: re.Match[str]) -> str:
        value = values.get(found[1])
        return UNKNOWN if value is None else worded_value(value, names[found[1]], currency)

    return _PLACEHOLDER.sub(worded, message)


def worded_value(value: Any, kind: Kind, currency: str) -> str:
    """Return a value as people read it. No backtick of a name can end the code of a sentence."""
    match kind:
        case "money":
            text = f"{currency} {Decimal(value) / MILLION:,.2f}"
        case "share":
            text = f"{(Decimal(value) / MILLION * 100).normalize():f}%"
        case "day":
            text = f"{value:%Y-%m-%d}" if isinstance(value, datetime) else str(value)
        case "bool":
            text = "yes" if value else "no"
        case "shares":
            text = ", ".join(worded_value(one, "share", currency) for one in value) or UNKNOWN
        case "texts":
            text = ", ".join(value)
        case "moneys":
            text = ", ".join(f"{key} {worded_value(one, 'money', currency)}" for key, one in value.items()) or UNKNOWN
        case _:
            text = str(value)
    text = "".join(one if one.isprintable() else "?" for one in text.replace("`", "'"))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def names_of(message: str) -> Iterator[str]:
    """Yield the names that a message tells."""
    yield from (found[1] for found in _PLACEHOLDER.finditer(message))
