"""How to reach one GitHub: address, token, patience. Frozen, and safe to show: the token never appears."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reconciler.findings import UnauthorizedError
from reconciler.http.endpoint import USER_AGENT, is_token
from reconciler.http.json_channel import JsonEndpoint

DEFAULT_API_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
_PEOPLE = re.compile(r"/orgs/[^/]+/(?:teams|members)\b|/graphql$|/collaborators/[^/]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(JsonEndpoint):
    """Settings of one GitHub. `members_token` is for requests about people, where `token` may not make them."""

    api_url: str = DEFAULT_API_URL
    members_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        super(Connection, self).__post_init__()
        object.__setattr__(self, "members_token", self.members_token.strip() or self.token)
        self.check_address("GitHub", setting="GITHUB_API_URL", example=DEFAULT_API_URL)
        if not is_token(self.token) or not is_token(self.members_token):
            raise UnauthorizedError(
                "no usable GitHub token was given; nothing was sent",
                hint="set GITHUB_TOKEN; in GitHub Actions to `${{ github.token }}`",
            )

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
