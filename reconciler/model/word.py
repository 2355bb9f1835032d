"""What a field of the budget files is called in a sentence, and how its values read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.model.money import Money

Says = Callable[[Any, str], str]
"""A value, and the currency that its file is in, in words."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a field is called; a field that only groups others has no name of its own."""

    name: str
    says: Says | None = None


def money_in_words(value: Decimal | None, currency: str) -> str:
    return "" if value is None else str(Money(value, currency))
