"""How to reach one Keeptrusts: address, token, patience. Frozen, and safe to show: the token never appears."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Literal
from urllib.parse import quote, urlsplit

import httpx
from pydantic import SecretStr

from reconciler.findings import UnauthorizedError, UsageError
from reconciler.http.environment import is_loopback
from reconciler.version import __version__

_SHOWN_TOKEN = "***"  # noqa: S105
_BUDGETS_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Settings of one Keeptrusts. Times are in seconds.

    `total_timeout` bounds one read with all its retries; `retries` counts repetitions of a GET after the first try,
    with waits that double from `backoff` and are never above `longest_wait`, Retry-After included. `concurrency`
    bounds the reads under way at a time. A token is only sent over https, or over http to this machine unless
    `allow_plain_http`. `ledger_months_before` is how many months before a period its ledger is read from: 1 also finds
    money that was moved, and marked, for a period before it began. `ledger_types` says what this deployment's own words
    for types of transactions mean.
    """

    base_url: str
    token: str | SecretStr
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    total_timeout: float = 60.0
    concurrency: int = 8
    page_limit: int = 200
    max_pages: int = 1_000
    max_body_bytes: int = 64 * 1024 * 1024
    retries: int = 4
    backoff: float = 0.2
    longest_wait: float = 30.0
    description_field: Literal["description", "note"] = "description"
    billing_budgets_path: str = "/v1/billing/budgets"
    allow_plain_http: bool = False
    ledger_months_before: int = 0
    ledger_types: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", self.base_url.strip().rstrip("/"))
        object.__setattr__(self, "token", SecretStr(_secret(self.token).strip()))
        object.__setattr__(self, "billing_budgets_path", self.billing_budgets_path.rstrip("/"))
        _check_token(_secret(self.token))
        self._check_url()
        self._check_budgets_path()

    @property
    def origin(self) -> str:
        """The scheme, host and port that the token belongs to."""
        return origin_of(httpx.URL(self.base_url))

    @property
    def host(self) -> str:
        """The host, with the port where one is written: what messages name."""
        return urlsplit(self.base_url).netloc

    @property
    def is_loopback(self) -> bool:
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def trusts_environment(self) -> bool:
        """Whether proxies from the environment apply: not to plain http on this machine."""
        return not (self.is_loopback and self.base_url.startswith("http:"))

    @property
    def timeout(self) -> httpx.Timeout:
        return httpx.Timeout(self.read_timeout, connect=self.connect_timeout, pool=None)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that identify this program; they carry no secret."""
        return {"Accept": "application/json", "User-Agent": f"kt-budgets/{__version__}"}

    @property
    def authorization(self) -> dict[str, str]:
        """The header that carries the token. Only for `origin`."""
        return {"Authorization": f"Bearer {_secret(self.token)}"}

    def url(self, path: str) -> str:
        return f"{self.base_url}{path}"

    def redact(self, text: str) -> str:
        """Return `text` without the token, however an answer may echo it."""
        token = _secret(self.token)
        for form in (token, quote(token, safe=""), quote(token)):
            text = text.replace(form, _SHOWN_TOKEN)
        return text

    def _check_url(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
            httpx.URL(self.base_url)
        except (ValueError, httpx.InvalidURL):
            usable = False
        if not usable or "@" in parts.netloc or parts.query or parts.fragment:
            raise UsageError(
                "the Keeptrusts URL must be https://HOST, with no user name, query or fragment",
                hint="set --api-url or KEEPTRUSTS_API_URL to an address such as https://api.keeptrusts.com",
            )
        if parts.scheme == "http" and not self.is_loopback and not self.allow_plain_http:
            raise UsageError(
                f"{parts.netloc} is plain http, which would show the token to the network; nothing was sent",
                hint=f"set --api-url or KEEPTRUSTS_API_URL to https://{parts.netloc}",
            )

    def _check_budgets_path(self) -> None:
        path = self.billing_budgets_path
        if _BUDGETS_PATH.fullmatch(path) is None or path.startswith("/v1/wallets"):
            raise UsageError(
                f"`{path}` cannot be the path of the billing budgets",
                hint="set `api.billing_budgets_path` in org.yaml to a path such as /v1/billing/budgets",
            )


def origin_of(url: httpx.URL) -> str:
    """Return the origin of `url` with the port always written, so that two origins compare as text."""
    port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
    return f"{url.scheme}://{url.host.lower()}:{port}"


def no_cookies() -> CookieJar:
    """Return a cookie jar that keeps nothing: cookies do not tell ports apart, so none are ever sent."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


def _secret(token: str | SecretStr) -> str:
    return token if isinstance(token, str) else token.get_secret_value()


def _check_token(token: str) -> None:
    if not token:
        raise UnauthorizedError(
            "no Keeptrusts token was given; nothing was sent", hint="set KEEPTRUSTS_API_TOKEN or name a --token-file"
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UnauthorizedError(
            "the Keeptrusts token holds a space or a character that no token has; nothing was sent",
            hint="KEEPTRUSTS_API_TOKEN or the --token-file must hold the token alone, on one line",
        )
