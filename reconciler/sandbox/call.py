"""One API call on its way through: who asks, for what, and the answer. Handlers take a Call and return a Reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.clock import parse_instant
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import AmountError, ApiError, Micros, Presentation, from_cursor, micros_of, to_cursor

FOREVER = 2**62


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a token stands for."""

    id: str
    type: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    document: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    store: Store
    presentation: Presentation
    principal: Principal
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    object_origin: str = ""
    hidden: Sequence[int] = ()
    shifting: bool = False

    def listing(self, plural: str, fetch: Callable[[str, int | None], Sequence[Any]], *, key: str = "id") -> Reply:
        """Return one page of `fetch(after, limit)`, which yields items in the order of `key`."""
        limit = self.presentation.limit(self.query.get("limit"))
        items = list(fetch(from_cursor(self.query.get("cursor")), None if limit is None else limit + 1))
        more = limit is not None and len(items) > limit
        items = items[:limit]
        return Reply(self.presentation.page(plural, items, to_cursor(items[-1][key]) if more else None))

    def amount(self) -> Micros:
        """Return the amount of the request in micro-units: above zero."""
        try:
            amount = micros_of(self.body.get("amount"))
        except AmountError as problem:
            raise ApiError(422, "invalid_amount", f"amount {problem}") from problem
        if amount <= 0:
            raise ApiError(422, "invalid_amount", "amount must be above zero")
        return amount

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text field of the request; without a default it must be there and not be empty."""
        value = self.body.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise ApiError(422, "invalid_request", f"{key} must be text")
        return value

    def currency(self) -> str:
        currency = self.text("currency", "USD")
        if len(currency) != 3 or not currency.isascii() or not currency.isupper():
            raise ApiError(422, "invalid_currency", "currency is three capital letters, such as USD")
        return currency

    def description(self) -> str:
        return self.text("description" if "description" in self.body else "note", "")

    def window(self) -> tuple[int, int]:
        """Return `from` and `to` as a half-open window in microseconds."""
        try:
            start = parse_instant(self.query["from"]) if "from" in self.query else -FOREVER
            end = parse_instant(self.query["to"]) if "to" in self.query else FOREVER
        except ValueError as problem:
            raise ApiError(422, "invalid_time", "from and to are RFC 3339 instants or dates") from problem
        return start, end
