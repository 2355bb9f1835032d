"""How to reach one GitLab, and requests to its REST API, with the one question that only its GraphQL API answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from reconciler.findings import UnauthorizedError
from reconciler.http.endpoint import USER_AGENT, is_token
from reconciler.http.json_channel import JsonChannel
from reconciler.http.json_endpoint import JsonEndpoint
from reconciler.http.waits import asked_wait, dated

DEFAULT_API_URL = "https://gitlab.com/api/v4"
SETTING = "CI_API_V4_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(JsonEndpoint):
    """Settings of one GitLab: address and token. Frozen, and safe to show: the token never appears."""

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
        return {"Accept": "application/json", "PRIVATE-TOKEN": self.token, **USER_AGENT}


LIMITED_WAIT = 60.0


class Channel(JsonChannel):
    """An open channel to one GitLab."""

    what = "GitLab"
    setting = SETTING
    credential = "GITLAB_TOKEN"
    place = "project"

    def limit_wait(self, response: httpx.Response) -> float | None:
        """Return the seconds of Retry-After, else until RateLimit-Reset by GitLab's own clock, else a minute."""
        if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
            return None
        headers = response.headers
        asked = asked_wait(headers)
        if asked is not None:
            return asked
        if headers.get("ratelimit-reset", "").isdigit():
            answered_at = dated(headers) or datetime.now(UTC)
            return max(float(headers["ratelimit-reset"]) - answered_at.timestamp(), 1.0)
        return LIMITED_WAIT

    def permission_hint(self, method: str, route: str) -> str:
        if route.startswith("/groups/"):
            return "use a token of a bot that can see the group's members"
        if method != "GET":
            return "use a project access token with the scope `api` and the role Developer"
        return "use a token with the scope `read_api`, of somebody who can see the project"

    def said(self, document: Mapping[str, Any]) -> object:
        return document.get("message") or document.get("error")


def escaped(name: object) -> str:
    """Return a name as one segment of a path: a project or group may be written with its slashes."""
    return quote(str(name), safe="")
