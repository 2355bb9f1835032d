"""What went wrong between us and GitHub, as errors that say so in one sentence with the cure."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from reconciler.findings import RejectedError, RemoteError, UnauthorizedError, UnreadableError
from reconciler.forge.github.connection import Connection
from reconciler.http.failures import ForbiddenError, LostAnswerError, shown


def error_of(connection: Connection, method: str, path: str, response: httpx.Response) -> RemoteError:
    """Return the error for an answer that is not a success."""
    status = response.status_code
    said = shown(connection.redact(_said(response)))
    sentence = f"GitHub answered {status} to {method} {path}" + (f": {said}" if said else "")
    if status == httpx.codes.UNAUTHORIZED:
        return UnauthorizedError(sentence, hint="set GITHUB_TOKEN to a valid token of this GitHub")
    if status == httpx.codes.FORBIDDEN:
        return ForbiddenError(sentence, hint=permission_hint(method, path))
    if status >= httpx.codes.INTERNAL_SERVER_ERROR and method != "GET":
        return LostAnswerError(sentence, hint="run the command again: it looks for what is there before it writes")
    if status == httpx.codes.NOT_FOUND:
        hint = "check the repository and the number, and that the token can see them"
    else:
        hint = "run the command again later" if status >= httpx.codes.INTERNAL_SERVER_ERROR else "correct the request"
    return RejectedError(sentence, status=status, hint=hint)


def permission_hint(method: str, path: str) -> str:
    """Return which permission of a GitHub token a request needs."""
    writes = "read" if method == "GET" else "write"
    if path.startswith("/orgs/"):
        return "use a token that may read organization members (`members: read`); the Actions token may not"
    if "/check-runs" in path:
        return f"grant `checks: {writes}`; check runs can only be written by GitHub Actions or a GitHub App"
    if "/comments" in path or "/pulls" in path:
        return f"grant `pull-requests: {writes}`"
    if "/issues" in path:
        return f"grant `issues: {writes}`"
    return f"grant `contents: {writes}`"


def unreadable(method: str, path: str, reason: str) -> UnreadableError:
    """Return the error for an answer that cannot be understood whole."""
    return UnreadableError(
        f"GitHub's answer to {method} {path} cannot be read: {reason}",
        hint="check that GITHUB_API_URL is the address of a GitHub API",
    )


def _said(response: httpx.Response) -> str:
    try:
        document = response.json()
    except ValueError:
        return response.text
    message = document.get("message") if isinstance(document, Mapping) else None
    return message if isinstance(message, str) else response.text
