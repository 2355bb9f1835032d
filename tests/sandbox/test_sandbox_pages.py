"""Listings: pages, envelopes, cursors that stay valid while the ledger grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import InProcess

from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import Envelope, Presentation

Serve = Callable[..., httpx.Client]


def pages(client: httpx.Client, path: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
    while True:
        document = client.get(path, params=params).json()
        yield document["data"]
        if document["next_cursor"] is None:
            return
        params["cursor"] = document["next_cursor"]


def transactions_path(store: Store, team: str) -> str:
    return f"/v1/wallets/{store.wallets.of('team', team)[0].id}/transactions"


@pytest.mark.parametrize("limit", [None, 1, 3, 500])
def test_pages_hold_every_item_once(acme: Store, direct: Serve, limit: int | None) -> None:
    client = direct(acme, presentation=Presentation(page_size=7))
    params = {} if limit is None else {"limit": limit}

    for path in ("/v1/wallets", "/v1/teams", transactions_path(acme, "team_legal_ops_dev")):
        found = list(pages(client, path, **params))
        ids = [item["id"] for page in found for item in page]
        assert len(ids) == len(set(ids)) > 7
        assert all(len(page) <= min(limit or 7, 7) for page in found)


@pytest.mark.parametrize(
    ("envelope", "style", "balance"), [("data", "exact", "25.00"), ("bare", "short", "25"), ("plural", "float", "25.0")]
)
def test_envelopes_and_amounts_vary_in_form_only(
    acme: Store, direct: Serve, envelope: Envelope, style: Any, balance: str
) -> None:
    answer = direct(acme, presentation=Presentation(envelope, style)).get("/v1/wallets")

    assert f'"scope_id":"usr_support_7","currency":"USD","balance":{balance},' in answer.text
    document = answer.json()
    assert len(document if envelope == "bare" else document["wallets" if envelope == "plural" else "data"]) == 10


def test_the_window_of_transactions_is_half_open(empty: Store, direct: Serve) -> None:
    empty.wallets.allocate("team_support", 10**6)
    (entry,) = empty.ledger("team_support")
    client, path = direct(empty), transactions_path(empty, "team_support")
    at = entry.created_at.isoformat().replace("+00:00", "Z")

    assert len(client.get(path, params={"from": at}).json()["data"]) == 1
    assert len(client.get(path, params={"to": at}).json()["data"]) == 0
    assert len(client.get(path, params={"from": "2026-06-18", "to": "2026-06-19"}).json()["data"]) == 1
    assert len(client.get(path, params={"from": "2026-06-19T00:00:00+00:00"}).json()["data"]) == 0


def test_transactions_come_in_no_promised_order(acme: Store, direct: Serve) -> None:
    path = transactions_path(acme, "team_support")

    times = [item["created_at"] for page in pages(direct(acme), path) for item in page]

    assert times not in (sorted(times), sorted(times, reverse=True))


@given(st.lists(st.integers(1, 4), max_size=6), st.integers(1, 5))
def test_a_cursor_shows_what_was_there_exactly_once_while_the_ledger_grows(growth: list[int], size: int) -> None:
    with Store() as store, InProcess(store) as transport, transport.client() as client:
        store.teams.create("Support")
        store.wallets.credit(10**9)
        for _ in range(12):
            store.wallets.allocate("team_support", 10**6)
        there = {entry.id for entry in store.ledger("team_support")}
        grow = iter(growth)
        seen: list[str] = []
        for page in pages(client, transactions_path(store, "team_support"), limit=size):
            seen += [item["id"] for item in page]
            for _ in range(next(grow, 0)):
                store.wallets.allocate("team_support", 1)

        assert len(seen) == len(set(seen))
        assert there <= set(seen)
