"""Requests to servers of this process, handed to their applications: most of a small answer's time is the socket's.

How connections are opened, kept, followed and lost is for the tests of the channels to ask. Other processes reach the
same servers on loopback as ever, where a sandbox begins to listen to the first that does.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Lock, Thread

import httpx
import pytest
from in_process import exchange
from starlette.types import ASGIApp
from thorough import THOROUGH

_AT: dict[int | None, ASGIApp] = {}
"""The applications of this process, by their ports on loopback."""

os.register_at_fork(after_in_child=_AT.clear)
"""In a fork they are copies: what those wrote, nobody would see."""

Serving = Callable[[ASGIApp, list[socket.socket]], AbstractContextManager[None]]


@contextmanager
def at_hand(
    app: ASGIApp, listeners: Sequence[socket.socket] = (), *, ports: Sequence[int | None] = ()
) -> Iterator[None]:
    """Let `app` answer what this process asks of those who listen, until the end of the block."""
    ports = [*ports, *(listener.getsockname()[1] for listener in listeners)]
    _AT.update(dict.fromkeys(ports, app))
    try:
        yield
    finally:
        for port in ports:
            del _AT[port]


@pytest.fixture(scope="module", autouse=True)
def at_once() -> Iterator[None]:
    """Import the channels late: a module that is imported before measuring begins would not be counted.

    It ends with each module: the tests of other folders are about connections. A thorough run goes through sockets.
    """
    if THOROUGH:
        yield
        return
    from reconciler.http.watched import WatchedTransport
    from reconciler.sandbox import server

    sent, read = httpx.HTTPTransport.handle_request, WatchedTransport.handle_async_request
    loop, turn = asyncio.new_event_loop(), Lock()

    def handle_request(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if (app := _AT.get(request.url.port)) is None:
            return sent(transport, request)
        body = request.read()
        with turn:
            return loop.run_until_complete(exchange(app, request, body))

    async def handle_async_request(transport: WatchedTransport, request: httpx.Request) -> httpx.Response:
        if (app := _AT.get(request.url.port)) is None:
            return await read(transport, request)
        return await exchange(app, request, b"")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(httpx.HTTPTransport, "handle_request", handle_request)
        patched.setattr(WatchedTransport, "handle_async_request", handle_async_request)
        patched.setattr(server, "_serving", _late(server._serving))
        yield
    loop.close()


def _late(serving: Serving) -> Serving:
    """Return what serves as `serving` does from the first connection on, and what this process asks from the start."""

    @contextmanager
    def late(app: ASGIApp, listeners: list[socket.socket]) -> Iterator[None]:
        ended, end = socket.socketpair()
        with ExitStack() as served, ended, end, at_hand(app, listeners):
            waiting = Thread(
                target=_wait, args=(lambda: served.enter_context(serving(app, listeners)), listeners, ended)
            )
            waiting.start()
            try:
                yield
            finally:
                end.send(b"!")
                waiting.join()

    return late


def _wait(begin: Callable[[], object], listeners: Sequence[socket.socket], ended: socket.socket) -> None:
    """Begin once somebody connects to one of the listeners, unless it has `ended` by then."""
    with selectors.DefaultSelector() as selector:
        for each in (*listeners, ended):
            selector.register(each, selectors.EVENT_READ)
        if ended not in [key.fileobj for key, _ in selector.select()]:
            begin()
