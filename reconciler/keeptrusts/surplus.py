"""Bytes after an answer that nobody asked for: on a kept connection they would be taken for the next answer.

The HTTP library keeps them in its parser, where no public name leads to them. Where they are not found under the
names that it has today, nothing is known, and a connection of which nothing is known must not be used again.
"""

from __future__ import annotations

import httpx

_PARSER = ("stream", "_stream", "_httpcore_stream", "_stream", "_connection", "_h11_state")
"""From an answer to the parser of its connection."""


def surplus(response: httpx.Response) -> bytes | None:
    """Return what came after a closed answer; nothing where there is no network, None where it cannot be told."""
    if "network_stream" not in response.extensions:
        return b""
    found: object = response
    for name in _PARSER:
        found = getattr(found, name, None)
    trailing = getattr(found, "trailing_data", None)
    return bytes(trailing[0]) if isinstance(trailing, tuple) else None
