"""The server: loopback only, clean ends, state that persists, and the command that runs it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from in_process import InProcess
from loopback import client_of

from reconciler.cli.sandbox import command
from reconciler.findings import UsageError
from reconciler.sandbox.server import running
from reconciler.sandbox.store import Store

Serve = Callable[..., httpx.Client]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", "::"])  # noqa: S104
def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(UsageError, match="does not listen on"), running(host=host, scenario="empty"):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_every_loopback_name_will_do(host: str) -> None:
    with running(host=host, scenario="empty") as sandbox:
        assert sandbox.url.startswith("http://127.0.0.")


def test_a_taken_port_is_a_usage_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is not free"), running(port=port, scenario="empty"):
            pass


def test_tokens_differ_from_start_to_start() -> None:
    with running(scenario="empty") as first, running(scenario="empty") as second:
        tokens = {first.billing_token, first.read_token, second.billing_token, second.read_token}

    assert len(tokens) == 4


def test_it_stops_while_a_request_hangs(empty: Store) -> None:
    from reconciler.sandbox.faults import parse_faults

    faults = parse_faults([{"fault": "hang", "when": "before", "seconds": 3600}])
    started = time.monotonic()
    with ExitStack() as clients, running(store=empty, faults=faults) as sandbox:
        raw = clients.enter_context(socket.create_connection(_address(sandbox.url)))
        raw.sendall(b"DELETE /v1/teams HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not empty.received:
            os.sched_yield()
    with client_of(sandbox.url) as stranger, pytest.raises(httpx.ConnectError):
        stranger.get("/")

    assert time.monotonic() - started < 5


def test_a_client_that_dies_before_its_body_is_sent_has_asked_for_nothing(empty: Store, serve: Serve) -> None:
    client = serve(empty)
    head = b"POST /v1/wallets/allocate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer billing\r\n"
    body = b'{"team_id":"team_support","amount":1}'
    with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as raw:
        raw.sendall(head + f"Content-Length: {len(body) + 1}\r\n\r\n".encode() + body)

    for _ in range(3):
        assert client.get("/v1/wallets").status_code == 200
    assert empty.received == []
    assert empty.ledger("team_support") == ()


def test_a_database_file_keeps_the_state_and_is_not_seeded_again(tmp_path: Path) -> None:
    path = tmp_path / "keeptrusts.db"
    with running(db=path, scenario="acme", as_of=date(2026, 6, 18)) as sandbox:
        sandbox.store.wallets.allocate("team_support", 5 * 10**6)
        ledger = sandbox.store.ledger("team_support")

    with running(db=path, scenario="acme", as_of=date(2026, 6, 18)) as sandbox:
        assert sandbox.store.ledger("team_support") == ledger
        assert sandbox.store.clock.now() >= ledger[-1].created_at
        posting = sandbox.store.wallets.allocate("team_support", 10**6)
        assert posting.entry.id not in {entry.id for entry in ledger}


def test_a_file_in_no_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened"):
        Store(tmp_path / "missing" / "keeptrusts.db")


def test_exports_of_a_database_file_lie_beside_it(tmp_path: Path) -> None:
    with Store(tmp_path / "keeptrusts.db") as store:
        assert store.directory == tmp_path / "keeptrusts.db.exports"


@pytest.mark.parametrize("content", [b"this is no database, but a letter to somebody", None], ids=["text", "other"])
def test_another_file_is_refused_and_left_alone(tmp_path: Path, content: bytes | None) -> None:
    import sqlite3

    path = tmp_path / "other.db"
    if content is None:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE letters (text)")
        connection.close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()

    with pytest.raises(UsageError, match="not a"), running(db=path):
        pass

    assert path.read_bytes() == before


def test_a_scenario_that_fails_leaves_no_open_store(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no scenario"), running(scenario="other"):
        pass


def test_latency_delays_each_answer(empty: Store, serve: Serve) -> None:
    client = serve(empty, latency_ms=60)

    started = time.monotonic()
    client.get("/v1/teams")

    assert time.monotonic() - started >= 0.06


def test_the_clock_starts_on_the_day_and_can_be_set(empty: Store) -> None:
    first, second = (empty.wallets.credit(1).entry.created for _ in range(2))
    assert second - first == 7000
    assert empty.today() == date(2026, 6, 18)

    from datetime import UTC, datetime

    empty.clock.set(datetime(2026, 7, 1, tzinfo=UTC))
    empty.wallets.allocate("team_support", 10**6)

    assert empty.funded("team_support", "2026-07") == 1


def test_async_clients_can_do_without_a_socket_too(empty: Store) -> None:
    async def names() -> list[str]:
        with InProcess(empty) as transport:
            headers = {"Authorization": f"Bearer {transport.read_token}"}
            async with httpx.AsyncClient(base_url=transport.url, transport=transport, headers=headers) as client:
                return [team["name"] for team in (await client.get("/v1/teams")).json()["data"]]

    assert sorted(asyncio.run(names())) == ["Finance", "Support"]


@contextmanager
def served(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run `kt-budgets sandbox serve` and yield the process and the variables it prints."""
    program = "from reconciler.cli.sandbox import command; command()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        yield process, dict(re.findall(r"^export (\w+)=(\S+)$", "".join(lines), re.MULTILINE))
        if process.poll() is None:
            process.kill()


@pytest.mark.parametrize(
    "stops",
    [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM, signal.SIGINT)],
    ids=["ctrl-c", "term", "impatient"],
)
def test_serve_prints_what_to_paste_and_stops_on_a_signal(tmp_path: Path, stops: tuple[signal.Signals, ...]) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("[{fault: rate_limit, route: /v1/teams, nth: 1}]")
    arguments = ("--scenario", "empty", "--as-of", "2026-06-18", "--faults", str(faults))
    with served(*arguments) as (process, variables):
        headers = {"Authorization": f"Bearer {variables['KEEPTRUSTS_API_TOKEN']}"}
        with httpx.Client(base_url=variables["KEEPTRUSTS_API_URL"], headers=headers, trust_env=False) as client:
            assert "org:billing" in client.get("/v1/auth/whoami").json()["permissions"]
            assert [client.get("/v1/teams").status_code for _ in range(2)] == [429, 200]
        for stop in stops:
            process.send_signal(stop)
        _, errors = process.communicate(timeout=10)

    assert process.returncode == 0
    assert errors == "Serving until Ctrl-C.\nStopped.\n"


def test_the_guide_to_faults_is_a_command() -> None:
    result = CliRunner().invoke(command, ["faults"])

    assert result.exit_code == 0
    assert "slow_ledger" in result.output


def test_direct_looks_at_what_is_not_there_are_zero(empty: Store) -> None:
    assert empty.balance("team_nobody") == Decimal(0)
    assert empty.pool("CHF") == Decimal(0)
    assert empty.ledger("team_nobody") == ()


def _address(url: str) -> tuple[str, int]:
    parsed = httpx.URL(url)
    assert parsed.port is not None
    return parsed.host, parsed.port
