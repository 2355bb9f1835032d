"""A server on loopback for as long as a block lasts, and clients of one."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

_TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client_of(url: str, token: str = "", **options: Any) -> httpx.Client:
    """Return a client of `url`, which is plain http: reading certificates for it takes longer than many requests."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=url, headers=headers, trust_env=False, verify=_TRUSTS_NOBODY, **options)


class _Server(ThreadingHTTPServer):
    """A server that a client may leave before its answer: what it would print then would be in the command's output."""

    daemon_threads = True

    def get_request(self) -> tuple[socket.socket, Any]:
        """Return who asks. Head and body of an answer go at once: else who keeps a connection waits 40 ms for each."""
        asking, address = super().get_request()
        asking.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return asking, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Let `handler` answer until the end of the block; yields the URL."""
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
