"""How this machine reaches the network: the proxies and certificates that its environment names, for every client.

Proxies are the HTTP library's own reading of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. Of certificates it knows
SSL_CERT_FILE and SSL_CERT_DIR; the names that other tools taught people to set count here too.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.request import getproxies

import httpx

from reconciler.findings import UsageError
from reconciler.redaction import without_secrets
from reconciler.settings import environment

_OWN = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")


def certificates(*, trust_environment: bool) -> ssl.SSLContext:
    """Return which certificates are believed: those of the environment where it names any.

    Raises UsageError when the environment names a file or folder that holds none.
    """
    with environment_settings():
        variables = environment()
        own = tuple(variables.get(name, "") for name in _OWN)
        named = next((path for name in _BUNDLES if (path := variables.get(name))), "")
        return _certificates(own, named, tuple(_state(path) for path in (*own, named)), trust_environment)


def names_proxies() -> bool:
    """Whether the environment names any proxy: which addresses go through it is the HTTP library's to say."""
    return not getproxies().keys().isdisjoint(("http", "https", "all"))


@lru_cache(maxsize=8)
def _certificates(
    own: tuple[str, ...],
    named: str,
    states: tuple[object, ...],
    trust_environment: bool,
) -> ssl.SSLContext:
    """Return them, read once: parsing hundreds of certificates takes longer than most requests.

    `states` tell files that were replaced since from those that were read.
    """
    del states
    if not trust_environment or any(own):
        return httpx.create_ssl_context(trust_env=trust_environment)
    if not named:
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
