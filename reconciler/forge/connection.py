"""How to reach one GitHub: address, token, patience. Frozen, and safe to show: the token never appears."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import httpx

from reconciler.findings import UnauthorizedError, UsageError
from reconciler.http.environment import is_loopback
from reconciler.version import __version__

DEFAULT_API_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
_PEOPLE = re.compile(r"/orgs/[^/]+/(?:teams|members)\b|/graphql$|/collaborators/[^/]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Settings of one GitHub. Times are in seconds.

    `patience` is how long one request may wait for rate limits in all; `retries` counts repetitions of a GET after a
    5xx or a lost connection. A token is only sent over https, or over http to this machine. `members_token` is for
    requests about people, where `token` may not make them.
    """

    api_url: str = DEFAULT_API_URL
    token: str = field(repr=False)
    members_token: str = field(default="", repr=False)
    timeout: float = 30.0
    patience: float = 300.0
    retries: int = 4
    backoff: float = 0.5
    page_size: int = 100
    max_pages: int = 1_000

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_url", self.api_url.strip().rstrip("/"))
        object.__setattr__(self, "token", self.token.strip())
        object.__setattr__(self, "members_token", self.members_token.strip() or self.token)
        self._check_url()
        if not _is_usable(self.token) or not _is_usable(self.members_token):
            raise UnauthorizedError(
                "no usable GitHub token was given; nothing was sent",
                hint="set GITHUB_TOKEN; in GitHub Actions to `${{ github.token }}`",
            )

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """The scheme, host and port that the token belongs to."""
        return origin_of(httpx.URL(self.api_url))

    @property
    def is_loopback(self) -> bool:
        return is_loopback(urlsplit(self.api_url).hostname or "")

    @property
    def host(self) -> str:
        """The host, with the port where one is written: what messages name."""
        return urlsplit(self.api_url).netloc

    @property
    def trusts_environment(self) -> bool:
        """Whether proxies from the environment apply: not to plain http on this machine."""
        return not (self.is_loopback and self.api_url.startswith("http:"))

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request, the secret included."""
        return {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "User-Agent": f"kt-budgets/{__version__}",
            "X-GitHub-Api-Version": API_VERSION,
        }

    def headers_of(self, path: str) -> dict[str, str]:
        """Return what a request to `path` has otherwise than every request: who asks about people."""
        if _PEOPLE.search(path) is None or self.members_token == self.token:
            return {}
        return {"Authorization": f"Bearer {self.members_token}"}

    def redact(self, text: str) -> str:
        """Return `text` without the tokens, however an answer may echo them."""
        for token in (self.token, self.members_token):
            for form in (token, quote(token, safe="")):
                text = text.replace(form, "***")
        return text

    def _check_url(self) -> None:
        try:
            parts = urlsplit(self.api_url)
            usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
            httpx.URL(self.api_url)
        except (ValueError, httpx.InvalidURL):
            usable = False
        if not usable or "@" in parts.netloc or parts.query or parts.fragment:
            raise UsageError(
                "the GitHub URL must be https://HOST, with no user name and no query",
                hint=f"set GITHUB_API_URL to an address such as {DEFAULT_API_URL}",
            )
        if parts.scheme == "http" and not self.is_loopback:
            raise UsageError(
                f"{parts.netloc} is plain http, which would show the token to the network; nothing was sent",
                hint=f"set GITHUB_API_URL to https://{parts.netloc}",
            )


def _is_usable(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return what two addresses must share for a token to be sent to both."""
    return url.scheme, url.host.lower(), url.port or {"http": 80, "https": 443}.get(url.scheme)
