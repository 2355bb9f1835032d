"""Managed objects: whole documents that a PUT replaces, unknown keys kept as they were sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from reconciler.sandbox.clock import Clock, rfc3339, stamp
from reconciler.sandbox.database import Database, next_number, opaque
from reconciler.sandbox.wire import AmountError, ApiError, Micros, json_text, micros_of, parse_json

_OWN = ("id", "created_at", "updated_at")


class Collection(NamedTuple):
    """Where documents of one kind are served, and how their ids begin. `check` refuses what would not be taken.

    `is_single` is whether one can be read by its id.
    """

    kind: str
    prefix: str
    path: str
    plural: str
    check: Callable[[Mapping[str, Any]], None]
    is_single: bool = False


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of one collection."""

    database: Database
    clock: Clock
    collection: Collection

    @property
    def kind(self) -> str:
        return self.collection.kind

    def page(self, after: str = "", limit: int | None = None) -> list[dict[str, Any]]:
        rows = self.database.rows(
            "SELECT id, body, created, updated FROM documents WHERE kind = ? AND id > ? ORDER BY id LIMIT ?",
            (self.kind, after, -1 if limit is None else limit),
        )
        return [_document(*row) for row in rows]

    def get(self, identifier: str) -> dict[str, Any]:
        row = self.database.row(
            "SELECT id, body, created, updated FROM documents WHERE kind = ? AND id = ?", (self.kind, identifier)
        )
        if row is None:
            raise ApiError(404, f"{self.kind}_not_found", f"there is no {self.kind} `{identifier[:100]}`")
        return _document(*row)

    def create(self, document: Mapping[str, Any]) -> dict[str, Any]:
        self.collection.check(document)
        with self.database.write() as connection:
            now = stamp(self.clock.tick())
            seq = next_number(connection, "documents")
            identifier = opaque(self.collection.prefix, seq)
            connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)",
                (seq, identifier, self.kind, _text(document), now, now),
            )
            return self.get(identifier)

    def replace(self, identifier: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the whole document: what is not sent is gone."""
        self.collection.check(document)
        with self.database.write() as connection:
            self.get(identifier)
            connection.execute(
                "UPDATE documents SET body = ?, updated = ? WHERE id = ?",
                (_text(document), stamp(self.clock.tick()), identifier),
            )
            return self.get(identifier)

    def delete(self, identifier: str) -> None:
        with self.database.write() as connection:
            self.get(identifier)
            self.clock.tick()
            connection.execute("DELETE FROM documents WHERE id = ?", (identifier,))


def check_billing_budget(document: Mapping[str, Any]) -> None:
    """Refuse a billing budget whose known fields are missing or of the wrong kind."""
    scope = document.get("scope")
    if not isinstance(scope, Mapping):
        raise ApiError(422, "invalid_document", "scope must be an object with type and id")
    _require(scope.get("type") in ("organization", "team", "user", "agent"), "scope.type is not known")
    _require(_is_text(scope.get("id")), "scope.id must be text")
    _require(_is_text(document.get("name")), "name must be text")
    _require(_is_text(document.get("currency", "USD")), "currency must be text")
    _require(document.get("period", "monthly") in ("monthly", "weekly", "daily"), "period is not known")
    _require(isinstance(document.get("hard_limit", False), bool), "hard_limit must be true or false")
    percentages = document.get("alert_percentages", [])
    _require(
        isinstance(percentages, list) and all(type(item) is int and item > 0 for item in percentages),
        "alert_percentages must be positive whole numbers",
    )
    try:
        _require(micros_of(document.get("amount")) > 0, "amount must be above zero")
    except AmountError as problem:
        raise ApiError(422, "invalid_document", f"amount {problem}") from problem


def check_export_schedule(document: Mapping[str, Any]) -> None:
    """Refuse an export schedule whose known fields are missing or of the wrong kind."""
    for key in ("name", "type", "cron", "window", "format"):
        _require(_is_text(document.get(key)), f"{key} must be text")
    for key in ("s3_bucket", "s3_prefix"):
        _require(isinstance(document.get(key, ""), str), f"{key} must be text")
    _require(isinstance(document.get("enabled", True), bool), "enabled must be true or false")


COLLECTIONS = (
    Collection("billing_budget", "bud", "/v1/billing/budgets", "budgets", check_billing_budget, is_single=True),
    Collection("export_schedule", "sch", "/v1/exports/schedules", "schedules", check_export_schedule),
)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ApiError(422, "invalid_document", message)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _text(document: Mapping[str, Any]) -> str:
    return json_text({key: value for key, value in document.items() if key not in _OWN})


def _document(identifier: str, body: str, created: int, updated: int) -> dict[str, Any]:
    document = {"id": identifier, **parse_json(body)}
    if "amount" in document:
        document["amount"] = Micros(micros_of(document["amount"]))
    return {**document, "created_at": rfc3339(created), "updated_at": rfc3339(updated)}
