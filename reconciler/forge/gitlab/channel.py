"""Requests to GitLab's REST API, and the one question that only its GraphQL API answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from reconciler.findings import RejectedError, RemoteError, UnauthorizedError
from reconciler.forge.gitlab.connection import SETTING, Connection
from reconciler.http.failures import ForbiddenError, LostAnswerError, shown
from reconciler.http.json_channel import JsonChannel
from reconciler.http.waits import asked_wait, dated

LIMITED_WAIT = 60.0


class Channel(JsonChannel):
    """An open channel to one GitLab."""

    what = "GitLab"
    setting = SETTING

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(connection, connection.headers, connection, transport=transport, wait=wait)

    def query(self, question: str, variables: Mapping[str, str]) -> Any:
        """Return what a GraphQL query answers."""
        return self.ask(httpx.URL(f"{self.endpoint.address.removesuffix('/v4')}/graphql"), question, variables)

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

    def error_of(self, method: str, path: str, response: httpx.Response) -> RemoteError:
        status = response.status_code
        said = shown(self.endpoint.redact(_said(response)))
        sentence = f"GitLab answered {status} to {method} {path}" + (f": {said}" if said else "")
        if status == httpx.codes.UNAUTHORIZED:
            return UnauthorizedError(sentence, hint="set GITLAB_TOKEN to a valid token of this GitLab")
        if status == httpx.codes.FORBIDDEN:
            return ForbiddenError(sentence, hint=permission_hint(method, path))
        if status >= httpx.codes.INTERNAL_SERVER_ERROR and method != "GET":
            return LostAnswerError(sentence, hint="run the command again: it looks for what is there before it writes")
        if status == httpx.codes.NOT_FOUND:
            hint = "check the project and the number, and that the token can see them"
        else:
            is_theirs = status >= httpx.codes.INTERNAL_SERVER_ERROR
            hint = "run the command again later" if is_theirs else "correct the request"
        return RejectedError(sentence, status=status, hint=hint)


def permission_hint(method: str, path: str) -> str:
    """Return what a GitLab token needs for a request."""
    if "/groups/" in path:
        return "use a token of a bot that can see the group's members"
    if method != "GET":
        return "use a project access token with the scope `api` and the role Developer"
    return "use a token with the scope `read_api`, of somebody who can see the project"


def escaped(name: object) -> str:
    """Return a name as one segment of a path: a project or group may be written with its slashes."""
    return quote(str(name), safe="")


def _said(response: httpx.Response) -> str:
    try:
        document = response.json()
    except ValueError:
        return response.text
    found = (document.get("message") or document.get("error")) if isinstance(document, Mapping) else None
    return found if isinstance(found, str) else response.text
