"""Incoming webhooks: one message to an address that is itself the secret, over https alone or to this machine.

A message that was limited, or refused by a server that is not well, is sent again a few times within a minute. One
whose answer is lost is not: it may have arrived. Nothing follows a redirect, for the address would go along.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from httpx_retries import Retry

from reconciler.findings import RejectedError, UnreachableError, UsageError
from reconciler.http.clients import repeating, single_use_client
from reconciler.http.endpoint import USER_AGENT, Endpoint, is_token
from reconciler.http.failures import BODY_LIMIT, UNSENT, LostAnswerError, log_answer, reason_of, shown, unreachable_hint
from reconciler.http.waits import BROKEN

TIMES = 3
PATIENCE = 60.0
"""Seconds that all waits together take at most."""

_logger = logging.getLogger(__name__)
_GONE = (401, 403, 404, 410)


@dataclass(frozen=True, slots=True)
class Webhook(Endpoint):
    """An address that messages are posted to. Whoever knows it can post: no part of it but the host is ever shown.

    `source` is where it comes from, in words. Raises UsageError where it is no https address; times are in seconds.
    """

    url: str = field(repr=False)
    source: str
    timeout: float = 10.0

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
            httpx.URL(self.url)
        except (ValueError, httpx.InvalidURL):
            usable = False
        if not usable or "@" in parts.netloc or not is_token(self.url):
            hint = "put the whole address of the incoming webhook there, and nothing else"
            raise UsageError(f"{self.source} holds no address of a webhook, https://HOST/...", hint=hint)
        if parts.scheme == "http" and not self.is_loopback:
            hint = "use its https address"
            raise UsageError(f"{self.source} is plain http, which would show the address to the network", hint=hint)

    @property
    def address(self) -> str:
        return self.url

    @property
    def secrets(self) -> tuple[str, ...]:
        parts = urlsplit(self.url)
        whole = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return tuple(text for text in (self.url, whole, parts.path, parts.query) if len(text) > 1)


def retries() -> Retry:
    """Return how a message is sent again, as long as it certainly did not arrive or was not taken."""
    return Retry(
        total=TIMES,
        allowed_methods=["POST"],
        status_forcelist=(httpx.codes.TOO_MANY_REQUESTS, *BROKEN),
        retry_on_exceptions=UNSENT,
        backoff_factor=0.5,
        max_backoff_wait=PATIENCE,
        total_timeout=PATIENCE,
    )


def post(webhook: Webhook, body: str, *, retry: Retry | None = None) -> None:
    """Send a message, and return once it was taken.

    Raises:
        RejectedError: it was refused, or leads elsewhere.
        LostAnswerError: no answer came, so that nobody knows whether it arrived.
        UnreachableError: it was not sent.
    """
    headers = {**USER_AGENT, "Content-Type": "application/json; charset=utf-8"}
    started = time.monotonic()
    with single_use_client(webhook, headers, timeout=webhook.timeout) as client:
        request = client.build_request("POST", webhook.url, content=body.encode())
        try:
            response = repeating(client, retry or retries()).handle_request(request)
            said = next(response.iter_text(BODY_LIMIT), "") if not response.is_success else ""
            response.close()
        except httpx.HTTPError as error:
            log_answer(_logger, "POST", webhook.host, error, started)
            raise _unanswered(webhook, error) from None
    log_answer(_logger, "POST", webhook.host, response, started)
    if not response.is_success:
        raise _rejected(webhook, response, said)


def _unanswered(webhook: Webhook, error: httpx.HTTPError) -> UnreachableError:
    reason = reason_of(webhook, error)
    if isinstance(error, UNSENT):
        hint = unreachable_hint(reason, setting=webhook.source)
        return UnreachableError(f"{webhook.host} cannot be reached: {reason}", hint=hint)
    hint = "look there before you send it again"
    return LostAnswerError(f"{webhook.host} gave no answer, so the message may have arrived: {reason}", hint=hint)


def _rejected(webhook: Webhook, response: httpx.Response, said: str) -> RejectedError:
    status = response.status_code
    if response.has_redirect_location:
        hint = f"put the address that it leads to into {webhook.source}, if it is meant"
        return RejectedError(
            f"{webhook.host} leads elsewhere ({status}); nothing was sent there", status=status, hint=hint
        )
    told = shown(webhook.redact(said))
    hint = "send it again later" if status == httpx.codes.TOO_MANY_REQUESTS or status in BROKEN else "see what it says"
    if status in _GONE:
        hint = f"the webhook may be revoked: make a new one and put its address into {webhook.source}"
    return RejectedError(f"{webhook.host} answered {status}" + (f": {told}" if told else ""), status=status, hint=hint)
