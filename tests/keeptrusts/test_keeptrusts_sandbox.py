"""The client against the embedded Keeptrusts: a real server over real HTTP, however it pages and writes numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.exports import ExportJobs
from reconciler.keeptrusts.reader import Reader
from reconciler.keeptrusts.writer import Writer
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudgetKey
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES
from reconciler.model.live import Live
from reconciler.model.money import Money
from reconciler.model.operation import mark
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import Refused, Written
from reconciler.sandbox.server import Sandbox, running

JUNE = Period(2026, 6)
WANTED = {WalletRef.team(team): "USD" for team in ("team_support", "team_new")}
OPERATION = f"2026-06-{'c' * 20}"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(scenario="acme", as_of=date(2026, 6, 18)) as server:
        yield server


def reading(server: Sandbox) -> Connection:
    return Connection(base_url=server.url, token=server.read_token)


def writing(server: Sandbox) -> Connection:
    return Connection(base_url=server.url, token=server.billing_token)


def live(connection: Connection) -> Live:
    with Reader(connection) as reader:
        return reader.live(organization="org_acme", wallets=WANTED, period=JUNE)


def test_what_is_allocated_is_in_the_ledger_with_its_mark(sandbox: Sandbox) -> None:
    before = live(reading(sandbox))
    with Writer(writing(sandbox)) as writer:
        amount = Money(Decimal("12.34"), "USD")
        result = writer.allocate(
            WalletRef.team("team_support"), amount, description=f"{mark(OPERATION)} June", operation=OPERATION
        )
    after = live(reading(sandbox))
    assert isinstance(result, Written)
    assert result.entry is not None
    assert result.entry.operation == OPERATION
    assert result.entry in after.wallets[WalletRef.team("team_support")].ledger
    assert (before.pool, after.pool) != (None, None)
    funded = after.wallets[WalletRef.team("team_support")].funded(JUNE) - before.wallets[
        WalletRef.team("team_support")
    ].funded(JUNE)
    assert funded == amount


def test_what_may_not_be_written_is_refused_and_nothing_moves(sandbox: Sandbox) -> None:
    before = live(reading(sandbox))
    for connection, amount in [(reading(sandbox), "1.00"), (writing(sandbox), "999999999.00")]:
        with Writer(connection) as writer:
            money = Money(Decimal(amount), "USD")
            for move in (writer.allocate, writer.reclaim):
                assert isinstance(move(WalletRef.team("team_support"), money, description="d", operation="o"), Refused)
    assert live(reading(sandbox)) == before


def test_alerts_and_schedules_are_created_replaced_and_deleted(sandbox: Sandbox) -> None:
    key = BillingBudgetKey("team", "team_support", "new")
    document: dict[str, Any] = {
        "scope_type": "team",
        "scope_id": "team_support",
        "name": "new",
        "amount": "10.00",
        "currency": "USD",
        "period": "monthly",
        "alert_percentages": [80],
        "hard_limit": False,
    }
    schedule = {
        "name": "nightly",
        "cron": "0 1 * * *",
        "window": "1d",
        "type": "events",
        "format": "csv",
        "s3": {"bucket": "b", "prefix": "p/"},
        "enabled": True,
    }
    with Writer(writing(sandbox)) as writer, Reader(reading(sandbox)) as reader:
        assert isinstance(writer.create(BILLING_BUDGETS, document), Written)
        found = reader.objects(BILLING_BUDGETS).objects[key]
        writer.replace(BILLING_BUDGETS, found.id, {**found.document, **document, "amount": "11.50"})
        assert reader.objects(BILLING_BUDGETS).objects[key].value.amount == Decimal("11.50")
        writer.delete(BILLING_BUDGETS, found.id)
        assert key not in reader.objects(BILLING_BUDGETS).objects
        assert isinstance(writer.create(EXPORT_SCHEDULES, schedule), Written)
        nightly = reader.objects(EXPORT_SCHEDULES).objects[("nightly",)]
        assert nightly.value.model_dump(mode="json") == schedule
        writer.replace(EXPORT_SCHEDULES, nightly.id, {**nightly.document, **schedule, "enabled": False})
        assert not reader.objects(EXPORT_SCHEDULES).objects[("nightly",)].value.enabled
        writer.delete(EXPORT_SCHEDULES, nightly.id)
        assert ("nightly",) not in reader.objects(EXPORT_SCHEDULES).objects


def test_pages_envelopes_and_forms_of_numbers_do_not_matter(sandbox: Sandbox) -> None:
    plain = live(reading(sandbox))
    for envelope, style in [("data", "short"), ("bare", "float"), ("plural", "exact")]:
        arguments: dict[str, Any] = {"envelope": envelope, "amount_style": style}
        with running(store=sandbox.store, page_size=7, **arguments) as other:
            assert _settled(live(reading(other))) == _settled(plain)


def _settled(state: Live) -> Any:
    objects = [{key: found.value for key, found in listed.objects.items()} for listed in state.objects.values()]
    return state.pool, state.wallets, objects, state.teams, state.other_wallets


def test_an_export_is_created_awaited_and_downloaded_from_another_origin(sandbox: Sandbox, tmp_path: Path) -> None:
    with ExportJobs(writing(sandbox), poll=0.01) as jobs:
        job = jobs.create("events", "csv", date_from=date(2026, 6, 1), date_to=date(2026, 6, 2))
        file = jobs.download(jobs.wait(job, timeout=30), tmp_path)
    assert file.suffix == ".csv"
    assert file.read_text(encoding="utf-8").startswith("id,")
