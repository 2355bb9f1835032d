"""Reads over real connections: repeated when that can help, bounded, and never with the token elsewhere."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
import time
from typing import Any

import httpx
import pytest

from reconciler.findings import (
    RejectedError,
    RemoteError,
    UnauthorizedError,
    UnreachableError,
    UnreadableError,
    UsageError,
)
from reconciler.keeptrusts.exports import ExportJobs
from reconciler.keeptrusts.reader import Reader
from reconciler.keeptrusts.writer import Writer
from reconciler.logs import configure
from reconciler.model.live import Identity
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

WHOAMI = json.dumps({"organization": {"id": "org_acme", "name": "Acme"}, "permissions": ["org:read"]})


def identity(make: Any, server: Any, **settings: Any) -> Identity:
    with Reader(make.fast(server.url, **settings)) as reader:
        return reader.identity()


class Script:
    """Answers each request with the next of its lines; the last one stays."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def __call__(self, connection: socket.socket, request: str) -> None:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer(connection)
        else:
            connection.sendall(answer)


def cut(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"organ')
    connection.shutdown(socket.SHUT_RDWR)


def cut_chunk(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"organ')
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


def silence(connection: socket.socket) -> None:
    """Never answer."""


@pytest.mark.parametrize("failure", [cut, cut_chunk, reset, silence, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(make: Any, serve: Any, failure: Any) -> None:
    broken = make.reply("busy", status=f"{failure} No") if isinstance(failure, int) else failure
    with serve(Script(broken, broken, make.reply(WHOAMI))) as server:
        assert identity(make, server, read_timeout=0.1).organization == "org_acme"
    assert len(server.requests) == 3


@pytest.mark.parametrize("failure", [cut, cut_chunk, reset, silence])
def test_what_does_not_pass_is_given_up_with_the_host_and_the_cure(make: Any, serve: Any, failure: Any) -> None:
    with (
        serve(Script(failure)) as server,
        pytest.raises(UnreachableError, match=r"127\.0\.0\.1:\d+ gave no answer") as e,
    ):
        identity(make, server, read_timeout=0.05, retries=2)
    assert len(server.requests) == 3
    assert "GET /v1/auth/whoami" in e.value.message
    assert "KEEPTRUSTS_API_URL" in e.value.hint


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_error_that_stays_is_reported_with_its_status(make: Any, serve: Any, status: int) -> None:
    with (
        serve(Script(make.reply("no", status=f"{status} No"))) as server,
        pytest.raises(RejectedError, match=f"answered {status}: no") as caught,
    ):
        identity(make, server, retries=1)
    assert (caught.value.status, len(server.requests)) == (status, 2)
    assert "later" in caught.value.hint


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 501])
def test_what_will_not_pass_is_asked_once(make: Any, serve: Any, status: int) -> None:
    with serve(Script(make.reply("no", status=f"{status} No"))) as server, pytest.raises(RemoteError):
        identity(make, server)
    assert len(server.requests) == 1


@pytest.mark.parametrize("value", ["3600", "Wed, 17 Jun 2099 10:00:00 GMT"])
def test_retry_after_is_waited_for_but_never_longer_than_allowed(make: Any, serve: Any, value: str) -> None:
    busy = make.reply("busy", status="429 Slow", headers={"Retry-After": value})
    with serve(Script(busy, make.reply(WHOAMI))) as server:
        started = time.monotonic()
        waits: list[float | None] = []
        identity(make, server, longest_wait=0.15, on_limit=waits.append)
        assert 0.15 <= time.monotonic() - started < 5
    assert waits == [0.15]


def test_a_page_for_people_is_told_as_one_with_the_address_that_was_asked(make: Any, serve: Any) -> None:
    page = make.reply("\n<!doctype html><title>Sign in</title>", headers={"Content-Type": "text/html"})
    with serve(Script(page)) as server, pytest.raises(UnreadableError, match="answers with a web page") as caught:
        identity(make, server)
    assert server.url in caught.value.message
    assert "KEEPTRUSTS_API_URL" in caught.value.hint


def test_a_wait_that_is_asked_for_and_too_long_is_told_as_what_it_is(make: Any, serve: Any) -> None:
    busy = make.reply("no", status="429 Slow", headers={"Retry-After": "86400"})
    with serve(Script(busy)) as server, pytest.raises(RejectedError, match="answered 429: no") as caught:
        identity(make, server, longest_wait=60, total_timeout=0.2)
    assert caught.value.status == 429
    assert "again in 86,400 seconds" in caught.value.hint


def test_the_whole_of_a_read_is_bounded_however_slowly_a_server_drips(make: Any, serve: Any) -> None:
    ended = threading.Event()

    def drip(connection: socket.socket, request: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not ended.wait(0.01):
            connection.sendall(b" ")

    with serve(drip) as server:
        with pytest.raises(UnreachableError, match=r"within 0\.2 seconds"):
            identity(make, server, total_timeout=0.2, read_timeout=5)
        ended.set()


def test_a_server_that_is_not_there_is_named(make: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        Reader(make.fast(f"http://127.0.0.1:{port}", retries=1)) as reader,
        pytest.raises(UnreachableError, match=f"127.0.0.1:{port}"),
    ):
        reader.identity()


def test_a_certificate_that_nobody_vouches_for_has_its_own_cure(make: Any) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")

    with (
        Reader(make.fast(), transport=httpx.MockTransport(fail)) as reader,
        pytest.raises(UnreachableError) as caught,
    ):
        reader.identity()
    assert "SSL_CERT_FILE" in caught.value.hint


def test_connections_are_used_again_and_concurrency_is_bounded(make: Any, serve: Any) -> None:
    lock, under_way, most = threading.Lock(), [0], [0]
    state = make.rows(
        wallets=[make.wallet(f"wal_{n}", "team", f"t{n}", "1") for n in range(40)],
        ledgers={f"wal_{n}": [make.transaction(f"txn_{n}", "allocate", "1")] for n in range(40)},
    )

    def answer(connection: socket.socket, request: str) -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        target = request.split(" ")[1]
        response = state.handle(httpx.Request("GET", f"http://x{target}"))
        time.sleep(0.002)
        with lock:
            under_way[0] -= 1
        connection.sendall(make.reply(response.content, status=f"{response.status_code} X"))

    with serve(answer) as server, Reader(make.fast(server.url, concurrency=3)) as reader:
        live = reader.live(
            organization="org_acme", wallets={WalletRef.team(f"t{n}"): "USD" for n in range(40)}, period=Period(2026, 6)
        )
    assert all(len(wallet.ledger) == 1 for wallet in live.wallets.values())
    assert 1 < most[0] <= 3
    assert server.connections <= 3
    assert len(server.requests) == 45


def test_gzip_is_understood_and_a_broken_one_is_refused(make: Any, serve: Any) -> None:
    packed, headers = gzip.compress(WHOAMI.encode()), {"Content-Encoding": "gzip"}
    with serve(Script(make.reply(packed, headers=headers))) as server:
        assert identity(make, server).organization == "org_acme"
    with (
        serve(Script(make.reply(b"plain", headers=headers))) as server,
        pytest.raises(UnreadableError, match="encoding"),
    ):
        identity(make, server)


def test_an_answer_beyond_any_size_is_refused_even_when_it_is_packed_small(make: Any, serve: Any) -> None:
    packed = gzip.compress(b" " * 1_000_000)
    with (
        serve(Script(make.reply(packed, headers={"Content-Encoding": "gzip"}))) as server,
        pytest.raises(UnreadableError, match="larger than 100,000 bytes"),
    ):
        identity(make, server, max_body_bytes=100_000)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5000, "digits"),
        (b"\xff\xfe\xfa", "not JSON"),
    ],
)
def test_an_answer_that_is_no_json_is_refused(make: Any, serve: Any, body: Any, reason: str) -> None:
    with (
        serve(Script(make.reply(body, headers={"Content-Type": "text/html"}))) as server,
        pytest.raises(UnreadableError, match=reason),
    ):
        identity(make, server)


