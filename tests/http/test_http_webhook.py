"""Incoming webhooks, against a server that behaves badly: what is sent again, what is not, and what is never shown."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import httpx
import pytest
from httpx_retries import Retry
from loopback import serving

from reconciler.findings import RejectedError, UnreachableError, UsageError
from reconciler.http.failures import LostAnswerError
from reconciler.http.webhook import PATIENCE, TIMES, Webhook, post, retries

SECRET = "/services/T000/B000/geheim-geheim"
QUERY = "?sig=also-geheim"


@dataclass
class Chat:
    """What it answers, in turn, the last for ever; and what came."""

    answers: list[tuple[int, dict[str, str], bytes]]
    bodies: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""

    def webhook(self, **options: float) -> Webhook:
        return Webhook(self.url + SECRET + QUERY, "$HOOK", **options)


@contextmanager
def chatting(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[Chat]:
    chat = Chat(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            chat.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            chat.paths.append(self.path)
            status, headers, body = chat.answers.pop(0) if len(chat.answers) > 1 else chat.answers[0]
            if not status:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url:
        chat.url = url
        yield chat


class Counted(Retry):
    """Waits no time, and remembers for how long it would have."""

    waits: list[float] = []

    def sleep(self, response: httpx.Response | Exception) -> None:
        headers = response.headers if isinstance(response, httpx.Response) else httpx.Headers()
        self.waits.append(self._calculate_sleep(headers))


@pytest.fixture
def retry() -> Counted:
    own = retries()
    Counted.waits = []
    return Counted(
        total=own.total,
        allowed_methods=own.allowed_methods,
        status_forcelist=own.status_forcelist,
        retry_on_exceptions=own.retryable_exceptions,
        backoff_factor=own.backoff_factor,
        max_backoff_wait=own.max_backoff_wait,
        total_timeout=own.total_timeout,
    )


def test_a_message_that_is_taken_is_sent_once_as_it_is(retry: Counted) -> None:
    with chatting((202, {}, b"ok")) as chat:
        post(chat.webhook(), '{"text":"名"}', retry=retry)
    assert chat.bodies == ['{"text":"名"}'.encode()]
    assert chat.paths == [SECRET + QUERY]
    assert Counted.waits == []


def test_a_limit_is_waited_for_as_long_as_it_asks(retry: Counted) -> None:
    with chatting((429, {"Retry-After": "7"}, b""), (503, {}, b""), (200, {}, b"")) as chat:
        post(chat.webhook(), "{}", retry=retry)
    assert len(chat.bodies) == 3
    assert Counted.waits[0] == 7
    assert len(Counted.waits) == 2


def test_no_limit_is_waited_for_longer_than_a_minute_in_all() -> None:
    own = retries()
    assert own.max_backoff_wait == own.total_timeout == PATIENCE == 60
    assert own._calculate_sleep(httpx.Headers({"Retry-After": "86400"})) == PATIENCE


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_stays_unwell_is_given_up_after_a_few_times(status: int, retry: Counted) -> None:
    with chatting((status, {}, b"no")) as chat, pytest.raises(RejectedError, match=rf"answered {status}: no") as raised:
        post(chat.webhook(), "{}", retry=retry)
    assert len(chat.bodies) == TIMES + 1
    assert raised.value.hint == "send it again later"


def test_a_redirect_to_another_host_is_not_followed(retry: Counted) -> None:
    with (
        chatting((200, {}, b"")) as other,
        chatting((307, {"Location": other.url}, b"")) as chat,
        pytest.raises(RejectedError, match=r"leads elsewhere \(307\); nothing was sent there"),
    ):
        post(chat.webhook(), "{}", retry=retry)
    assert other.bodies == []
    assert len(chat.bodies) == 1


def test_a_message_whose_answer_is_lost_is_not_sent_again(retry: Counted) -> None:
    with chatting((0, {}, b"")) as chat, pytest.raises(LostAnswerError, match="may have arrived"):
        post(chat.webhook(), "{}", retry=retry)
    assert len(chat.bodies) == 1


def test_an_answer_that_does_not_come_is_not_waited_for(retry: Counted) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}{SECRET}"
        with pytest.raises(LostAnswerError, match="may have arrived"):
            post(Webhook(url, "$HOOK", timeout=0.05), "{}", retry=retry)


def test_an_answer_without_an_end_is_not_read_to_its_end(retry: Counted) -> None:
    asked = threading.Event()

    class Endless(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(400)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 4096)
            except OSError:
                asked.set()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Endless) as url, pytest.raises(RejectedError, match="answered 400: x"):
        post(Webhook(url + SECRET, "$HOOK"), "{}", retry=retry)
    assert asked.wait(10)


def test_nobody_there_is_tried_again_and_then_said(retry: Counted) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(UnreachableError, match=f"127.0.0.1:{port} cannot be reached") as raised:
        post(Webhook(f"http://127.0.0.1:{port}{SECRET}", "$HOOK"), "{}", retry=retry)
    assert not isinstance(raised.value, LostAnswerError)
    assert len(Counted.waits) == TIMES


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_address_that_is_no_more_is_said_with_the_fix(status: int, retry: Counted) -> None:
    with chatting((status, {}, b"no_service")) as chat, pytest.raises(RejectedError, match="no_service") as raised:
        post(chat.webhook(), "{}", retry=retry)
    assert "make a new one and put its address into $HOOK" in raised.value.hint
    assert len(chat.bodies) == 1


def test_the_address_is_in_no_error_no_log_and_no_name(retry: Counted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="reconciler")
    echo = f"no {SECRET}{QUERY} here".encode()
    with chatting((500, {}, b""), (400, {}, echo)) as chat:
        webhook = chat.webhook()
        with pytest.raises(RejectedError) as raised:
            post(webhook, "{}", retry=retry)
    said = f"{raised.value} {raised.value.hint} {webhook!r} {caplog.text}"
    assert "geheim" not in said
    assert "answered 400: no *** here" in said
    assert "POST 127.0.0.1" in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.slack.com/x",
        "ftp://hooks.slack.com/x",
        "https://",
        "https://u:p@host/x",
        "https://host/a b",
        "https://host:99999/x",
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UsageError, match=r"\$HOOK holds no address of a webhook") as raised:
        Webhook(url, "$HOOK")
    assert not url or url not in str(raised.value).replace("https://HOST/...", "")


def test_plain_http_is_for_this_machine_alone() -> None:
    with pytest.raises(UsageError, match="plain http"):
        Webhook(f"http://chat.example{SECRET}", "$HOOK")
    assert Webhook(f"http://localhost:1{SECRET}", "$HOOK").host == "localhost:1"
