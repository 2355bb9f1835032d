"""Runs the embedded Keeptrusts on loopback, in a thread of this process."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread

import anyio
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.findings import UsageError
from reconciler.sandbox.app import READER, TREASURER, Deployment
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.front import Front
from reconciler.sandbox.rehearsal import DroppedError, HungError
from reconciler.sandbox.scenario import ORGANIZATIONS, seed
from reconciler.sandbox.store import ORGANIZATION, Store
from reconciler.sandbox.wire import AmountStyle, Envelope, Presentation

_STOP_WITHIN = 5.0
_ACCEPTING = 10
"""Turns of the event loop after which a connection that was just accepted is known to the server."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox: where it is, its two tokens, and its state."""

    url: str
    billing_token: str
    read_token: str
    store: Store


@contextmanager
def running(
    *,
    db: Path | None = None,
    port: int = 0,
    host: str = "127.0.0.1",
    scenario: str | None = "acme",
    as_of: date | None = None,
    latency_ms: int = 0,
    page_size: int | None = None,
    envelope: Envelope = "data",
    amount_style: AmountStyle = "exact",
    billing_token: str | None = None,
    read_token: str | None = None,
    store: Store | None = None,
    faults: Faults | None = None,
) -> Iterator[Sandbox]:
    """Serve a sandbox on loopback until the block ends.

    A new database is filled with `scenario`; one that exists is served as it is. `store` serves a state that the
    caller built and closes itself. Raises UsageError for a host that is not loopback or a port that is taken.
    """
    with _listening(host, port) as listener, _listening(host, 0) as objects:
        state = store or _opened(db, scenario, as_of)
        sandbox = Sandbox(
            _origin(listener),
            billing_token or f"kt_billing_{secrets.token_urlsafe(18)}",
            read_token or f"kt_read_{secrets.token_urlsafe(18)}",
            state,
        )
        principals = {sandbox.billing_token: TREASURER, sandbox.read_token: READER}
        presentation = Presentation(envelope, amount_style, page_size)
        deployment = Deployment(state, principals, presentation, _origin(objects))
        try:
            with _serving(
                Front(deployment.application(), state, latency_ms=latency_ms, faults=faults), [listener, objects]
            ):
                yield sandbox
        finally:
            if store is None:
                state.close()


def _opened(db: Path | None, scenario: str | None, as_of: date | None) -> Store:
    store = Store(db, as_of=as_of, organization=ORGANIZATIONS.get(scenario or "", ORGANIZATION))
    if store.is_new:
        try:
            seed(store, scenario or "empty")
        except BaseException:
            store.close()
            raise
    return store


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    if host != "localhost" and not _is_loopback(host):
        raise UsageError(f"the sandbox does not listen on {host}", hint="use 127.0.0.1: its tokens are for rehearsal")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()
        except OSError as problem:
            raise UsageError(f"port {port} is not free", hint="name another --port, or 0 for any") from problem
        yield listener


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def _origin(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """A uvicorn server that says when it listens and stops at once, without polling."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = Event()
        self._stopping = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)
        self.listening.set()

    async def main_loop(self) -> None:
        await self._stopping.wait()

    def stop(self) -> None:
        """Stop from another thread."""
        self._loop.call_soon_threadsafe(self._stopping.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        for server in self.servers:
            server.close()
        for _ in range(_ACCEPTING):
            await asyncio.sleep(0)
        while self.server_state.connections:
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)
        await asyncio.wait({asyncio.ensure_future(asyncio.sleep(0)), *self.server_state.tasks}, timeout=_STOP_WITHIN)

    def abort(self, client: object) -> None:
        """Close the connection with the address `client`, without another word."""
        for connection in list(self.server_state.connections):
            if getattr(connection, "client", None) == client:
                connection.transport.abort()


class _Wire:
    """Does on the connection what a fault asks for: closes it without an answer, at once or later."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.server = _Server(_config(self))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except DroppedError:
            await self._cut(scope, receive)
        except HungError as hung:
            with anyio.move_on_after(hung.seconds):
                await receive()
            await self._cut(scope, receive)

    async def _cut(self, scope: Scope, receive: Receive) -> None:
        self.server.abort(scope["client"])
        await receive()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=600,
    )


@contextmanager
def _serving(app: ASGIApp, listeners: list[socket.socket]) -> Iterator[None]:
    server = _Wire(app).server
    thread = Thread(target=server.run, kwargs={"sockets": listeners}, name="sandbox", daemon=True)
    thread.start()
    server.listening.wait()
    try:
        yield
    finally:
        server.stop()
        thread.join()