def test_partial_content_is_refused(make: Any, serve: Any) -> None:
    with (
        serve(Script(make.reply(WHOAMI, status="206 Partial Content"))) as server,
        pytest.raises(UnreadableError, match="a part"),
    ):
        identity(make, server)


def test_a_redirect_within_the_origin_is_followed_with_the_token(make: Any, serve: Any) -> None:
    moved = make.reply("", status="308 Moved", headers={"Location": "/v1/auth/whoami/"})
    with serve(Script(moved, make.reply(WHOAMI))) as server:
        assert identity(make, server).organization == "org_acme"
    assert server.requests[1].startswith("GET /v1/auth/whoami/ ")
    assert make.token in server.requests[1]


def test_a_redirect_to_another_port_is_not_followed_and_gets_no_token(make: Any, serve: Any) -> None:
    with serve(Script(make.reply(WHOAMI))) as elsewhere:
        moved = make.reply("", status="302 Moved", headers={"Location": f"{elsewhere.url}/v1/auth/whoami"})
        with serve(Script(moved)) as server, pytest.raises(RejectedError, match="token was not sent") as caught:
            identity(make, server)
    assert elsewhere.requests == []
    assert elsewhere.url in caught.value.message


@pytest.mark.parametrize("location", ["https://127.0.0.1/x", "ftp://127.0.0.1/", "http://[broken", "/v1/auth/whoami"])
def test_a_redirect_to_another_scheme_to_nowhere_or_in_a_circle_is_an_error(
    make: Any, serve: Any, location: str
) -> None:
    moved = make.reply("", status="302 Moved", headers={"Location": location})
    with serve(Script(moved)) as server, pytest.raises(RemoteError):
        identity(make, server)
    assert len(server.requests) <= 6


