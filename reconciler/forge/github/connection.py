"""How to reach one GitHub: address, token, patience. Frozen, and safe to show: the token never appears."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reconciler.findings import UnauthorizedError
from reconciler.http.endpoint import USER_AGENT, Endpoint, is_token

DEFAULT_API_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
_PEOPLE = re.compile(r"/orgs/[^/]+/(?:teams|members)\b|/graphql$|/collaborators/[^/]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Endpoint):
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
        self.check_address("GitHub", setting="GITHUB_API_URL", example=DEFAULT_API_URL)
        if not is_token(self.token) or not is_token(self.members_token):
            raise UnauthorizedError(
                "no usable GitHub token was given; nothing was sent",
                hint="set GITHUB_TOKEN; in GitHub Actions to `${{ github.token }}`",
            )

    @property
    def address(self) -> str:
        return self.api_url

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.token, self.members_token

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request, the secret included."""
        return {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            **USER_AGENT,
            "X-GitHub-Api-Version": API_VERSION,
        }

    def headers_of(self, path: str) -> dict[str, str]:
        """Return what a request to `path` has otherwise than every request: who asks about people."""
        if _PEOPLE.search(path) is None or self.members_token == self.token:
            return {}
        return {"Authorization": f"Bearer {self.members_token}"}
