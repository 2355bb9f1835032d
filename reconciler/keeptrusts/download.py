"""A file that is downloaded: redirects followed without the token, bytes kept as they came, whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from reconciler.files import beside, put
from reconciler.findings import RejectedError
from reconciler.http.clients import SingleUseClient
from reconciler.http.endpoint import origin_of
from reconciler.http.failures import shown
from reconciler.keeptrusts.channel import REDIRECTS
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.failures import unreadable

_SUFFIXES = {"csv": ".csv", "json": ".json", "jsonl": ".jsonl", "ndjson": ".jsonl", "parquet": ".parquet"}
_NAMED = re.compile(r"\.(csv|json|jsonl|ndjson|parquet)(\.gz)?[\"']?\s*(;|$)", re.IGNORECASE)
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_KEPT_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "aws-chunked"})


@contextmanager
def follow(client: SingleUseClient, connection: Connection, path: str) -> Iterator[httpx.Response]:
    """Open the answer to GET `path` at the end of its redirects.

    The token is sent while every hop so far was on the API's own origin, never after. Nothing goes from https to http.
    """
    url = httpx.URL(connection.url(path))
    at_home = True
    for _ in range(REDIRECTS + 1):
        at_home = at_home and origin_of(url) == connection.origin
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", **(connection.authorization if at_home else {})}
        try:
            response = client.send(client.build_request("GET", url, headers=headers), stream=True)
        except httpx.InvalidURL:
            raise unreadable(f"GET {path}", "it is redirected to what is no address") from None
        try:
            if not response.has_redirect_location:
                yield response
                return
        finally:
            response.close()
        url = _next_hop(connection, path, url, response)
    raise unreadable(f"GET {path}", f"it is redirected more than {REDIRECTS} times")


def save(response: httpx.Response, folder: Path, *, name: str, format: str, path: str) -> Path:
    """Write the body of `response` into `folder` and return the file, its suffix telling what the bytes are.

    The bytes are kept as they came: a file that is stored gzipped stays so. Raises UnreadableError when bytes are
    missing, and leaves no file then.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in _KEPT_ENCODINGS:
        raise unreadable(f"GET {path}", f"its content encoding `{shown(encoding, limit=40)}` was not asked for")
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:100] or "export"
    with beside(folder / stem) as partial:
        with partial.open("wb") as file:
            for chunk in response.iter_raw():
                file.write(chunk)
        _check_length(response, path)
        with partial.open("rb") as file:
            head = file.read(16)
        return put(partial, folder / f"{stem}{_suffix(response, format, head)}")


def _check_length(response: httpx.Response, path: str) -> None:
    promised = response.headers.get("content-length", "")
    received = response.num_bytes_downloaded
    if promised.isdigit() and int(promised) != received:
        raise httpx.RemoteProtocolError(f"{received:,} of {int(promised):,} bytes of {path} came")


def _suffix(response: httpx.Response, format: str, head: bytes) -> str:
    """Return the suffix for what the bytes are, else what the server names the file, else what was asked for."""
    if head.startswith(_PARQUET):
        return ".parquet"
    named = _NAMED.search(response.headers.get("content-disposition", ""))
    suffix = _SUFFIXES.get(named[1].lower() if named else format.lower(), ".csv")
    return f"{suffix}.gz" if head.startswith(_GZIP) else suffix


def _next_hop(connection: Connection, path: str, url: httpx.URL, response: httpx.Response) -> httpx.URL:
    target = url.join(response.headers["location"])
    if target.scheme == "https" or (target.scheme == "http" and url.scheme == "http"):
        return target
    origin = shown(connection.redact(origin_of(target)), limit=120)
    raise RejectedError(
        f"GET {path} is redirected to {origin}, which is not encrypted; nothing was downloaded",
        status=response.status_code,
        hint="ask whoever runs Keeptrusts to serve downloads over https",
    )
