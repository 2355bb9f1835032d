"""Requests to a forge's API: whole answers as JSON, pages followed, rate limits waited for, no write repeated blindly.

A GET is repeated after a 5xx or a lost connection. A rate limit means that nothing happened, so any request is sent
again after the wait that was asked for. A write whose answer is lost raises LostAnswerError: its caller looks first.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self

import httpx

from reconciler.findings import RejectedError, RemoteError, UnauthorizedError, UnreachableError, UnreadableError
from reconciler.http.clients import repeating, single_use_client
from reconciler.http.endpoint import origin_of
from reconciler.http.failures import (
    UNSENT,
    ForbiddenError,
    LostAnswerError,
    log_answer,
    reason_of,
    shown,
    unreachable_hint,
)
from reconciler.http.json_endpoint import JsonEndpoint
from reconciler.http.waits import read_retries

REDIRECTS = 3

_logger = logging.getLogger(__name__)


class _Following(NamedTuple):
    """Where the next page of a listing is. Where nobody told, it may be the same one again."""

    url: httpx.URL
    is_told: bool


class JsonChannel(ABC):
    """Open it with `with`. `transport` replaces the network and `wait` the waiting.

    `what` is the forge's name, `setting` and `credential` the variables of its address and its token, and `place` what
    it calls a repository.
    """

    what: ClassVar[str]
    setting: ClassVar[str]
    credential: ClassVar[str]
    place: ClassVar[str]

    def __init__(
        self,
        endpoint: JsonEndpoint,
        *,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.endpoint = endpoint
        self._wait = wait
        self._client = single_use_client(endpoint, endpoint.headers, timeout=endpoint.timeout, transport=transport)
        self._repeating = repeating(self._client, read_retries(endpoint.retries, backoff=endpoint.backoff))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @abstractmethod
    def permission_hint(self, method: str, route: str) -> str:
        """Return what a token needs for a request to a route of the API."""

    @abstractmethod
    def said(self, document: Mapping[str, Any]) -> object:
        """Return what an answer that is not a success says went wrong."""

    @abstractmethod
    def limit_wait(self, response: httpx.Response) -> float | None:
        """Return the seconds that a rate limit asks to wait, None when the answer is no rate limit."""

    def headers_of(self, route: str) -> Mapping[str, str]:
        """Return what a request to a route of the API has otherwise than every request."""
        del route
        return {}

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
        url = self._url(path, {**params, "per_page": self.endpoint.page_size})
        before: list[Mapping[str, Any]] | None = None
        for _ in range(self.endpoint.max_pages):
            response = self._send("GET", url)
            items = self._items(path, response, key)
            if items == before:
                return
            yield from items
            following = self._following(path, url, response, len(items))
            if following is None:
                return
            before = None if following.is_told else items
            url = following.url
        raise self.unreadable("GET", path, f"it has more than {self.endpoint.max_pages} pages")

    def first_page(self, path: str, **params: str | int) -> tuple[list[Mapping[str, Any]], bool]:
        """Return the first items of a listing, and whether they are all."""
        url = self._url(path, {**params, "per_page": self.endpoint.page_size})
        response = self._send("GET", url)
        items = self._items(path, response, None)
        return items, self._following(path, url, response, len(items)) is None

    def _following(self, path: str, url: httpx.URL, response: httpx.Response, count: int) -> _Following | None:
        """Return where the page after one of `count` items is, None where there is none.

        What is between us and a forge may drop the header that links to it. Then `X-Next-Page` tells its number, if
        it is there, and after a full page of which nothing tells whether it is the last, the next one is asked for.
        """
        if link := response.links.get("next", {}).get("url"):
            return _Following(self._same_origin("GET", path, link), is_told=True)
        if (number := response.headers.get("x-next-page", "").strip()).isdigit():
            return _Following(url.copy_set_param("page", number), is_told=True)
        if count < self.endpoint.page_size or {"link", "x-next-page"} & response.headers.keys():
            return None
        return _Following(url.copy_set_param("page", int(url.params.get("page", "1")) + 1), is_told=False)

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
        url = self.endpoint.queries
        body = {"query": question, "variables": dict(variables)}
        document = self._json("POST", url.path, self._send("POST", url, body))
        if not isinstance(document, dict) or document.get("errors") or "data" not in document:
            raise self.unreadable("POST", url.path, "it holds errors, or no data")
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

    @classmethod
    def unreadable(cls, method: str, path: str, reason: str) -> UnreadableError:
        """Return the error for an answer that cannot be understood whole."""
        return UnreadableError(
            f"{cls.what}'s answer to {method} {path} cannot be read: {reason}",
            hint=f"check that {cls.setting} is the address of a {cls.what} API",
        )

    def _error_of(self, method: str, url: httpx.URL, response: httpx.Response) -> RemoteError:
        status = response.status_code
        is_theirs = status >= httpx.codes.INTERNAL_SERVER_ERROR
        said = shown(self.endpoint.redact(self._said(response)))
        sentence = f"{self.what} answered {status} to {method} {url.path}" + (f": {said}" if said else "")
        if status == httpx.codes.UNAUTHORIZED:
            return UnauthorizedError(sentence, hint=f"set {self.credential} to a valid token of this {self.what}")
        if status == httpx.codes.FORBIDDEN:
            return ForbiddenError(sentence, hint=self.permission_hint(method, self.endpoint.route(url)))
        if is_theirs and method != "GET":
            return LostAnswerError(sentence, hint="run the command again: it looks for what is there before it writes")
        hint = "run the command again later" if is_theirs else "correct the request"
        if status == httpx.codes.NOT_FOUND:
            hint = f"check the {self.place} and the number, and that the token can see them"
        return RejectedError(sentence, status=status, hint=hint)

    def _said(self, response: httpx.Response) -> str:
        try:
            document = response.json()
        except ValueError:
            return response.text
        said = self.said(document) if isinstance(document, Mapping) else None
        return said if isinstance(said, str) else response.text

    def _items(self, path: str, response: httpx.Response, key: str | None) -> list[Mapping[str, Any]]:
        document = self._json("GET", path, response)
        items = document.get(key) if key and isinstance(document, dict) else document
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self.unreadable("GET", path, "it is not a list of objects")
        return items

    def _url(self, path: str, params: Mapping[str, str | int]) -> httpx.URL:
        url = httpx.URL(f"{self.endpoint.address}{path}")
        return url.copy_merge_params(params) if params else url

    def _send(self, method: str, url: httpx.URL, body: Mapping[str, Any] | None = None) -> httpx.Response:
        waited = 0.0
        redirects = 0
        while True:
            response = self._once(method, url, body)
            seconds = self.limit_wait(response)
            if seconds is not None:
                waited += seconds
                if waited > self.endpoint.patience:
                    raise RejectedError(
                        f"{self.what} limits the rate: {method} {url.path} would have to wait {seconds:.0f} seconds",
                        status=int(httpx.codes.TOO_MANY_REQUESTS),
                        hint="run the command again after that time",
                    )
                _logger.info("%s limits the rate; waiting %.0f seconds", self.what, seconds)
                self._wait(seconds)
            elif response.has_redirect_location and method == "GET" and redirects < REDIRECTS:
                redirects += 1
                url = self._same_origin(method, url.path, response.headers["location"], at=url)
            elif response.is_success:
                return response
            else:
                raise self._error_of(method, url, response)

    def _once(self, method: str, url: httpx.URL, body: Mapping[str, Any] | None) -> httpx.Response:
        started = time.monotonic()
        try:
            headers = dict(self.headers_of(self.endpoint.route(url)))
            request = self._client.build_request(method, url, json=body or None, headers=headers)
            response = self._repeating.handle_request(request)
            response.read()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log_answer(_logger, method, url.path, error, started)
            raise self._unreachable(method, url.path, error) from None
        log_answer(_logger, method, url.path, response, started)
        return response

    def _same_origin(self, method: str, path: str, link: str, *, at: httpx.URL | None = None) -> httpx.URL:
        try:
            url = at.join(link) if at is not None else httpx.URL(link)
        except httpx.InvalidURL:
            raise self.unreadable(method, path, "it leads to what is no address") from None
        if origin_of(url) != self.endpoint.origin:
            raise self.unreadable(method, path, f"it leads to {url.host}, and the token was not sent there")
        return url

    def _json(self, method: str, path: str, response: httpx.Response) -> Any:
        try:
            return response.json()
        except ValueError:
            raise self.unreadable(method, path, "it is not JSON") from None

    def _unreachable(self, method: str, path: str, error: Exception) -> UnreachableError:
        reason = reason_of(self.endpoint, error)
        kind = UnreachableError if method == "GET" or isinstance(error, UNSENT) else LostAnswerError
        return kind(
            f"{self.what} gave no answer to {method} {path} at {self.endpoint.host}: {reason}",
            hint=unreachable_hint(reason, setting=self.setting),
        )
