"""Answers that are read whole: to their end, within a bound, with nothing behind them."""

from __future__ import annotations

import httpx

from reconciler.http.watched import WatchedStream


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
