"""What a Keeptrusts deployment answers to reads: the shapes that the client relies on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

PLURALS = {"teams", "wallets", "transactions", "budgets", "billing_budgets", "spend", "jobs", "schedules", "items"}
STATES = {"queued", "processing", "completed", "failed", "expired"}
KINDS = {"credit", "allocate", "reclaim", "reserve", "settle", "release", "refund", "top_up"}


def exact(answer: httpx.Response) -> Any:
    """Return the JSON of an answer with its decimals as written."""
    assert answer.status_code == 200, answer.text[:500]
    return json.loads(answer.text, parse_float=Decimal)


def items_of(document: Any) -> list[dict[str, Any]]:
    """Return the items of a list envelope: `data`, a plural, or a bare array."""
    if isinstance(document, list):
        return document
    (key,) = [key for key in document if key == "data" or key in PLURALS]
    found: list[dict[str, Any]] = document[key]
    return found


def listing(api: httpx.Client, path: str, **params: Any) -> Iterator[dict[str, Any]]:
    """Yield every item of a listing, page by page."""
    for _ in range(10_000):
        document = exact(api.get(path, params=params))
        yield from items_of(document)
        cursor = document.get("next_cursor") if isinstance(document, dict) else None
        if cursor is None:
            return
        assert cursor != params.get("cursor")
        params["cursor"] = cursor
    raise AssertionError(f"{path} does not end")


def is_money(value: Any) -> bool:
    return isinstance(value, Decimal | int) and not isinstance(value, bool)


def instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None
    return moment


def test_whoami_names_organization_principal_and_permissions(api: httpx.Client) -> None:
    document = exact(api.get("/v1/auth/whoami"))

    assert document["organization"]["id"]
    assert {"id", "type"} <= set(document["principal"])
    assert all(isinstance(permission, str) for permission in document["permissions"])


def test_an_unknown_token_is_refused_with_an_error_body(api: httpx.Client) -> None:
    answer = api.get("/v1/wallets", headers={"Authorization": "Bearer not-a-token"})

    assert answer.status_code in (401, 403)
    assert answer.text


def test_teams_have_id_and_name(api: httpx.Client) -> None:
    for team in listing(api, "/v1/teams"):
        assert team["id"]
        assert team["name"]


def test_wallets_have_scope_currency_and_money(api: httpx.Client) -> None:
    wallets = list(listing(api, "/v1/wallets"))

    assert any(wallet["scope"] == "organization" for wallet in wallets)
    for wallet in wallets:
        assert wallet["scope"] in ("organization", "team", "user")
        assert wallet["id"]
        assert wallet["scope_id"]
        assert len(wallet["currency"]) == 3
        assert is_money(wallet["balance"])
        assert is_money(wallet.get("reserved", 0))


@pytest.mark.parametrize("path", ["/v1/wallets", "/v1/teams"])
def test_pages_are_the_listing_cut_in_pieces(api: httpx.Client, path: str) -> None:
    whole = {item["id"] for item in listing(api, path)}
    pieces = [item["id"] for item in listing(api, path, limit=2)]

    assert len(pieces) == len(set(pieces))
    assert set(pieces) == whole


def test_the_balance_of_a_team_says_which_scope_pays(api: httpx.Client) -> None:
    teams = [wallet["scope_id"] for wallet in listing(api, "/v1/wallets") if wallet["scope"] == "team"]
    for team in teams[:3]:
        document = exact(api.get("/v1/wallets/balance", params={"team_id": team}))
        assert document["effective_scope"] in ("organization", "team", "user")
        assert all(is_money(wallet["balance"]) for wallet in document["wallets"])


def test_transactions_have_kind_amount_description_and_instant(api: httpx.Client) -> None:
    for wallet in list(listing(api, "/v1/wallets"))[:5]:
        found = list(listing(api, f"/v1/wallets/{wallet['id']}/transactions", limit=50))
        assert len({entry["id"] for entry in found}) == len(found)
        for entry in found:
            assert entry["type"] in KINDS
            assert is_money(entry["amount"])
            assert isinstance(entry.get("description") or "", str)
            instant(entry["created_at"])


def test_a_window_of_transactions_is_half_open(api: httpx.Client) -> None:
    wallet = next(wallet for wallet in listing(api, "/v1/wallets") if wallet["scope"] == "team")
    path = f"/v1/wallets/{wallet['id']}/transactions"
    entries = list(listing(api, path))
    if not entries:
        pytest.skip("the ledger is empty")
    middle = sorted(entries, key=lambda entry: instant(entry["created_at"]))[len(entries) // 2]["created_at"]

    earlier = {entry["id"] for entry in listing(api, path, to=middle)}
    later = {entry["id"] for entry in listing(api, path, **{"from": middle})}

    assert not earlier & later
    assert earlier | later >= {entry["id"] for entry in entries}
    assert all(instant(entry["created_at"]) >= instant(middle) for entry in entries if entry["id"] in later)


def test_billing_budgets_have_scope_amount_and_alerts(api: httpx.Client) -> None:
    for budget in listing(api, "/v1/billing/budgets"):
        assert {"type", "id"} <= set(budget["scope"])
        assert is_money(budget["amount"])
        assert all(isinstance(percentage, int) for percentage in budget["alert_percentages"])
        assert isinstance(budget["hard_limit"], bool)


def test_spend_by_team_has_cost_and_requests(api: httpx.Client) -> None:
    answer = api.get("/v1/spend", params={"from": "2026-05-01", "to": "2026-06-01", "group_by": "team"})
    if answer.status_code == 404:
        pytest.skip("this deployment has no spend route")

    for row in items_of(exact(answer)):
        assert row["team_id"]
        assert is_money(row["cost"])


def test_export_jobs_and_schedules_can_be_listed(api: httpx.Client) -> None:
    assert all(job["status"].casefold() in STATES for job in listing(api, "/v1/exports/jobs"))
    assert all(schedule["name"] for schedule in listing(api, "/v1/exports/schedules"))


def test_what_does_not_exist_is_404(api: httpx.Client) -> None:
    assert api.get("/v1/wallets/wal_does_not_exist/transactions").status_code == 404
