"""The sandbox without a socket: an httpx transport that runs the application in the caller's thread.

For suites of many short runs: one request costs well below a millisecond, state branches with `Store.clone()`, and a
hang is answered at once by the timeout that the client would have run into.
"""

from __future__ import annotations

import asyncio
from threading import Lock
from typing import Any, Self

import httpx
from starlette.types import ASGIApp, Message, Scope

from reconciler.sandbox.app import READER, TREASURER, Deployment
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.front import Front, whole
from reconciler.sandbox.rehearsal import DroppedError, HungError
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import Presentation


class InProcess(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for httpx clients, sync or async. `store` stays the caller's to close."""

    def __init__(self, store: Store, *, faults: Faults | None = None, presentation: Presentation | None = None) -> None:
        self.url, self.billing_token, self.read_token = "http://127.0.0.1", "billing", "read"
        principals = {self.billing_token: TREASURER, self.read_token: READER}
        deployment = Deployment(store, principals, presentation or Presentation(), "http://localhost")
        self.store = store
        self._front = Front(deployment.application(), store, faults=faults)
        self._loop = asyncio.new_event_loop()
        self._lock = Lock()

    def client(self, *, token: str | None = None, **options: Any) -> httpx.Client:
        """Return a client with a token, the billing one by default."""
        headers = {"Authorization": f"Bearer {token or self.billing_token}"}
        return httpx.Client(base_url=self.url, transport=self, headers=headers, **options)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        with self._lock:
            return self._loop.run_until_complete(exchange(self._front, request, body))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await exchange(self._front, request, await request.aread())

    def flush(self) -> None:
        """Execute every delayed write now."""
        with self._lock:
            self._loop.run_until_complete(self._front.flush())

    def close(self) -> None:
        """Nothing is kept that a closed client would free: clients share the transport. See `shut`."""

    def shut(self) -> None:
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()


async def exchange(app: ASGIApp, request: httpx.Request, body: bytes) -> httpx.Response:
    """Return what an application answers to a request that was read."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    try:
        await app(_scope(request), whole(body), send)
    except DroppedError:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request) from None
    except HungError:
        raise httpx.ReadTimeout("The read operation timed out.", request=request) from None
    began, *parts = messages
    content = httpx.ByteStream(b"".join(part.get("body", b"") for part in parts))
    return httpx.Response(began["status"], headers=began["headers"], stream=content, request=request)


def _scope(request: httpx.Request) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 0),
        "server": (request.url.host, request.url.port or 80),
    }
