"""The clients: one for reads, whose connection is kept, and one whose every request has a connection of its own.

On a kept connection, bytes that follow an answer would be taken for the answer to the next request. So a connection is
used again only while everything on it has been followed, and never after a write. Through a proxy nothing is followed.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.request import getproxies

import httpx
from httpx_retries import Retry, RetryTransport

from reconciler.findings import UsageError
from reconciler.http.endpoint import Endpoint
from reconciler.http.watched import WatchedTransport
from reconciler.redaction import without_secrets
from reconciler.settings import environment

KEPT_SECONDS = 4.0
"""Less than servers keep a connection that nobody uses."""

SingleUseClient = httpx.Client

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


class ReadingClient:
    """Sends GETs on one connection.

    It goes past the HTTP library's client, which looks for cookies and for redirects to follow in every answer: over
    thousands of small answers that adds up. Not past a proxy: what goes through one is for the library to say.
    """

    def __init__(self, client: httpx.AsyncClient, direct: httpx.AsyncBaseTransport | None) -> None:
        self._client = client
        self._timeout = client.timeout.as_dict()
        self.send = direct.handle_async_request if direct else partial(client.send, stream=True)

    def get(self, url: httpx.URL, headers: Mapping[str, str]) -> httpx.Request:
        """Return the GET of `url` with `headers` and those of every request."""
        every = self._client.headers.multi_items()
        return httpx.Request("GET", url, headers=[*every, *headers.items()], extensions={"timeout": self._timeout})

    async def aclose(self) -> None:
        await self._client.aclose()


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
        client = httpx.AsyncClient(
            headers={**headers, **({} if transport else _CLOSED)},
            timeout=timeout,
            limits=_ALONE,
            cookies=_no_cookies(),
            transport=transport,
            trust_env=trust_environment,
            verify=trusted,
        )
        return ReadingClient(client, transport)


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


_OWN = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")


def certificates(*, trust_environment: bool) -> ssl.SSLContext:
    """Return which certificates are believed: those of the environment where it names any.

    Where the environment does not count, which is plain http on this machine, none are, and none are read.
    Raises UsageError when the environment names a file or folder that holds none.
    """
    if not trust_environment:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with environment_settings():
        variables = environment()
        own = tuple(variables.get(name, "") for name in _OWN)
        named = next((path for name in _BUNDLES if (path := variables.get(name))), "")
        return _certificates(own, named, tuple(_state(path) for path in (*own, named)))


def names_proxies() -> bool:
    """Whether the environment names any proxy: which addresses go through it is the HTTP library's to say."""
    return not getproxies().keys().isdisjoint(("http", "https", "all"))


@lru_cache(maxsize=8)
def _certificates(own: tuple[str, ...], named: str, states: tuple[object, ...]) -> ssl.SSLContext:
    """Return them, read once: parsing hundreds of certificates takes longer than most requests.

    `states` tell files that were replaced since from those that were read.
    """
    del states
    if any(own) or not named:
        return httpx.create_ssl_context()
    folder = Path(named).is_dir()
    return ssl.create_default_context(cafile=None if folder else named, capath=named if folder else None)


def _state(path: str) -> object:
    """Return what changes when a file is replaced; nothing for one that is not there, which reading it will say."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@contextmanager
def environment_settings() -> Iterator[None]:
    """Turn proxies or certificate files of the environment that cannot be used into an error that names them."""
    try:
        yield
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        raise UsageError(
            f"the proxy or certificate settings of the environment cannot be used: {without_secrets(str(error))}",
            hint="correct HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR or"
            " REQUESTS_CA_BUNDLE",
        ) from None
