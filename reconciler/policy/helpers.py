"""The functions that rules can call: money, shares and days from text, and shares of money. All exact."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from reconciler.model.rule import PERCENT
from reconciler.model.yaml_types import MONEY_PATTERN, parse_day
from reconciler.policy.rule_facts import LARGEST, MILLION, micros
from reconciler.policy.vocabulary import instant


@dataclass(frozen=True, slots=True)
class Helper:
    """A function of rules: its types in CEL, and what it returns. It raises ValueError for what it cannot take.

    `unit` is what a whole number that it returns counts.
    """

    name: str
    takes: tuple[str, ...]
    returns: str
    call: Callable[..., Any]
    unit: Literal["money", "share", "int", ""] = ""


def amount(text: str) -> int:
    """Return money, such as `12500.00`, in millionths."""
    if re.fullmatch(MONEY_PATTERN, text) is None:
        raise ValueError(f"`{text[:40]}` is no amount; write it as `12500.00`")
    return micros(Decimal(text))


def percent(text: str) -> int:
    """Return a share, such as `20%`, in millionths of one."""
    if PERCENT.fullmatch(text) is None:
        raise ValueError(f"`{text[:40]}` is no percentage; write it as `20%`")
    return micros(Decimal(text[:-1]) / 100)


def day(text: str) -> datetime:
    """Return a day, such as `2026-06-30`."""
    try:
        return instant(parse_day(text))
    except ValueError:
        raise ValueError(f"`{text[:40]}` is no day; write it as `2026-06-30`") from None


def part(share: int, whole: int) -> int:
    """Return a share of money, rounded down to a millionth; a whole number is above it just when it is above that."""
    found = share * whole // MILLION
    if abs(found) > LARGEST:
        raise ValueError("the result is more than a rule can count")
    return found


def share(amount: int, whole: int) -> int:
    """Return what share of `whole` an amount is, rounded down to a millionth."""
    if whole <= 0:
        raise ValueError("nothing is a share of nothing, or of less")
    found = amount * MILLION // whole
    if abs(found) > LARGEST:
        raise ValueError("the result is more than a rule can count")
    return found


def days(first: datetime, last: datetime) -> int:
    """Return the days from one day to another, negative where the other is earlier."""
    return (last.date() - first.date()).days


def helpers(currency: str) -> tuple[Helper, ...]:
    """Return the functions of an organization: money in its own currency is called by that, as in `usd("10.00")`."""
    return (
        Helper(currency.lower(), ("string",), "int", amount, "money"),
        Helper("percent", ("string",), "int", percent, "share"),
        Helper("date", ("string",), "timestamp", day),
        Helper("part", ("int", "int"), "int", part, "money"),
        Helper("share", ("int", "int"), "int", share, "share"),
        Helper("days", ("timestamp", "timestamp"), "int", days, "int"),
    )
