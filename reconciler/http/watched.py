"""Connections that may be used again: every answer on them is followed to its end, and what comes after it is seen.

The HTTP client reads ahead, and would take bytes that follow an answer for the answer to the next request. Its network
streams can be replaced, so ours read along with a parser of their own (decision 0030).
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import h11
import httpcore
import httpx

_LARGEST_HEAD = 100 * 1024
_ASKED = h11.Request(method="GET", target="/", headers=[("Host", "api")])
_PARTS = (h11.InformationalResponse, h11.Response, h11.Data)
_SocketOptions = Iterable[Any]


class WatchedStream(httpcore.AsyncNetworkStream):
    """A network stream that follows the answer to the latest request."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._answer = h11.Connection(h11.CLIENT)

    @property
    def surplus(self) -> bytes:
        """What was read after the end of the answer."""
        return self._answer.trailing_data[0]

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read, and follow what was read; what is no HTTP is for the client to tell."""
        data = await self._stream.read(max_bytes, timeout)
        with suppress(h11.RemoteProtocolError):
            self._answer.receive_data(data)
            while isinstance(self._answer.next_event(), _PARTS):
                pass
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write a request: the next answer is its own."""
        if buffer:
            self._answer = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
            self._answer.send(_ASKED)
            self._answer.send(h11.EndOfMessage())
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Return the same, encrypted: what is followed is what is inside."""
        return WatchedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Network(httpcore.AnyIOBackend):
    """The usual network, its streams followed."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: _SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return WatchedStream(await super().connect_tcp(host, port, timeout, local_address, socket_options))


class WatchedTransport(httpx.AsyncBaseTransport):
    """One connection straight to a server, kept for `keep` seconds; its answers' streams are `WatchedStream`."""

    def __init__(self, trusted: ssl.SSLContext, *, keep: float) -> None:
        self._trusted = trusted
        self._keep = keep
        self._kept: httpcore.AsyncHTTPConnection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request as it is."""
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        with _told():
            connection = await self._connection(target.origin)
            answer = await connection.handle_async_request(
                httpcore.Request(
                    request.method,
                    target,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    async def _connection(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """Return the connection to `origin`: the last one where it can be used again."""
        kept = self._kept
        if kept is None or not (kept.can_handle_request(origin) and kept.is_available()) or kept.has_expired():
            await self.aclose()
            kept = self._kept = httpcore.AsyncHTTPConnection(
                origin, ssl_context=self._trusted, keepalive_expiry=self._keep, network_backend=_Network()
            )
        return kept

    async def aclose(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextmanager
def _told() -> Iterator[None]:
    """Turn the errors of the connection into the client's own, which have the same names."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


class TooLargeError(Exception):
    """An answer is larger than its reader takes."""


class SurplusError(Exception):
    """More came than one answer."""


async def whole(response: httpx.Response, *, largest: int) -> bytes:
    """Return the body of an answer that is still open; at most `largest` bytes.

    Raises TooLargeError or SurplusError. A connection on which nothing tells what came after it is not used again.
    """
    body = await _body(response, largest)
    stream = response.extensions.get("network_stream")
    surplus = stream.surplus if isinstance(stream, WatchedStream) else None
    if stream is not None and surplus != b"":
        await stream.aclose()
    if surplus is not None and surplus.strip(b"\r\n"):
        raise SurplusError
    return body


async def _body(response: httpx.Response, largest: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > largest:
                raise TooLargeError
    finally:
        await response.aclose()
    return bytes(body)
