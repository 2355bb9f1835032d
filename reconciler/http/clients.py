"""The clients: one for reads, whose connection is kept, and one whose every request has a connection of its own.

On a kept connection, bytes that follow an answer would be taken for the answer to the next request. So a connection is
used again only while everything on it has been followed, and never after a write. Through a proxy nothing is followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
from httpx_retries import Retry, RetryTransport

from reconciler.http.endpoint import Endpoint
from reconciler.http.environment import certificates, environment_settings, names_proxies
from reconciler.http.watched import WatchedTransport

KEPT_SECONDS = 4.0
"""Less than servers keep a connection that nobody uses."""

SingleUseClient = httpx.Client
ReadingClient = httpx.AsyncClient

_ALONE = httpx.Limits(max_keepalive_connections=0)
_CLOSED = {"Connection": "close"}


def single_use_client(
    endpoint: Endpoint,
    headers: Mapping[str, str],
    *,
    timeout: httpx.Timeout | float,
    transport: httpx.BaseTransport | None = None,
) -> SingleUseClient:
    """Return a client that closes each connection behind its answer. `transport` replaces the network.

    Raises UsageError where the environment names proxies or certificates that cannot be used.
    """
    trust_environment = endpoint.trusts_environment
    with environment_settings():
        return httpx.Client(
            headers={**headers, **_CLOSED},
            timeout=timeout,
            limits=_ALONE,
            cookies=_no_cookies(),
            follow_redirects=False,
            transport=transport,
            trust_env=trust_environment,
            verify=certificates(trust_environment=trust_environment),
        )


def reading_client(
    endpoint: Endpoint,
    headers: Mapping[str, str],
    *,
    timeout: httpx.Timeout,
    transport: httpx.AsyncBaseTransport | None = None,
) -> ReadingClient:
    """Return a client of one connection, kept where its answers can be followed. `transport` replaces the network.

    Raises UsageError where the environment names proxies or certificates that cannot be used.
    """
    trust_environment = endpoint.trusts_environment
    with environment_settings():
        trusted = certificates(trust_environment=trust_environment)
        if transport is None and not (trust_environment and names_proxies()):
            transport = WatchedTransport(trusted, keep=KEPT_SECONDS)
        return httpx.AsyncClient(
            headers={**headers, **({} if transport else _CLOSED)},
            timeout=timeout,
            limits=_ALONE,
            cookies=_no_cookies(),
            transport=transport,
            trust_env=trust_environment,
            verify=trusted,
        )


def repeating(client: httpx.Client, retry: Retry) -> RetryTransport:
    """Return what sends requests as `client` does, and again as `retry` says."""
    return RetryTransport(_Through(client), retry)


class _Through(httpx.BaseTransport):
    """A client as a transport: the library looks at the environment's proxies in a client alone."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._client.send(request, stream=True)


def _no_cookies() -> CookieJar:
    """Return a cookie jar that keeps nothing: cookies do not tell ports apart, so none are ever sent."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
