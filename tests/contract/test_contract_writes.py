"""What a Keeptrusts deployment does on writes: additive, not idempotent, refused when money is short."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

CENTS = Decimal("0.02")


def team_wallet(api: httpx.Client, team: str) -> dict[str, Any] | None:
    document = json.loads(api.get("/v1/wallets/balance", params={"team_id": team}).text, parse_float=Decimal)
    wallets: list[dict[str, Any]] = document["wallets"]
    return next((wallet for wallet in wallets if wallet["scope"] == "team" and wallet["scope_id"] == team), None)


def entries(api: httpx.Client, team: str) -> list[dict[str, Any]]:
    wallet = team_wallet(api, team)
    if wallet is None:
        return []
    document = json.loads(api.get(f"/v1/wallets/{wallet['id']}/transactions").text, parse_float=Decimal)
    found: list[dict[str, Any]] = document if isinstance(document, list) else next(iter(document.values()))
    return found


def move(api: httpx.Client, action: str, team: str, amount: Decimal, **headers: str) -> httpx.Response:
    body = f'{{"team_id":"{team}","amount":{amount},"currency":"USD","description":"[kt-budgets op=contract] test"}}'
    return api.post(f"/v1/wallets/{action}", content=body, headers={"Content-Type": "application/json", **headers})


@pytest.fixture
def team(writable: httpx.Client) -> Iterator[str]:
    """A team of its own, whose money is given back at the end."""
    answer = writable.post("/v1/teams", json={"name": f"contract {uuid4().hex[:12]}"})
    assert answer.status_code in (200, 201)
    id: str = answer.json()["id"]
    yield id
    wallet = team_wallet(writable, id)
    if wallet is not None and wallet["balance"] > 0:
        assert move(writable, "reclaim", id, wallet["balance"]).status_code in (200, 201)


def test_the_first_allocation_creates_the_wallet_and_keeps_the_description(writable: httpx.Client, team: str) -> None:
    assert team_wallet(writable, team) is None or entries(writable, team) == []

    answer = move(writable, "allocate", team, CENTS)

    assert answer.status_code == 201
    (entry,) = entries(writable, team)
    assert (entry["type"], entry["amount"]) == ("allocate", CENTS)
    assert entry["description"].startswith("[kt-budgets op=contract]")


def test_allocations_add_up_even_with_the_same_idempotency_key(writable: httpx.Client, team: str) -> None:
    key = {"Idempotency-Key": "contract"}

    assert [move(writable, "allocate", team, CENTS, **key).status_code for _ in range(2)] == [201, 201]

    assert len(entries(writable, team)) == 2
    wallet = team_wallet(writable, team)
    assert wallet is not None
    assert wallet["balance"] == 2 * CENTS


def test_a_reclaim_takes_back_what_is_left_and_no_more(writable: httpx.Client, team: str) -> None:
    move(writable, "allocate", team, CENTS)

    refused = move(writable, "reclaim", team, CENTS + Decimal("0.01"))
    accepted = move(writable, "reclaim", team, CENTS)

    assert refused.status_code in (402, 409, 422)
    assert accepted.status_code == 201
    assert sorted(entry["type"] for entry in entries(writable, team)) == ["allocate", "reclaim"]


def test_an_allocation_beyond_the_pool_is_refused_and_moves_nothing(writable: httpx.Client, team: str) -> None:
    answer = move(writable, "allocate", team, Decimal("999999999999.00"))

    assert answer.status_code in (402, 409, 422)
    assert entries(writable, team) == []


@pytest.mark.parametrize("amount", ["0", "-1", '"1.00"', "null"])
def test_an_amount_that_is_none_is_refused(writable: httpx.Client, team: str, amount: str) -> None:
    body = f'{{"team_id":"{team}","amount":{amount},"currency":"USD"}}'

    answer = writable.post("/v1/wallets/allocate", content=body, headers={"Content-Type": "application/json"})

    assert 400 <= answer.status_code < 500
    assert entries(writable, team) == []


def test_a_billing_budget_is_replaced_whole_with_its_unknown_keys(writable: httpx.Client, team: str) -> None:
    path = "/v1/billing/budgets"
    document = {
        "name": f"contract {team}",
        "scope": {"type": "team", "id": team},
        "amount": 10.5,
        "currency": "USD",
        "period": "monthly",
        "alert_percentages": [80, 100],
        "hard_limit": False,
    }
    created = writable.post(path, json=document).json()
    try:
        read = writable.get(f"{path}/{created['id']}").json()
        replaced = writable.put(f"{path}/{created['id']}", json={**read, "amount": 11})
        assert replaced.status_code == 200
        after = writable.get(f"{path}/{created['id']}").json()
        assert {**read, "amount": 11, "updated_at": None} == {**after, "updated_at": None}
    finally:
        assert writable.delete(f"{path}/{created['id']}").status_code in (200, 204)
    assert writable.get(f"{path}/{created['id']}").status_code == 404


def test_an_export_schedule_lives_and_dies(writable: httpx.Client) -> None:
    path = "/v1/exports/schedules"
    document = {
        "name": f"contract-{uuid4().hex[:8]}",
        "type": "events",
        "cron": "0 6 * * MON",
        "window": "7d",
        "format": "json",
        "s3_bucket": "contract",
        "s3_prefix": "contract/",
        "enabled": False,
    }
    created = writable.post(path, json=document).json()
    replaced = writable.put(f"{path}/{created['id']}", json={**created, "window": "14d"})

    assert replaced.json()["window"] == "14d"
    assert writable.delete(f"{path}/{created['id']}").status_code in (200, 204)


def test_an_export_job_completes_and_downloads_without_the_token(writable: httpx.Client) -> None:
    request = {"type": "events", "format": "csv", "date_from": "2026-05-30", "date_to": "2026-05-31"}
    created = writable.post("/v1/exports/jobs", json=request)
    assert created.status_code == 202
    path = f"/v1/exports/jobs/{created.json()['id']}"
    deadline = time.monotonic() + 120
    while (state := writable.get(path).json()["status"].casefold()) in ("queued", "processing"):
        assert time.monotonic() < deadline
    assert state == "completed"

    answer = writable.get(f"{path}/download")
    if answer.is_redirect:
        with httpx.Client(timeout=60) as stranger:
            answer = stranger.get(str(answer.next_request.url) if answer.next_request else "")

    assert answer.status_code == 200
    assert answer.text.partition("\n")[0].count(",") >= 5
