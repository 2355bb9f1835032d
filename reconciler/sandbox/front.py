"""What stands before the application: notes every write that arrives, adds latency, and lets faults happen."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.sandbox.faults import Faults
from reconciler.sandbox.rehearsal import Rehearsal, Request
from reconciler.sandbox.store import ReceivedWrite, Store


class Front:
    """An ASGI middleware around the application of one store. Raises DroppedError and HungError to who serves it."""

    def __init__(self, app: ASGIApp, store: Store, *, latency_ms: int = 0, faults: Faults | None = None) -> None:
        self.app = app
        self.store = store
        self.latency = latency_ms / 1000
        self.rehearsal = Rehearsal(faults, store, self._run) if faults else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.latency:
            await anyio.sleep(self.latency)
        reading = scope["method"] in ("GET", "HEAD")
        if reading and self.rehearsal is None:
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            return
        request = Request(scope, body)
        position = None if reading else self._note(request)
        messages = await (self.rehearsal.answer(request) if self.rehearsal else self._run(request))
        if position is not None:
            self.store.received[position] = self.store.received[position]._replace(status=messages[0]["status"])
        for message in messages:
            await send(message)

    async def flush(self) -> None:
        """Execute every delayed write now."""
        if self.rehearsal is not None:
            await self.rehearsal.flush()

    def _note(self, request: Request) -> int:
        key = dict(request.scope["headers"]).get(b"idempotency-key")
        self.store.received.append(
            ReceivedWrite(
                method=request.scope["method"],
                path=request.scope["path"],
                body=request.document,
                idempotency_key=None if key is None else key.decode("latin-1"),
                status=None,
            )
        )
        return len(self.store.received) - 1

    async def _run(self, request: Request) -> list[Message]:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(request.scope, whole(request.body), keep)
        return messages


def whole(body: bytes) -> Receive:
    """Return what hands over a body in one piece, and then waits, as a connection does whose client stays.

    Who sends a file listens meanwhile whether the client goes away: an answer that came at once, again and again,
    would leave the event loop no turn for anything else.
    """
    unread = [body]

    async def receive() -> Message:
        if not unread:
            await anyio.sleep_forever()
        return {"type": "http.request", "body": unread.pop(), "more_body": False}

    return receive


async def _read(receive: Receive) -> bytes | None:
    """Return the whole body, None when the client went away before it was sent: such a request never happened."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