@pytest.mark.parametrize(
    "more", [b"x", b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data": []}'[:-1]], ids=["byte", "answer"]
)
@pytest.mark.parametrize("size", ["length", "chunked"])
def test_what_comes_after_an_answer_is_never_taken_for_the_next_one(
    make: Any, serve: Any, more: bytes, size: str
) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked = head + f"{len(WHOAMI):x}\r\n{WHOAMI}\r\n0\r\n\r\n".encode()
    answer = make.reply(WHOAMI) if size == "length" else chunked
    with serve(Script(answer + more)) as server, pytest.raises(UnreadableError, match="more came after it") as caught:
        identity(make, server)
    assert "/v1/auth/whoami" in caught.value.message
    with serve(Script(answer + b"\r\n", answer)) as server:
        assert identity(make, server).organization == "org_acme"


def test_a_connection_of_which_nothing_is_known_is_not_used_again(make: Any) -> None:
    class Wire:
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1

    wire = Wire()
    answers = httpx.MockTransport(lambda _: httpx.Response(200, text=WHOAMI, extensions={"network_stream": wire}))
    with Reader(make.fast(), transport=answers) as reader:
        assert reader.identity().organization == "org_acme"
        assert reader.identity().organization == "org_acme"
    assert wire.closed == 2


@pytest.mark.parametrize("location", ["javascript:alert(1)", "http://[::1", "https://a:b:c/", "\x00"])
def test_a_redirect_to_what_is_no_address_is_an_error(make: Any, serve: Any, location: str) -> None:
    moved = make.reply("", status="302 Moved", headers={"Location": location})
    with serve(Script(moved)) as server, pytest.raises(RemoteError):
        identity(make, server)


def test_a_wait_that_is_no_date_leaves_no_line_of_any_program(
    make: Any, serve: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("reconciler")
    for name in ("handlers", "propagate", "level"):
        monkeypatch.setattr(logger, name, getattr(logger, name))
    configure(verbosity=0, format="json")
    busy = make.reply("", status="429 Busy", headers={"Retry-After": "soon"})
    with serve(Script(busy, make.reply(WHOAMI))) as server:
        assert identity(make, server).organization == "org_acme"
    assert capsys.readouterr().err == ""


def test_cookies_are_never_sent_back(make: Any, serve: Any) -> None:
    baked = make.reply(WHOAMI, headers={"Set-Cookie": "session=1"})
    with serve(Script(baked)) as server, Reader(make.fast(server.url)) as reader:
        reader.identity()
        reader.identity()
    assert "cookie" not in "".join(server.requests).lower()


def test_proxies_of_the_environment_are_used_but_not_for_this_machine(
    make: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(Script(make.reply(WHOAMI))) as proxy, serve(Script(make.reply(WHOAMI))) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        identity(make, server)
        assert (len(server.requests), len(proxy.requests)) == (1, 0)
        with Reader(make.fast("http://kt.internal", allow_plain_http=True)) as reader:
            reader.identity()
    assert proxy.requests[0].startswith("GET http://kt.internal/v1/auth/whoami ")


def test_a_refused_token_is_said_with_the_request_id_and_never_shown(make: Any, serve: Any) -> None:
    body = json.dumps({"error": {"code": "bad_token", "message": f"no such token: {make.token}"}})
    answer = make.reply(body, status="401 Unauthorized", headers={"X-Request-Id": "req_1"})
    with serve(Script(answer)) as server, pytest.raises(UnauthorizedError) as caught:
        identity(make, server)
    assert caught.value.message == (
        "Keeptrusts refused the token: GET /v1/auth/whoami answered 401 (request req_1): bad_token: no such token: ***"
    )
    assert "KEEPTRUSTS_API_TOKEN" in caught.value.hint


def test_the_token_is_taken_out_of_every_error(make: Any, acme: Any) -> None:
    acme.organization = make.token
    with Reader(make.fast(), transport=acme.transport) as reader, pytest.raises(UnauthorizedError) as caught:
        reader.require_organization("org_acme")
    assert make.token not in str(caught.value)
    assert make.token not in repr(make.fast())


def test_logs_name_the_request_and_what_came_of_it_and_no_secret(
    make: Any, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = Script(reset, make.reply(WHOAMI, headers={"X-Request-Id": "req_5"}))
    with serve(answers) as server:
        identity(make, server)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("reconciler.")]
    assert len(ours) == 2
    assert ours[0].startswith("GET /v1/auth/whoami: ReadError after ")
    assert ours[1].startswith("GET /v1/auth/whoami: 200 after ")
    assert ours[1].endswith(", request req_5")
    assert make.token not in caplog.text


def test_an_interrupted_block_closes_its_connections(make: Any, serve: Any) -> None:
    def interrupted(url: str) -> None:
        with Reader(make.fast(url)) as reader:
            reader.identity()
            raise KeyboardInterrupt

    with serve(Script(make.reply(WHOAMI))) as server, pytest.raises(KeyboardInterrupt):
        interrupted(server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize(("name", "value"), [("SSL_CERT_FILE", "/nowhere/ca.pem"), ("HTTPS_PROXY", "gopher://proxy")])
def test_settings_of_the_environment_that_cannot_be_used_are_named(
    make: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    for client in (Reader, Writer, ExportJobs):
        with pytest.raises(UsageError, match="cannot be used") as caught, client(make.fast()):
            pass
        assert name in caught.value.hint
