"""Export jobs become real files in every format, with the same events."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pyarrow.parquet
import pytest

from reconciler.sandbox.store import Store

Serve = Callable[..., httpx.Client]
WINDOW = {"date_from": "2026-06-01", "date_to": "2026-06-03"}


def export(client: httpx.Client, **request: Any) -> bytes:
    """Create a job, wait for it, and download its file as a client should."""
    job = client.post("/v1/exports/jobs", json={"type": "events", **WINDOW, **request}).json()
    states = [job["status"], *(client.get(f"/v1/exports/jobs/{job['id']}").json()["status"] for _ in range(3))]
    assert states == ["queued", "processing", "completed", "completed"]
    redirect = client.get(f"/v1/exports/jobs/{job['id']}/download")
    assert redirect.status_code == 302
    with httpx.Client(trust_env=False) as stranger:
        answer = stranger.get(redirect.headers["location"])
    assert answer.status_code == 200
    return answer.content


def rows_of(form: str, content: bytes) -> list[dict[str, Any]]:
    match form:
        case "csv":
            return list(csv.DictReader(io.StringIO(content.decode())))
        case "json":
            return list(json.loads(content, parse_float=Decimal))
        case "jsonl":
            return [json.loads(line, parse_float=Decimal) for line in content.splitlines()]
        case _:
            return list(pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist())


def same(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a row says, whatever the format."""
    metadata = row["metadata"] if isinstance(row["metadata"], dict) else json.loads(row["metadata"])
    hit = row["cache_hit"] in (True, "true")
    return (
        row["id"],
        row["timestamp"],
        Decimal(str(row["cost"])),
        int(row["input_tokens"]),
        hit,
        tuple(metadata.items()),
    )


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "parquet"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_every_format_holds_the_same_events(acme: Store, serve: Serve, form: str, compression: str) -> None:
    client = serve(acme)

    content = export(client, format=form, compression=compression)
    rows = rows_of(form, gzip.decompress(content) if compression == "gzip" and form != "parquet" else content)

    spend = client.get("/v1/spend", params={"from": "2026-06-01", "to": "2026-06-04"}).json()["data"]
    assert len(rows) == sum(team["requests"] for team in spend) > 1000
    for team in spend:
        cost = sum(Decimal(str(row["cost"])) for row in rows if row["team_id"] == team["team_id"])
        assert cost == Decimal(str(team["cost"]))
    assert all(row["timestamp"][:7] == "2026-06" and row["timestamp"] < "2026-06-04" for row in rows)
    assert {same(row) for row in rows} == {same(row) for row in rows_of("csv", export(client, format="csv"))}


def test_event_ids_are_unique_and_overlapping_exports_repeat_them(acme: Store, serve: Serve) -> None:
    client = serve(acme)

    first = {row["id"] for row in rows_of("csv", export(client, format="csv"))}
    second = {row["id"] for row in rows_of("csv", export(client, format="csv", date_from="2026-06-02"))}

    assert second < first


def test_object_storage_refuses_the_bearer_token(acme: Store, serve: Serve) -> None:
    client = serve(acme)
    job = client.post("/v1/exports/jobs", json={"type": "events", "format": "csv", **WINDOW}).json()
    for _ in range(2):
        client.get(f"/v1/exports/jobs/{job['id']}")

    location = client.get(f"/v1/exports/jobs/{job['id']}/download").headers["location"]

    assert httpx.URL(location).port != client.base_url.port
    assert client.get(location).status_code == 400
    assert client.get(f"/v1/exports/jobs/{job['id']}/download", follow_redirects=True).status_code == 200


def test_a_job_that_is_not_ready_has_no_file(acme: Store, direct: Serve) -> None:
    client = direct(acme)
    job = client.post("/v1/exports/jobs", json={"type": "events", "format": "csv", **WINDOW}).json()

    assert client.get(f"/v1/exports/jobs/{job['id']}/download").status_code == 409
    assert [job] == client.get("/v1/exports/jobs").json()["data"]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "everything"},
        {"format": "xlsx"},
        {"date_from": "June"},
        {"date_to": None},
        {"date_from": "2026-06-05"},
        {"compression": "zip"},
    ],
    ids=str,
)
def test_a_wrong_export_is_refused(acme: Store, direct: Serve, change: dict[str, Any]) -> None:
    request = {"type": "events", "format": "csv", **WINDOW, **change}

    assert direct(acme).post("/v1/exports/jobs", json=request).status_code == 422


@pytest.mark.parametrize("kind", ["events", "audit-log"])
def test_an_organization_without_events_exports_the_header_alone(empty: Store, serve: Serve, kind: str) -> None:
    content = export(serve(empty), type=kind, format="csv")

    assert content.startswith(b"id,timestamp,gateway_id,team_id,")
    assert content.count(b"\n") == 1


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_gateways_settle_shows_in_later_exports(acme: Store, serve: Serve, form: str) -> None:
    client = serve(acme)
    held = client.post("/v1/gateway/wallets/reserve", json={"team_id": "team_support", "amount": 3}).json()
    event = {
        "id": "evt_live", "team_id": "team_support", "provider": "openai", "model": "gpt-4o", "input_tokens": 10,
        "output_tokens": 5, "cache_hit": False, "metadata": {"environment": "prod"},
    }  # fmt: skip
    body = {"reservation_id": held["reservation"]["id"], "amount": 2.500001, "event": event}
    assert client.post("/v1/gateway/wallets/settle", json=body).status_code == 201

    rows = rows_of(form, export(client, format=form, date_from="2026-06-18", date_to="2026-06-18"))

    (live,) = [row for row in rows if row["id"] == "evt_live"]
    assert (Decimal("2.500001"), "10") == (Decimal(str(live["cost"])), str(live["input_tokens"]))
