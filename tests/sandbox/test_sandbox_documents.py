"""Billing budgets and export schedules: whole documents, unknown keys kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.sandbox.store import Store

Serve = Callable[..., httpx.Client]

BUDGET: dict[str, Any] = {
    "name": "support-monthly",
    "scope": {"type": "team", "id": "team_support"},
    "amount": 12500.00,
    "currency": "USD",
    "period": "monthly",
    "alert_percentages": [80, 100],
    "hard_limit": False,
}
SCHEDULE: dict[str, Any] = {
    "name": "weekly", "type": "events", "cron": "0 6 * * MON", "window": "7d", "format": "json",
    "s3_bucket": "finops", "s3_prefix": "weekly/", "enabled": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "document"),
    [("/v1/billing/budgets", BUDGET), ("/v1/exports/schedules", SCHEDULE)],
    ids=["budget", "schedule"],
)
def test_a_put_replaces_the_whole_document_and_keeps_unknown_keys_as_sent(
    empty: Store, direct: Serve, path: str, document: dict[str, Any]
) -> None:
    client = direct(empty)
    created = client.post(path, json={**document, "color": {"shade": 0.1}, "old": 1}).json()

    replaced = client.put(f"{path}/{created['id']}", json={**document, "color": {"shade": 0.3}, "id": "forged"}).json()

    assert created["created_at"] == replaced["created_at"] < replaced["updated_at"]
    assert {**document, "color": {"shade": 0.3}} == {
        key: value for key, value in replaced.items() if key not in ("id", "created_at", "updated_at")
    }
    assert [replaced] == client.get(path).json()["data"]


def test_amounts_keep_their_cents(empty: Store, direct: Serve) -> None:
    client = direct(empty)
    text = '{"name":"a","scope":{"type":"agent","id":"x"},"amount":12345678901.07,"weight":0.1000}'

    answer = client.post("/v1/billing/budgets", content=text)

    assert '"amount":12345678901.07' in answer.text
    assert '"weight":0.1000' in answer.text


def test_a_deleted_document_is_gone(empty: Store, direct: Serve) -> None:
    client = direct(empty)
    created = client.post("/v1/billing/budgets", json=BUDGET).json()
    path = f"/v1/billing/budgets/{created['id']}"

    assert created == client.get(path).json()
    assert client.delete(path).status_code == 204
    assert (client.delete(path).status_code, client.get(path).status_code) == (404, 404)
    assert client.put(path, json=BUDGET).status_code == 404


def test_the_same_name_may_be_used_twice(empty: Store, direct: Serve) -> None:
    client = direct(empty)

    ids = {client.post("/v1/billing/budgets", json=BUDGET).json()["id"] for _ in range(2)}

    assert len(ids) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "team"},
        {"scope": {"type": "galaxy", "id": "x"}},
        {"scope": {"type": "team"}},
        {"name": ""},
        {"currency": 1},
        {"period": "yearly"},
        {"hard_limit": "yes"},
        {"alert_percentages": [0]},
        {"alert_percentages": [True]},
        {"alert_percentages": "80"},
        {"amount": 0},
        {"amount": "12"},
    ],
    ids=str,
)
def test_a_wrong_billing_budget_is_refused(empty: Store, direct: Serve, change: dict[str, Any]) -> None:
    answer = direct(empty).post("/v1/billing/budgets", json={**BUDGET, **change})

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_document")
    assert empty.documents["billing_budget"].page() == []


@pytest.mark.parametrize("change", [{"cron": ""}, {"s3_bucket": 1}, {"enabled": "no"}], ids=str)
def test_a_wrong_schedule_is_refused(empty: Store, direct: Serve, change: dict[str, Any]) -> None:
    answer = direct(empty).post("/v1/exports/schedules", json={**SCHEDULE, **change})

    assert answer.status_code == 422
