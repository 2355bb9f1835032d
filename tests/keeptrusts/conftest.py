"""A Keeptrusts in memory behind httpx transports, and small servers on loopback that misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from wire import Answer, raw_server, reply

from reconciler.keeptrusts.connection import Connection

TOKEN = "kt_secret_token_9f31"
ORGANIZATION = "org_acme"


def wallet(id: str, scope: str, holder: str, balance: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": id,
        "scope": scope,
        "scope_id": holder,
        "currency": "USD",
        "balance": Decimal(balance),
        "reserved": Decimal("40.25"),
        "total_allocated": Decimal("14500.00"),
        "total_spent": Decimal("5379.45"),
        "status": "healthy",
        **fields,
    }


def transaction(id: str, kind: str, amount: str, created_at: str = "2026-06-03T10:00:00Z", **fields: Any) -> Any:
    return {
        "id": id,
        "type": kind,
        "amount": Decimal(amount),
        "currency": "USD",
        "description": f"{kind} {id}",
        "created_at": created_at,
        **fields,
    }


def billing_budget(id: str, name: str, amount: str = "12500.00", **fields: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "scope": {"type": "team", "id": "team_support"},
        "amount": Decimal(amount),
        "currency": "USD",
        "period": "monthly",
        "alert_percentages": [80, 100],
        "hard_limit": False,
        "created_at": "2026-05-01T00:00:00Z",
        "updated_at": "2026-05-01T00:00:00Z",
        **fields,
    }


def schedule(id: str, name: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "type": "events",
        "cron": "0 6 * * MON",
        "window": "7d",
        "format": "json",
        "s3_bucket": "finops",
        "s3_prefix": "weekly/",
        "enabled": True,
        **fields,
    }


@dataclass
class Keeptrusts:
    """A Keeptrusts in memory: what it holds, how it pages, wraps and writes numbers. `handle` answers a request."""

    wallets: list[Any] = field(default_factory=list)
    ledgers: dict[str, list[Any]] = field(default_factory=dict)
    budgets: list[Any] = field(default_factory=list)
    schedules: list[Any] | None = field(default_factory=list)
    teams: list[Any] | None = field(default_factory=list)
    spend: list[Any] = field(default_factory=list)
    organization: str = ORGANIZATION
    page_size: int = 200
    envelope: str = "data"
    number: Callable[[Decimal], str] = str
    seen: list[httpx.Request] = field(default_factory=list)
    overrides: dict[str, Callable[[httpx.Request], httpx.Response]] = field(default_factory=dict)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        path = request.url.path
        if path in self.overrides:
            return self.overrides[path](request)
        if path == "/v1/auth/whoami":
            return self.answer(
                {
                    "organization": {"id": self.organization, "name": "Acme"},
                    "principal": {"id": "key_1", "type": "api_key"},
                    "permissions": ["org:read"],
                }
            )
        if path == "/v1/wallets/balance":
            team = request.url.params.get("team_id")
            wanted = ("team", team) if team else ("organization", self.organization)
            found = [row for row in self.wallets if (row["scope"], row["scope_id"]) == wanted]
            return self.answer({"effective_scope": wanted[0], "wallets": found})
        listed = self.listing(path)
        return (
            httpx.Response(404, json={"error": {"code": "not_found"}})
            if listed is None
            else self.page(request, *listed)
        )

    def listing(self, path: str) -> tuple[str, list[Any]] | None:
        if path.startswith("/v1/wallets/"):
            return "transactions", self.ledgers.get(path.split("/")[3], [])
        plural, items = {
            "/v1/wallets": ("wallets", self.wallets),
            "/v1/billing/budgets": ("budgets", self.budgets),
            "/v1/exports/schedules": ("schedules", self.schedules),
            "/v1/teams": ("teams", self.teams),
            "/v1/spend": ("items", self.spend),
        }.get(path, ("", None))
        return None if items is None else (plural, items)

    def page(self, request: httpx.Request, plural: str, items: list[Any]) -> httpx.Response:
        if self.envelope == "array":
            return self.answer(items)
        size = min(self.page_size, int(request.url.params.get("limit", 50)))
        start = int(request.url.params.get("cursor", "0"))
        more = start + size < len(items)
        page = items[start : start + size]
        cursor = str(start + size) if more else None
        documents: dict[str, Any] = {
            "data": {"data": page, "next_cursor": cursor},
            "plural": {plural: page, "next": cursor, "has_more": more},
            "nested": {"data": {plural: page}, "meta": {"cursor": cursor or "", "total": len(items)}},
            "link": {plural: page, "links": {"next": f"{request.url.path}?cursor={cursor}" if more else None}},
        }
        return self.answer(documents[self.envelope])

    def answer(self, document: Any, status: int = 200) -> httpx.Response:
        return httpx.Response(status, text=self.text(document), headers={"Content-Type": "application/json"})

    def text(self, value: Any) -> str:
        match value:
            case Decimal():
                return self.number(value)
            case dict():
                return "{" + ",".join(f"{json.dumps(key)}:{self.text(item)}" for key, item in value.items()) + "}"
            case list():
                return "[" + ",".join(map(self.text, value)) + "]"
            case _:
                return json.dumps(value)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)


def fast(base_url: str = "https://api.keeptrusts.test", **settings: Any) -> Connection:
    """Return a connection that never waits between tries."""
    return Connection(base_url=base_url, token=TOKEN, **{"backoff": 0.0, "longest_wait": 0.01, **settings})


@pytest.fixture
def acme() -> Keeptrusts:
    """The organization that most tests read: two teams, a pool, a user, alerts and a schedule."""
    return Keeptrusts(
        wallets=[
            wallet("wal_org", "organization", ORGANIZATION, "50000.00", reserved=Decimal(0)),
            wallet("wal_support", "team", "team_support", "9120.55"),
            wallet("wal_dev", "team", "team_support_dev", "2000.00"),
            wallet("wal_legal", "team", "team_legal", "10.00"),
            wallet("wal_user", "user", "usr_1", "5.00"),
        ],
        ledgers={
            "wal_support": [
                transaction("txn_3", "settle", "5379.45", "2026-06-17T00:00:00.123456789Z"),
                transaction("txn_1", "allocate", "14500.00", "2026-06-01T00:00:00Z"),
                transaction("txn_2", "reclaim", "-100.50", "2026-06-02T02:00:00+02:00"),
            ],
            "wal_dev": [transaction("txn_4", "allocate", "2000.00")],
        },
        budgets=[billing_budget("bud_1", "support-monthly"), billing_budget("bud_2", "support-daily", period="daily")],
        schedules=[schedule("sch_1", "weekly")],
        teams=[{"id": "team_support", "name": "Support"}, {"id": "team_legal", "name": "Legal Ops"}],
        spend=[{"team_id": "team_support", "cost": Decimal("11870.42"), "currency": "USD", "requests": 98213}],
    )


@pytest.fixture(scope="session")
def serve() -> Callable[[Answer], Any]:
    """Return how to serve raw answers on loopback."""
    return raw_server


@pytest.fixture(scope="session")
def make() -> Any:
    """Return what documents, answers and whole Keeptrusts are made with."""
    return SimpleNamespace(
        token=TOKEN,
        organization=ORGANIZATION,
        wallet=wallet,
        transaction=transaction,
        billing_budget=billing_budget,
        schedule=schedule,
        reply=reply,
        keeptrusts=Keeptrusts,
        fast=fast,
    )
