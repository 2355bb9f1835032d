"""Rows that a Keeptrusts may send, and small servers on loopback that misbehave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from memory_over_http import Habits, World
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
class Rows:
    """What a server may send, told by the Keeptrusts in memory in place of what it holds. None is not offered.

    `overrides` answer for a path instead, `seen` are all requests.
    """

    wallets: list[Any] = field(default_factory=list)
    ledgers: dict[str, list[Any]] = field(default_factory=dict)
    budgets: list[Any] = field(default_factory=list)
    schedules: list[Any] | None = field(default_factory=list)
    teams: list[Any] | None = field(default_factory=list)
    spend: list[Any] = field(default_factory=list)
    organization: str = ORGANIZATION
    habits: Habits = field(default_factory=lambda: Habits(page=200, balances=True, amounts=str))
    seen: list[httpx.Request] = field(default_factory=list)
    overrides: dict[str, Callable[[httpx.Request], httpx.Response]] = field(default_factory=dict)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        override = self.overrides.get(request.url.path)
        return override(request) if override else self._told().handle(request)

    def answer(self, document: Any) -> httpx.Response:
        return httpx.Response(200, text=self._told().text(document))

    def _told(self) -> World:
        ledgers = {f"/v1/wallets/{id}/transactions": entries for id, entries in self.ledgers.items()}
        listed = {
            "/v1/wallets": self.wallets,
            "/v1/billing/budgets": self.budgets,
            "/v1/exports/schedules": self.schedules,
            "/v1/teams": self.teams,
            "/v1/spend": self.spend,
            **{f"/v1/wallets/{row['id']}/transactions": list[Any]() for row in self.wallets},
            **ledgers,
        }
        reading = frozenset({"org:read"})
        return World(organization=self.organization, permissions=reading, token=None, habits=self.habits, listed=listed)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)


def fast(base_url: str = "https://api.keeptrusts.test", **settings: Any) -> Connection:
    """Return a connection that never waits between tries."""
    return Connection(base_url=base_url, token=TOKEN, **{"backoff": 0.0, "longest_wait": 0.01, **settings})


@pytest.fixture
def acme() -> Rows:
    """The organization that most tests read: two teams, a pool, a user, alerts and a schedule."""
    return Rows(
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
        rows=Rows,
        fast=fast,
    )
