"""Where an API is, and what may be sent there: its origin, and the rule that no token travels over plain http.

A token belongs to one origin: scheme, host and port (decision 0029). Plain http is for this machine, where proxies do
not apply either.
"""

from __future__ import annotations

import ipaddress
from abc import ABC, abstractmethod
from urllib.parse import urlsplit

import httpx

from reconciler.findings import UsageError
from reconciler.redaction import without
from reconciler.version import __version__

USER_AGENT = {"User-Agent": f"kt-budgets/{__version__}"}


class Endpoint(ABC):
    """What the settings of every API share. They are safe to show: no secret is in what they represent."""

    __slots__ = ()

    @property
    @abstractmethod
    def address(self) -> str:
        """The URL that every path of the API follows, without a slash at its end."""

    @property
    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """What may never be shown."""

    @property
    def origin(self) -> str:
        """The scheme, host and port that the token belongs to."""
        return origin_of(httpx.URL(self.address))

    @property
    def host(self) -> str:
        """The host, with the port where one is written: what messages name."""
        return urlsplit(self.address).netloc

    @property
    def is_loopback(self) -> bool:
        return is_loopback(urlsplit(self.address).hostname or "")

    @property
    def trusts_environment(self) -> bool:
        """Whether proxies and certificates of the environment apply: not to plain http on this machine."""
        return not (self.is_loopback and self.address.startswith("http:"))

    def redact(self, text: str) -> str:
        """Return `text` without the secrets, however an answer may echo them."""
        return without(text, *self.secrets)

    def check_address(self, what: str, *, setting: str, example: str, plain_http: bool = False) -> None:
        """Raise UsageError for an address that cannot be `what`'s, or that would show the token to the network."""
        try:
            parts = urlsplit(self.address)
            usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
            httpx.URL(self.address)
        except (ValueError, httpx.InvalidURL):
            usable = False
        if not usable or "@" in parts.netloc or parts.query or parts.fragment:
            raise UsageError(
                f"the {what} URL must be https://HOST, with no user name, query or fragment",
                hint=f"set {setting} to an address such as {example}",
            )
        if parts.scheme == "http" and not self.is_loopback and not plain_http:
            raise UsageError(
                f"{parts.netloc} is plain http, which would show the token to the network; nothing was sent",
                hint=f"set {setting} to https://{parts.netloc}",
            )


def origin_of(url: httpx.URL) -> str:
    """Return the origin of `url` with the port always written, so that two origins compare as text."""
    port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
    return f"{url.scheme}://{url.host.lower()}:{port}"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_token(text: str) -> bool:
    """Whether a header can carry `text` as a token."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
