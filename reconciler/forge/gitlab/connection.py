"""How to reach one GitLab: address, token, patience. Frozen, and safe to show: the token never appears."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.findings import UnauthorizedError
from reconciler.http.endpoint import USER_AGENT, Endpoint, is_token

DEFAULT_API_URL = "https://gitlab.com/api/v4"
SETTING = "CI_API_V4_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Endpoint):
    """Settings of one GitLab. Times are in seconds.

    `patience` is how long one request may wait for rate limits in all; `retries` counts repetitions of a GET after a
    5xx or a lost connection. A token is only sent over https, or over http to this machine.
    """

    api_url: str = DEFAULT_API_URL
    token: str = field(repr=False)
    timeout: float = 30.0
    patience: float = 300.0
    retries: int = 4
    backoff: float = 0.5
    page_size: int = 100
    max_pages: int = 1_000

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_url", self.api_url.strip().rstrip("/"))
        object.__setattr__(self, "token", self.token.strip())
        self.check_address("GitLab", setting=SETTING, example=DEFAULT_API_URL)
        if not is_token(self.token):
            raise UnauthorizedError(
                "no usable GitLab token was given; nothing was sent",
                hint="set GITLAB_TOKEN to a project access token; in GitLab CI/CD it is a protected variable",
            )

    @property
    def address(self) -> str:
        return self.api_url

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.token,)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request, the secret included."""
        return {"Accept": "application/json", "PRIVATE-TOKEN": self.token, **USER_AGENT}
