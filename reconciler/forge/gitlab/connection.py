"""How to reach one GitLab: address, token, patience. Frozen, and safe to show: the token never appears."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.findings import UnauthorizedError
from reconciler.http.endpoint import USER_AGENT, is_token
from reconciler.http.json_channel import JsonEndpoint

DEFAULT_API_URL = "https://gitlab.com/api/v4"
SETTING = "CI_API_V4_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(JsonEndpoint):
    """Settings of one GitLab."""

    api_url: str = DEFAULT_API_URL

    def __post_init__(self) -> None:
        super(Connection, self).__post_init__()
        self.check_address("GitLab", setting=SETTING, example=DEFAULT_API_URL)
        if not is_token(self.token):
            raise UnauthorizedError(
                "no usable GitLab token was given; nothing was sent",
                hint="set GITLAB_TOKEN to a project access token; in GitLab CI/CD it is a protected variable",
            )

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request, the secret included."""
        return {"Accept": "application/json", "PRIVATE-TOKEN": self.token, **USER_AGENT}
