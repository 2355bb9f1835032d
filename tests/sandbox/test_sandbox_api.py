"""The API over real HTTP: what each route answers, refuses and leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from reconciler.sandbox.store import Store

Serve = Callable[..., httpx.Client]


def test_whoami_names_the_organization_and_the_permissions_of_the_token(empty: Store, serve: Serve) -> None:
    document = serve(empty).get("/v1/auth/whoami").json()

    assert document["organization"] == {"id": "org_acme", "name": "Acme"}
    assert "org:billing" in document["permissions"]


def test_the_read_token_reads_everything_and_writes_no_money(empty: Store, serve: Serve) -> None:
    client = serve(empty, token="read")

    for path in ("/v1/auth/whoami", "/v1/teams", "/v1/wallets", "/v1/billing/budgets", "/v1/exports/schedules"):
        assert client.get(path).status_code == 200
    for action in ("allocate", "reclaim", "credit"):
        refused = client.post(f"/v1/wallets/{action}", json={"team_id": "team_support", "amount": 1})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert Decimal(1000) == empty.pool()


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic billing"])
def test_an_unknown_token_is_unauthorized(empty: Store, serve: Serve, header: str) -> None:
    answer = serve(empty).get("/v1/wallets", headers={"Authorization": header})

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


def test_every_answer_has_its_own_request_id(empty: Store, serve: Serve) -> None:
    client = serve(empty)

    ids = {client.get("/v1/teams").headers["x-request-id"] for _ in range(3)}

    assert len(ids) == 3


def test_the_first_allocation_brings_a_wallet_into_being_and_is_mirrored(empty: Store, serve: Serve) -> None:
    answer = serve(empty).post(
        "/v1/wallets/allocate",
        json={"team_id": "team_support", "amount": 250.5, "currency": "USD", "description": "June 2026"},
    )

    assert answer.status_code == 201
    assert tuple(answer.json()["transaction"][key] for key in ("type", "description")) == ("allocate", "June 2026")
    assert answer.json()["wallet"]["balance"] == 250.5
    assert Decimal("749.5") == empty.pool()
    pool = empty.wallets.pool()
    assert pool is not None
    assert sorted(entry.kind for entry in empty.wallets.entries(pool.id)) == ["allocate", "credit"]


def test_allocating_twice_funds_twice_whatever_the_idempotency_key(empty: Store, serve: Serve) -> None:
    client = serve(empty)

    for _ in range(2):
        client.post(
            "/v1/wallets/allocate", json={"team_id": "team_support", "amount": 10}, headers={"Idempotency-Key": "same"}
        )

    assert Decimal(20) == empty.funded("team_support", "2026-06")
    assert [write.idempotency_key for write in empty.writes()] == ["same", "same"]


def test_an_empty_pool_refuses_with_402_and_nothing_moves(empty: Store, serve: Serve) -> None:
    answer = serve(empty).post("/v1/wallets/allocate", json={"team_id": "team_support", "amount": 1000.01})

    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "insufficient_funds")
    assert empty.ledger("team_support") == ()
    assert empty.wallets.of("team", "team_support") == []
    assert Decimal(1000) == empty.pool()


def test_money_of_another_currency_pays_for_nothing(empty: Store, serve: Serve) -> None:
    client = serve(empty)

    answer = client.post("/v1/wallets/allocate", json={"team_id": "team_support", "amount": 1, "currency": "EUR"})

    assert answer.status_code == 402
    client.post("/v1/wallets/credit", json={"amount": 5, "currency": "EUR"})
    client.post("/v1/wallets/allocate", json={"team_id": "team_support", "amount": 1, "currency": "EUR"})
    assert Decimal(1) == empty.balance("team_support", currency="EUR")
    assert Decimal(0) == empty.balance("team_support")


def test_reclaim_takes_back_what_is_neither_spent_nor_reserved(empty: Store, serve: Serve) -> None:
    client = serve(empty)
    client.post("/v1/wallets/allocate", json={"team_id": "team_support", "amount": 100})
    held = client.post("/v1/gateway/wallets/reserve", json={"team_id": "team_support", "amount": 30}).json()
    client.post("/v1/gateway/wallets/settle", json={"reservation_id": held["reservation"]["id"], "amount": 20.000001})
    client.post("/v1/gateway/wallets/reserve", json={"team_id": "team_support", "amount": 10})

    refused = client.post("/v1/wallets/reclaim", json={"team_id": "team_support", "amount": 70})
    accepted = client.post("/v1/wallets/reclaim", json={"team_id": "team_support", "amount": 69.99})

    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "insufficient_balance")
    assert "69.999999" in refused.json()["error"]["message"]
    assert accepted.status_code == 201
    assert Decimal("10.009999") == empty.balance("team_support")
    assert Decimal("30.01") == empty.funded("team_support", "2026-06")


def test_a_release_frees_what_was_held_and_a_reservation_closes_once(empty: Store, serve: Serve) -> None:
    client = serve(empty)
    client.post("/v1/wallets/allocate", json={"team_id": "team_support", "amount": 100})
    held = client.post("/v1/gateway/wallets/reserve", json={"team_id": "team_support", "amount": 30}).json()
    body = {"reservation_id": held["reservation"]["id"]}

    released = client.post("/v1/gateway/wallets/release", json=body)
    again = client.post("/v1/gateway/wallets/release", json=body)

    assert released.json()["wallet"]["reserved"] == 0
    assert again.status_code == 404


def test_spend_cascades_from_user_to_team_to_organization_and_then_holds_a_cost_ticket(
    empty: Store, serve: Serve
) -> None:
    client = serve(empty)
    client.post("/v1/wallets/allocate", json={"team_id": "team_support", "amount": 100})
    empty.wallets.top_up("user", "usr_1", 10 * 10**6)

    def reserve(amount: int) -> httpx.Response:
        return client.post(
            "/v1/gateway/wallets/reserve", json={"team_id": "team_support", "user_id": "usr_1", "amount": amount}
        )

    assert [reserve(amount).json()["effective_scope"] for amount in (10, 100, 900)] == ["user", "team", "organization"]
    assert (reserve(1).status_code, reserve(1).json()["error"]["code"]) == (402, "cost_ticket")


def test_a_settled_event_shows_in_spend(empty: Store, serve: Serve) -> None:
    client = serve(empty)
    held = client.post("/v1/gateway/wallets/reserve", json={"team_id": "team_support", "amount": 3}).json()
    client.post(
        "/v1/gateway/wallets/settle",
        json={
            "reservation_id": held["reservation"]["id"],
            "amount": 2.5,
            "event": {"team_id": "team_support", "model": "gpt-4o"},
        },
    )

    found = client.get("/v1/spend", params={"from": "2026-06-01", "to": "2026-07-01", "group_by": "team"}).json()

    assert found["data"] == [{"team_id": "team_support", "cost": 2.5, "currency": "USD", "requests": 1}]


def test_settling_more_than_there_is_is_refused_and_changes_nothing(empty: Store, serve: Serve) -> None:
    client = serve(empty)
    client.post("/v1/wallets/allocate", json={"team_id": "team_support", "amount": 10})
    held = client.post("/v1/gateway/wallets/reserve", json={"team_id": "team_support", "amount": 10}).json()
    before = empty.ledger("team_support")

    answer = client.post(
        "/v1/gateway/wallets/settle", json={"reservation_id": held["reservation"]["id"], "amount": 10.01}
    )

    assert answer.status_code == 422
    assert before == empty.ledger("team_support")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (422, {"team_id": "team_support", "amount": 0}),
        (422, {"team_id": "team_support", "amount": -1}),
        (422, {"team_id": "team_support", "amount": "5.00"}),
        (422, {"team_id": "team_support", "amount": True}),
        (422, {"team_id": "team_support", "amount": 0.0000001}),
        (422, {"team_id": "team_support", "amount": 1, "currency": "usd"}),
        (422, {"team_id": "team_support", "amount": 1, "description": 5}),
        (422, {"amount": 1}),
        (404, {"team_id": "team_nobody", "amount": 1}),
        (400, [1]),
    ],
    ids=str,
)
def test_a_wrong_allocation_is_refused_and_moves_nothing(empty: Store, direct: Serve, status: int, body: Any) -> None:
    answer = direct(empty).post("/v1/wallets/allocate", json=body)

    assert status == answer.status_code
    assert answer.json()["error"]["message"]
    assert Decimal(1000) == empty.pool()


@pytest.mark.parametrize(
    ("status", "path"),
    [
        (404, "/v1/nothing"),
        (405, "/v1/wallets/allocate"),
        (404, "/v1/wallets/wal_nothing/transactions"),
        (404, "/v1/wallets/balance?team_id=team_nobody"),
        (404, "/v1/billing/budgets/bud_nothing"),
        (404, "/v1/exports/jobs/job_nothing"),
        (404, "/objects/nothing"),
        (422, "/v1/wallets?limit=0"),
        (422, "/v1/wallets?limit=many"),
        (422, "/v1/wallets?cursor=%C3%A4"),
        (422, "/v1/spend?group_by=user"),
        (422, "/v1/spend?from=yesterday"),
    ],
)
def test_a_wrong_request_is_answered_with_the_error_body(empty: Store, direct: Serve, status: int, path: str) -> None:
    client = direct(empty)
    if path.startswith("/objects"):
        del client.headers["authorization"]

    answer = client.get(path)

    assert status == answer.status_code
    assert {"code", "message"} == set(answer.json()["error"])


def test_a_description_may_come_as_a_note(empty: Store, direct: Serve) -> None:
    direct(empty).post("/v1/wallets/allocate", json={"team_id": "team_support", "amount": 1, "note": "as a note"})

    assert [entry.description for entry in empty.ledger("team_support")] == ["as a note"]


def test_the_balance_of_a_team_without_a_wallet_is_the_organizations(empty: Store, direct: Serve) -> None:
    client = direct(empty)

    before = client.get("/v1/wallets/balance?team_id=team_support").json()
    client.post("/v1/wallets/allocate", json={"team_id": "team_support", "amount": 1})
    after = client.get("/v1/wallets/balance?team_id=team_support").json()

    assert "organization" == before["effective_scope"] == client.get("/v1/wallets/balance").json()["effective_scope"]
    assert (after["effective_scope"], after["wallets"][0]["scope_id"]) == ("team", "team_support")


def test_the_status_of_a_wallet_follows_what_is_left(empty: Store, direct: Serve) -> None:
    client = direct(empty)
    statuses: list[str] = []
    for reserved in (1, 98, 1):
        if not statuses:
            client.post("/v1/wallets/allocate", json={"team_id": "team_support", "amount": 100})
        held = client.post("/v1/gateway/wallets/reserve", json={"team_id": "team_support", "amount": reserved})
        statuses.append(held.json()["wallet"]["status"])

    assert statuses == ["healthy", "low", "depleted"]


def test_a_team_is_created_once(empty: Store, direct: Serve) -> None:
    client = direct(empty)

    created = client.post("/v1/teams", json={"name": "Legal Ops (dev)"})
    again = client.post("/v1/teams", json={"name": "legal ops -- DEV"})
    nameless = client.post("/v1/teams", json={"name": "?!"})

    assert created.json() == {"id": "team_legal_ops_dev", "name": "Legal Ops (dev)", "slug": "legal-ops-dev"}
    assert (created.status_code, again.status_code, nameless.status_code) == (201, 409, 422)


def test_other_names_of_the_host_are_refused(empty: Store, serve: Serve) -> None:
    client = serve(empty)

    assert client.get("/v1/teams", headers={"Host": "evil.example"}).status_code == 421
    assert client.get("/v1/teams", headers={"Host": "localhost:80"}).status_code == 200
