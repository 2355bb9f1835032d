"""What went wrong between us and Keeptrusts, as errors that say so in one sentence with the cure.

Messages carry the method, the path, the status and the request id; the body bounded, its control characters made
visible, the token taken out wherever an answer echoed it.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from reconciler.findings import RejectedError, RemoteError, UnauthorizedError, UnreachableError, UnreadableError
from reconciler.http.failures import ForbiddenError, reason_of, shown, unreachable_hint
from reconciler.http.waits import asked_wait
from reconciler.keeptrusts import exact_json
from reconciler.keeptrusts.connection import Connection
from reconciler.model.kinds.registry import kinds

REQUEST_ID_HEADERS = ("x-request-id", "x-correlation-id", "request-id", "x-amzn-requestid", "cf-ray", "traceparent")
UNREADABLE_HINT = (
    "nothing was changed; run the command again, and if it happens again show the sentence to whoever runs Keeptrusts"
)


def request_id(headers: httpx.Headers, *, before: str = "") -> str:
    """Return the server's id of the request, by any of its usual names, `before` in front of it; else an empty text."""
    return next((before + shown(headers[name], limit=80) for name in REQUEST_ID_HEADERS if headers.get(name)), "")


def body_text(connection: Connection, body: bytes) -> str:
    """Return what an error body says: `code: message` of the usual envelope, else the text itself, bounded."""
    return shown(connection.redact(_said(body)))


def answered(connection: Connection, method: str, path: str, response: httpx.Response, body: bytes) -> str:
    """Return the sentence for an answer that is an error."""
    identity = request_id(response.headers)
    about = f" (request {connection.redact(identity)})" if identity else ""
    said = body_text(connection, body)
    return f"{method} {path} answered {response.status_code}{about}" + (f": {said}" if said else "")


def error_of(connection: Connection, method: str, path: str, response: httpx.Response, body: bytes) -> RemoteError:
    """Return the error for an answer that is not a success."""
    sentence = answered(connection, method, path, response, body)
    status = response.status_code
    if status == httpx.codes.UNAUTHORIZED:
        return UnauthorizedError(
            f"Keeptrusts refused the token: {sentence}",
            hint=f"set KEEPTRUSTS_API_TOKEN, or --token-file, to a valid token of {connection.host}",
        )
    if status == httpx.codes.FORBIDDEN:
        return ForbiddenError(f"the token may not do this: {sentence}", hint=permission_hint(method, path))
    return RejectedError(sentence, status=status, hint=_rejection_hint(connection, path, response))


def permission_hint(method: str, path: str) -> str:
    """Return which permission a request needs, as far as it is documented."""
    if method != "GET" and path.startswith("/v1/wallets"):
        return "use a token with the permission `org:billing`: wallet writes need it"
    if path.startswith("/v1/wallets"):
        return "use a token of a member of the organization: wallet reads need organization membership"
    cover = f"use a token whose permissions cover {method} {path}"
    return cover if method == "GET" or path.startswith("/v1/exports") else f"{cover}, such as one with `org:billing`"


def unreachable(connection: Connection, method: str, path: str, error: Exception) -> UnreachableError:
    """Return the error for a request that no whole answer came back to."""
    reason = reason_of(connection, error)
    return UnreachableError(
        f"{connection.host} gave no answer to {method} {path}: {reason}",
        hint=unreachable_hint(reason, setting="--api-url or KEEPTRUSTS_API_URL"),
    )


def unreadable(where: str, reason: str, hint: str = UNREADABLE_HINT) -> UnreadableError:
    """Return the error for an answer that cannot be understood whole."""
    return UnreadableError(f"{where} cannot be read: {reason}", hint=hint)


def web_page(connection: Connection, path: str) -> UnreadableError:
    """Return the error for a page for people where the API was asked."""
    reason = f"{connection.base_url} answers with a web page, as a site or a sign-in does"
    hint = "set --api-url or KEEPTRUSTS_API_URL to the address of the API; a proxy may also want a sign-in"
    return unreadable(f"GET {path}", reason, hint)


def _rejection_hint(connection: Connection, path: str, response: httpx.Response) -> str:
    status = response.status_code
    if wait := asked_wait(response.headers):
        return f"nothing was changed; run the command again in {wait:,.0f} seconds: Keeptrusts asks to wait as long"
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return "nothing was changed; run the command again later"
    for kind in kinds():
        if path == connection.path_of(kind) and kind.not_offered is None:
            return f"if this Keeptrusts serves {kind.nouns} elsewhere, set `api.{kind.section}_path` in org.yaml"
    return f"check that {connection.base_url} is the address of a Keeptrusts API"


def _said(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        document = exact_json.decode(body)
    except ValueError:
        return text
    if not isinstance(document, Mapping):
        return text
    error = document.get("error")
    details = error if isinstance(error, Mapping) else document
    found = [details.get("message"), document.get("detail"), error]
    message = next((said for said in found if isinstance(said, str) and said), "")
    code = details.get("code")
    return (f"{code}: {message}" if isinstance(code, str) and code else message) if message else text
