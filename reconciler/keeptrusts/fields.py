"""One object of an answer, and its fields: read tolerantly, refused by name when they cannot be understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from reconciler.findings import UnreadableError
from reconciler.http.failures import shown
from reconciler.keeptrusts.failures import UNREADABLE_HINT

LARGEST_AMOUNT = Decimal(10) ** 15
FINEST_AMOUNT = Decimal("1e-9")
"""Decimals beyond a billionth are arithmetic noise of a server that counts in floats; they are rounded away."""


class FieldError(UnreadableError):
    """One field of one object cannot be understood. `reason` names the field and says why."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}", hint=UNREADABLE_HINT)
        self.reason = reason


_LARGEST = int(LARGEST_AMOUNT)
_NONE = Decimal(0)
_WORDS = 256
_INT = {int}
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")


class Item(NamedTuple):
    """An object, and where it was read: `place` is its number on a page, or its name in another object.

    Names are tried in their order.
    """

    within: str | Item
    data: Mapping[str, Any]
    place: int | str | None = None

    @property
    def source(self) -> str:
        """Where it was read, in words: method, path and place."""
        around = self.within.source if isinstance(self.within, Item) else self.within
        if self.place is None:
            return around
        return f"{around}, `{self.place}`" if isinstance(self.place, str) else f"{around}, item {self.place}"

    def raw(self, *names: str) -> Any:
        """Return the first value of `names` that is there and not null, else None."""
        for name in names:
            if (value := self.data.get(name)) is not None:
                return value
        return None

    def text(self, *names: str) -> str:
        """Return a text that must be there and not be empty; a whole number is taken as its digits."""
        first = self.data.get(names[0])
        if type(first) is str and (found := first.strip()):
            return found
        return self._text(self.raw(*names), names) or self.refuse(names[0], "is missing")

    def optional_text(self, *names: str) -> str:
        """Return a text, empty where there is none."""
        first = self.data.get(names[0])
        return first.strip() if type(first) is str else self._text(self.raw(*names), names)

    def word(self, *names: str) -> str:
        """Return a text that must be there as a lower-case word, `Top-Up` as `top_up`."""
        return worded(self.text(*names))

    def currency(self, *, default: str | None = None) -> str:
        """Return the three-letter currency; `default` stands where none is written."""
        found = self.optional_text("currency") or default or self.text("currency")
        return _currency(found) or self.refuse("currency", "is no currency")

    def amount(self, *names: str) -> Decimal:
        """Return an amount in major units that must be there, exact to a billionth, with its sign."""
        value = self.data.get(names[0])
        if type(value) is int and -_LARGEST < value < _LARGEST:
            return Decimal(value)
        value = self.raw(*names)
        if value is None:
            self.refuse(names[0], "is missing")
        amount = number(value)
        return self.refuse(names[0], "is no amount") if amount is None else amount

    def optional_amount(self, *names: str) -> Decimal:
        """Return an amount, zero where none is written."""
        first = self.data.get(names[0])
        if type(first) is int and -_LARGEST < first < _LARGEST:
            return Decimal(first)
        return _NONE if first is None and self.raw(*names) is None else self.amount(*names)

    def instant(self, *names: str) -> datetime:
        """Return an RFC 3339 instant in UTC that must be there; one without an offset is taken as UTC."""
        text = self.text(*names)
        try:
            moment = datetime.fromisoformat(text.upper())
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.refuse(names[0], "is no instant")

    def numbers(self, name: str) -> tuple[Decimal, ...]:
        """Return a list of numbers, sorted and without repetitions; empty where none is written."""
        listed = self.data.get(name)
        if listed is None:
            return ()
        if not isinstance(listed, list):
            self.refuse(name, "is no list")
        is_whole = set(map(type, listed)) == _INT
        found = _whole_numbers(tuple(listed)) if is_whole else _sorted_numbers(listed)
        return self.refuse(name, "holds something else than numbers") if found is None else found

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean, `default` where it is not written."""
        value = self.data.get(name)
        if value is None:
            return default
        return value if isinstance(value, bool) else self.refuse(name, "is neither true nor false")

    def whole(self, name: str, *, default: int) -> int:
        """Return a whole number, `default` where it is not written."""
        value = self.raw(name)
        found = default if value is None else whole_number(value)
        return self.refuse(name, "is no whole number") if found is None else found

    def words(self, *names: str) -> str:
        """Return a text as far as it is one, empty for anything else: for what cannot be understood anyway."""
        first = self.data.get(names[0])
        if type(first) is str:
            return first.strip()
        value = self.raw(*names)
        return value.strip() if isinstance(value, str) else str(value) if type(value) is int else ""

    def object(self, name: str) -> Item | None:
        """Return the object under `name`, None where there is none or it is something else."""
        value = self.data.get(name)
        return Item(self, value, name) if type(value) is dict or isinstance(value, Mapping) else None

    def refuse(self, name: str, reason: str) -> NoReturn:
        """Raise: the field `name` makes the whole reading unusable."""
        identity = self.data.get("id")
        which = f" ({shown(str(identity), limit=60)})" if identity is not None else ""
        raise FieldError(f"{self.source}{which}", f"`{name}` {reason}")

    def _text(self, value: Any, names: tuple[str, ...]) -> str:
        if isinstance(value, str):
            return value.strip()
        if value is None:
            return ""
        return str(value) if type(value) is int else self.refuse(names[0], "is no text")


@lru_cache(maxsize=_WORDS)
def worded(text: str) -> str:
    """Return a word as it is compared: in lower case, with `_` between its parts."""
    return text.lower().replace("-", "_").replace(" ", "_")


@lru_cache(maxsize=_WORDS)
def _currency(text: str) -> str:
    """Return a currency as it is compared, an empty text for what is none."""
    found = text.upper()
    return found if len(found) == 3 and found.isalpha() else ""


@lru_cache(maxsize=_WORDS)
def _whole_numbers(listed: tuple[int, ...]) -> tuple[Decimal, ...] | None:
    """Return what most lists hold, which come back in object after object."""
    return _sorted_numbers(listed)


def _sorted_numbers(listed: Iterable[Any]) -> tuple[Decimal, ...] | None:
    """Return numbers, sorted and without repetitions; None where something else is among them."""
    found = {number(value) for value in listed}
    return None if None in found else tuple(sorted(one for one in found if one is not None))


def whole_number(value: object) -> int | None:
    """Return the whole number that a JSON value stands for, `80` and `80.0` alike, else None."""
    amount = number(value)
    return None if amount is None or amount != int(amount) else int(amount)


def number(value: object) -> Decimal | None:
    """Return the number that a JSON value stands for, exact to a billionth, else None."""
    if type(value) is int:
        return Decimal(value) if -LARGEST_AMOUNT < value < LARGEST_AMOUNT else None
    if not isinstance(value, str | Decimal):
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) is None:
        return None
    amount = Decimal(value)
    if not -LARGEST_AMOUNT < amount < LARGEST_AMOUNT:
        return None
    exact = amount.as_tuple().exponent
    return amount.quantize(FINEST_AMOUNT, ROUND_HALF_EVEN) if isinstance(exact, int) and exact < -9 else amount
