"""How to reach one GitHub, and requests to its REST API, with the one question that only its GraphQL API answers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from reconciler.findings import UnauthorizedError
from reconciler.http.endpoint import USER_AGENT, is_token
from reconciler.http.json_channel import JsonChannel
from reconciler.http.json_endpoint import JsonEndpoint
from reconciler.http.waits import asked_wait, dated

DEFAULT_API_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
_REPOSITORY = re.compile(r"/(?:repos/[^/]+/[^/]+|repositories/[0-9]+)(?=/|$)")
_TEAMS = re.compile(r"/orgs/[^/]+/(?:teams|members)\b|/graphql$")
_COLLABORATORS = re.compile(r"/collaborators/[^/]+")
_NEEDS = (
    (re.compile(r"(?:/commits/[^/]+)?/check-runs\b"), "checks"),
    (re.compile(r"(?:/commits/[^/]+)?/pulls\b|/issues(?:/[0-9]+)?/comments\b"), "pull-requests"),
    (re.compile(r"/issues\b"), "issues"),
    (re.compile(r"/actions/"), "actions"),
    (re.compile(""), "contents"),
)
"""The permission that a request within a repository needs: that of the first that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(JsonEndpoint):
    """Settings of one GitHub, safe to show. `members_token` asks about people, where `token` may not."""

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
        return {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            **USER_AGENT,
            "X-GitHub-Api-Version": API_VERSION,
        }

    def headers_of(self, route: str) -> dict[str, str]:
        """Return what a request has otherwise than every request: who asks about people."""
        is_about_people = _TEAMS.match(route) or _COLLABORATORS.fullmatch(_within(route))
        if not is_about_people or self.members_token == self.token:
            return {}
        return {"Authorization": f"Bearer {self.members_token}"}


SECONDARY_WAIT = 60.0
_SECONDARY = re.compile(r"rate[ -]limit|abuse detection", re.IGNORECASE)
"""How a secondary rate limit is told: by its message, in older words of abuse, or by the page that explains it."""


class Channel(JsonChannel):
    """An open channel to one GitHub."""

    what = "GitHub"
    setting = "GITHUB_API_URL"
    credential = "GITHUB_TOKEN"
    place = "repository"

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(connection, transport=transport, wait=wait)
        self.connection = connection

    def headers_of(self, route: str) -> Mapping[str, str]:
        return self.connection.headers_of(route)

    def limit_wait(self, response: httpx.Response) -> float | None:
        return rate_limit_wait(response)

    def permission_hint(self, method: str, route: str) -> str:
        within = _within(route)
        if _TEAMS.match(route):
            return (
                "use a token that may read the members of that very organization (`members: read`): the Actions token"
                " may not, and an app only where it is installed, from an address and with the sign-on that it asks for"
            )
        if _COLLABORATORS.match(within):
            return "use a token of an app, or of somebody who may push to the repository: others do not see who may"
        needed = next(name for pattern, name in _NEEDS if pattern.match(within))
        who = "; check runs can only be written by GitHub Actions or a GitHub App" if needed == "checks" else ""
        return f"grant `{needed}: {'read' if method == 'GET' else 'write'}`{who}"

    def said(self, document: Mapping[str, Any]) -> object:
        return document.get("message")


def _within(route: str) -> str:
    """Return what a route is about inside of its repository, however that is called."""
    return _REPOSITORY.sub("", route, count=1) if _REPOSITORY.match(route) else route


def rate_limit_wait(response: httpx.Response) -> float | None:
    """Return the seconds that a rate limit asks to wait, None when the answer is no rate limit.

    By `Retry-After`, else until `x-ratelimit-reset` when nothing remains, else a minute for a limit that only says so.
    Time is GitHub's own, from the `Date` of the answer, so that this machine's clock does not matter.
    """
    if response.status_code not in (httpx.codes.FORBIDDEN, httpx.codes.TOO_MANY_REQUESTS):
        return None
    headers = response.headers
    asked = asked_wait(headers)
    if asked is not None:
        return asked
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        answered_at = dated(headers) or datetime.now(UTC)
        return max(float(headers["x-ratelimit-reset"]) - answered_at.timestamp(), 1.0)
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or _SECONDARY.search(response.text):
        return SECONDARY_WAIT
    return None
