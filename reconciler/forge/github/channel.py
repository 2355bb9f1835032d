"""Requests to GitHub: whole answers as JSON, pages followed, rate limits waited for, writes never repeated blindly.

A GET is repeated after a 5xx or a lost connection. A rate limit (403 or 429) means that nothing happened, so any
request is sent again after the wait that GitHub asks for. A write whose answer is lost raises LostAnswerError: its
caller looks for what is there first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import httpx

from reconciler.findings import RejectedError
from reconciler.forge.github.connection import Connection
from reconciler.forge.github.failures import error_of, rate_limited, unreachable, unreadable
from reconciler.http.clients import repeating, single_use_client
from reconciler.http.endpoint import origin_of
from reconciler.http.failures import log_answer
from reconciler.http.waits import asked_wait, dated, read_retries

SECONDARY_WAIT = 60.0
REDIRECTS = 3

_logger = logging.getLogger(__name__)


class Channel:
    """Open it with `with`. `transport` replaces the network and `wait` the waiting."""

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection = connection
        self._wait = wait
        self._client = single_use_client(
            connection,
            connection.headers,
            timeout=connection.timeout,
            transport=transport,
        )
        self._repeating = repeating(self._client, read_retries(connection.retries, backoff=connection.backoff))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **params: str | int) -> Any:
        """Return the JSON that GET `path` answers; raises RemoteError for everything else."""
        return self._json("GET", path, self._send("GET", self._url(path, params)))

    def find(self, path: str, **params: str | int) -> Any | None:
        """Return the JSON that GET `path` answers, None when there is no such thing (404)."""
        try:
            return self.get(path, **params)
        except RejectedError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def pages(self, path: str, *, key: str | None = None, **params: str | int) -> Iterator[Mapping[str, Any]]:
        """Yield every item of a listing, page after page; `key` names the list inside an envelope."""
        url = self._url(path, {**params, "per_page": self.connection.page_size})
        for _ in range(self.connection.max_pages):
            response = self._send("GET", url)
            document = self._json("GET", path, response)
            items = document.get(key) if key and isinstance(document, dict) else document
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise unreadable("GET", path, "it is not a list of objects")
            yield from items
            following = response.links.get("next", {}).get("url")
            if not following:
                return
            url = self._same_origin("GET", path, following)
        raise unreadable("GET", path, f"it has more than {self.connection.max_pages} pages")

    def first_page(self, path: str, **params: str | int) -> tuple[list[Mapping[str, Any]], bool]:
        """Return the first items of a listing, and whether they are all."""
        response = self._send("GET", self._url(path, {**params, "per_page": self.connection.page_size}))
        items = self._json("GET", path, response)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise unreadable("GET", path, "it is not a list of objects")
        return items, "next" not in response.links

    def exists(self, path: str) -> bool:
        """Whether GET `path` finds something (2xx), or says that there is nothing (404)."""
        try:
            self._send("GET", self._url(path, {}))
        except RejectedError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return False
            raise
        return True

    def query(self, question: str, variables: Mapping[str, str]) -> Any:
        """Return the data that a GraphQL query answers; RemoteError where it answers with errors, or not at all."""
        url = httpx.URL(f"{self.connection.api_url.removesuffix('/v3')}/graphql")
        body = {"query": question, "variables": dict(variables)}
        document = self._json("POST", url.path, self._send("POST", url, body))
        if not isinstance(document, dict) or document.get("errors") or "data" not in document:
            raise unreadable("POST", url.path, "it holds errors, or no data")
        return document["data"]

    def write(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Send a write once and return its answer; LostAnswerError when it may have arrived."""
        return self._json(method, path, self._send(method, self._url(path, {}), body))

    def start(self, path: str, body: Mapping[str, Any]) -> None:
        """Send a POST once whose answer holds nothing; LostAnswerError when it may have arrived."""
        self._send("POST", self._url(path, {}), body)

    def delete(self, path: str) -> None:
        """Delete something; that it has gone already is no error."""
        try:
            self._send("DELETE", self._url(path, {}))
        except RejectedError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise

    def _url(self, path: str, params: Mapping[str, str | int]) -> httpx.URL:
        url = httpx.URL(f"{self.connection.api_url}{path}")
        return url.copy_merge_params(params) if params else url

    def _send(self, method: str, url: httpx.URL, body: Mapping[str, Any] | None = None) -> httpx.Response:
        waited = 0.0
        redirects = 0
        while True:
            response = self._once(method, url, body)
            seconds = rate_limit_wait(response)
            if seconds is not None:
                waited += seconds
                if waited > self.connection.patience:
                    raise rate_limited(method, url.path, seconds)
                _logger.info("GitHub limits the rate; waiting %.0f seconds", seconds)
                self._wait(seconds)
            elif response.has_redirect_location and method == "GET" and redirects < REDIRECTS:
                redirects += 1
                url = self._same_origin(method, url.path, response.headers["location"], at=url)
            elif response.is_success:
                return response
            else:
                raise error_of(self.connection, method, url.path, response)

    def _once(self, method: str, url: httpx.URL, body: Mapping[str, Any] | None) -> httpx.Response:
        started = time.monotonic()
        try:
            headers = self.connection.headers_of(url.path)
            request = self._client.build_request(method, url, json=body or None, headers=headers)
            response = self._repeating.handle_request(request)
            response.read()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log_answer(_logger, method, url.path, error, started)
            raise unreachable(self.connection, method, url.path, error) from None
        log_answer(_logger, method, url.path, response, started)
        return response

    def _same_origin(self, method: str, path: str, link: str, *, at: httpx.URL | None = None) -> httpx.URL:
        try:
            url = at.join(link) if at is not None else httpx.URL(link)
        except httpx.InvalidURL:
            raise unreadable(method, path, "it leads to what is no address") from None
        if origin_of(url) != self.connection.origin:
            raise unreadable(method, path, f"it leads to {url.host}, and the token was not sent there")
        return url

    def _json(self, method: str, path: str, response: httpx.Response) -> Any:
        try:
            return response.json()
        except ValueError:
            raise unreadable(method, path, "it is not JSON") from None


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
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or "rate limit" in response.text.lower():
        return SECONDARY_WAIT
    return None
