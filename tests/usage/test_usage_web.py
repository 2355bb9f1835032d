"""An export on a plain web server: it is all of one file, also where another one takes its place meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from reconciler.findings import UnreachableError

pytestmark = pytest.mark.slow


def export(cost: str) -> bytes:
    """Return 12 MB of events, more than is fetched at a time."""
    rows = (f"e{number},2026-03-07T10:00:00Z,team_a,{cost},{'x' * 180}\n" for number in range(60_000))
    return ("id,timestamp,team_id,cost,note\n" + "".join(rows)).encode()


OLD, NEW = export("1.00"), export("9.00")


@contextmanager
def serving(*, ranges: bool, cut: bool = False) -> Iterator[str]:
    """Serve the old file to the first request for it that reads, and the new one to those after it."""
    given: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(OLD if len(given) < 1 else NEW, "")

        def do_GET(self) -> None:
            content = NEW if given else OLD
            self._answer(content, self.headers.get("Range", "") if ranges else "")

        def _answer(self, content: bytes, asked: str) -> None:
            first, last = 0, len(content) - 1
            if asked:
                low, _, high = asked.removeprefix("bytes=").partition("-")
                first, last = int(low), min(int(high or last), last)
            self.send_response(206 if asked else 200)
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
            if ranges:
                self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(last - first + 1))
            self.end_headers()
            if self.command == "GET":
                body = content[first : last + 1]
                try:
                    self.wfile.write(body[: len(body) // 2] if cut else body)
                except ConnectionError:
                    return
                given.append(body)
                if cut:
                    self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/events.csv"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("ranges", [True, False])
def test_what_was_replaced_while_it_was_read_is_one_of_the_two(exports: Any, ranges: bool) -> None:
    assert len(OLD) == len(NEW)
    with serving(ranges=ranges) as url:
        assert exports.read(url).spent in {Decimal(60_000), Decimal(540_000)}


def test_half_an_answer_is_never_used(exports: Any) -> None:
    with serving(ranges=False, cut=True) as url, pytest.raises(UnreachableError, match=r"events\.csv"):
        exports.read(url)
