"""What went wrong on the way to an API: the kinds that its callers tell apart, and words that are safe to show."""

from __future__ import annotations

import logging
import time

import httpx

from reconciler.findings import UnauthorizedError, UnreachableError
from reconciler.http.endpoint import Endpoint
from reconciler.redaction import printable

BODY_LIMIT = 300
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""The errors before there is a connection: only of these is it certain that nothing was sent (decision 0014)."""


class ForbiddenError(UnauthorizedError):
    """The token is good and may not do this: 403."""


class LostAnswerError(UnreachableError):
    """A write may have arrived, and no trustworthy answer came back: look before sending it again."""


def shown(text: str, *, limit: int = BODY_LIMIT) -> str:
    """Return `text` on one line, at most `limit` characters, with every character that is not printable escaped."""
    visible = printable(" ".join(text.split()))
    return visible if len(visible) <= limit else visible[: limit - 1] + "…"


def reason_of(endpoint: Endpoint, error: Exception) -> str:
    """Return why no whole answer came, without a secret."""
    return shown(endpoint.redact(str(error) or type(error).__name__))


def unreachable_hint(reason: str, *, setting: str) -> str:
    """Return what to do about it; `setting` is where the address comes from."""
    if "certificate" in reason.lower():
        return "name the certificate authority of this host with SSL_CERT_FILE, then run the command again"
    return f"check {setting}, the network and the proxy, then run the command again"


def log_answer(
    logger: logging.Logger,
    method: str,
    path: str,
    answer: httpx.Response | Exception,
    started: float,
    *,
    more: str = "",
) -> None:
    """Log what a request came to, and after how long; `started` is a reading of the monotonic clock."""
    if logger.isEnabledFor(logging.INFO):
        came = answer.status_code if isinstance(answer, httpx.Response) else type(answer).__name__
        logger.info("%s %s: %s after %.0f ms%s", method, path, came, (time.monotonic() - started) * 1000, more)
