"""Whatever comes after an answer is never taken for the answer to another request, by any client."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from threading import Event

import pytest
from tls import tls_server
from wire import Answer, raw_server, reply

from reconciler.findings import UnreadableError
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.channel import Connection as GitHub
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.exports import ExportJob, ExportJobs
from reconciler.keeptrusts.reader import Reader
from reconciler.keeptrusts.writer import Writer
from reconciler.model.money import Money
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import Lost, Written

DOLLAR = Money(Decimal(1), "USD")
OURS, FOREIGN = "org_acme", "org_somebody_else"


def whoami(organization: str) -> bytes:
    return reply(json.dumps({"organization": {"id": organization}}))


def chunked(answer: bytes) -> bytes:
    body = answer.partition(b"\r\n\r\n")[2]
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def moved(amount: str) -> bytes:
    return reply(json.dumps({"transaction": {"id": "txn_1", "type": "allocate", "amount": amount, "currency": "USD"}}))


def followed_by(first: bytes, *more: bytes, later: bytes, sent: Callable[[], object] = bool) -> Answer:
    """Answer a connection's first request with `first`, then send each of `more`; answer others with `later`."""
    asked: set[int] = set()

    def answer(connection: socket.socket, request: str) -> None:
        if id(connection) in asked:
            connection.sendall(later)
        else:
            asked.add(id(connection))
            for part in (first, *more):
                connection.sendall(part)
        sent()

    return answer


def test_a_connection_that_wrote_is_not_used_again() -> None:
    with (
        raw_server(followed_by(moved("1.00") + moved("2.00"), later=moved("3.00"))) as server,
        Writer(Connection(base_url=server.url, token="kt_secret")) as writer,
    ):
        results = [writer.allocate(WalletRef.team("team"), DOLLAR, description="d", operation=str(n)) for n in range(3)]
    assert [type(result) for result in results] == [Written] * 3
    assert server.connections == 3
    assert all("connection: close" in request.lower() for request in server.requests)


def test_a_write_is_never_answered_by_what_came_before_it() -> None:
    with (
        raw_server(lambda connection, _: connection.sendall(moved("2.00") + moved("1.00"))) as server,
        Writer(Connection(base_url=server.url, token="kt_secret")) as writer,
    ):
        results = [writer.allocate(WalletRef.team("team"), DOLLAR, description="d", operation=str(n)) for n in range(2)]
    assert [type(result) for result in results] == [Lost] * 2


@pytest.mark.parametrize("framed", [bytes, chunked], ids=["length", "chunked"])
@pytest.mark.parametrize("at_once", [True, False], ids=["one packet", "two"])
def test_a_read_is_never_answered_by_what_came_before_it(framed: Callable[[bytes], bytes], at_once: bool) -> None:
    ours, foreign = framed(whoami(OURS)), framed(whoami(FOREIGN))
    sent = Event()
    parts = (ours + foreign,) if at_once else (ours, foreign)
    with (
        raw_server(followed_by(*parts, later=ours, sent=sent.set)) as server,
        Reader(Connection(base_url=server.url, token="kt_secret", concurrency=1)) as reader,
    ):
        for _ in range(3):
            sent.clear()
            with suppress(UnreadableError):
                assert reader.identity().organization == OURS
            assert sent.wait(10)


def test_a_read_through_a_proxy_is_never_answered_by_what_came_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with raw_server(followed_by(whoami(OURS) + whoami(FOREIGN), later=whoami(FOREIGN))) as between:
        monkeypatch.setenv("HTTP_PROXY", between.url)
        connection = Connection(base_url="http://kt.test", token="kt_secret", allow_plain_http=True, concurrency=1)
        with Reader(connection) as reader:
            assert {reader.identity().organization for _ in range(3)} == {OURS}
    assert between.connections == 3


def test_reads_keep_their_encrypted_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tls_server(tmp_path, b'{"organization": {"id": "org_acme"}}') as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        with Reader(Connection(base_url=server.url, token="kt_secret", concurrency=1)) as reader:
            assert {reader.identity().organization for _ in range(3)} == {OURS}
    assert (len(server.asked), server.connections) == (3, 1)


def test_a_look_at_an_export_job_is_never_answered_by_what_came_before_it() -> None:
    queued, done = (reply(json.dumps({"id": "job", "status": status})) for status in ("queued", "completed"))
    failed = reply(json.dumps({"id": "job", "status": "failed"}))
    answers = [queued + failed, done + failed]
    with (
        raw_server(lambda connection, _: connection.sendall(answers.pop(0))) as server,
        ExportJobs(Connection(base_url=server.url, token="kt_secret"), poll=0.001) as jobs,
    ):
        assert jobs.wait(ExportJob("job", "queued", "csv")).is_completed
    assert server.connections == 2


def test_a_request_to_the_forge_is_never_answered_by_what_came_before_it() -> None:
    with (
        raw_server(followed_by(reply('{"login": "me"}') + reply('{"login": "you"}'), later=b"")) as server,
        Channel(GitHub(api_url=server.url, token="ghs_secret", retries=0)) as channel,
    ):
        assert [channel.get("/user")["login"] for _ in range(2)] == ["me", "me"]
        assert channel.write("POST", "/repos/a/b/issues", {"title": "t"})["login"] == "me"
    assert server.connections == 3
