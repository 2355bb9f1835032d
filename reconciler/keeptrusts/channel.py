"""A channel that can only GET: one event loop, as many connections as there may be reads at once, kept open.

`run` is the way in from synchronous code. Reads are repeated after connection errors, timeouts, 429 and 5xx, with
jittered waits and Retry-After; whatever happens, the token is only sent to the origin it belongs to.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Generic, Literal, NamedTuple, Self, TypeVar

import anyio
import httpx
from anyio.from_thread import BlockingPortal
from httpx_retries import Retry, RetryTransport

from reconciler.findings import RejectedError, RemoteError
from reconciler.http.clients import ReadingClient, reading_client
from reconciler.http.endpoint import origin_of
from reconciler.http.failures import log_answer, shown
from reconciler.http.waits import BROKEN, read_retries
from reconciler.http.watched import SurplusError, TooLargeError, whole
from reconciler.keeptrusts import exact_json
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.event_loop import event_loop
from reconciler.keeptrusts.failures import error_of, request_id, unreachable, unreadable, web_page

RETRIED_STATUSES = (429, *BROKEN)
REDIRECTS = 5
CLOSE_WITHIN = 1.0

_logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")
PagesBy = Literal["offset", "page", "name", "nothing"]
OnAnswer = Callable[["Heard"], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer as it came, before anything is made of it. The request's headers, and so the token, are not kept."""

    path: str
    query: Mapping[str, str]
    status: int
    headers: Mapping[str, str]
    body: bytes
    method: Literal["GET", "POST"] = "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON document, the headers that came with it, and the addresses in its Link header by relation."""

    document: Any
    headers: Mapping[str, str]
    links: Mapping[str, str]


class Begun(NamedTuple, Generic[_Result]):
    """What was started: `result` waits for it, and returns or raises what it does."""

    result: Callable[[], _Result]
    is_done: Callable[[], bool]


def retry_policy(connection: Connection) -> Retry:
    """Return how often and after which waits a GET is repeated."""
    return read_retries(
        connection.retries,
        backoff=connection.backoff,
        statuses=RETRIED_STATUSES,
        jitter=0.5,
        longest_wait=connection.longest_wait,
        total_timeout=connection.total_timeout,
    )


class _WholeAnswers(httpx.AsyncBaseTransport):
    """One connection whose answers have their bodies read, so that one that breaks off is repeated like one that never
    came. A body is the answer's extension "body".

    Each has a client of its own: a client looks at all of its connections before and after each request, which adds up
    over thousands of small answers.
    """

    def __init__(self, client: ReadingClient, connection: Connection, *, on_answer: OnAnswer | None) -> None:
        self.client = client
        self.asked_to_wait: httpx.Response | None = None
        self._connection = connection
        self._on_answer = on_answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a GET once and return its answer, read whole."""
        started = time.monotonic()
        path = request.url.path
        try:
            response = await self.client.send(request)
            body = await whole(response, largest=self._connection.max_body_bytes)
            response.extensions["body"] = body
        except httpx.HTTPError as error:
            log_answer(_logger, "GET", path, error, started)
            raise
        log_answer(_logger, "GET", path, response, started, more=request_id(response.headers, before=", request "))
        if self._on_answer is not None:
            self._on_answer(Heard(path, request.url.params, response.status_code, response.headers, body))
        is_busy = response.status_code == httpx.codes.TOO_MANY_REQUESTS
        self.asked_to_wait = response if is_busy else None
        if is_busy:
            asked = response.headers.get("Retry-After", "")
            _logger.info("Keeptrusts limits the rate of GET %s (Retry-After: %.40r); waiting", path, asked)
            self._connection.put_off(response.headers)
        return response


class Channel:
    """Open it with `with`. `transport` replaces the network. `on_answer` is told of every answer, from its thread.

    `pages_by` is, by kind of listing, how this Keeptrusts was found to go on where an answer says nothing of it, and
    `gives_no_more` are the kinds of which it was found to give no larger pages.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        on_answer: OnAnswer | None = None,
    ) -> None:
        self.connection = connection
        self._transport = transport
        self._on_answer = on_answer
        self._portal: BlockingPortal | None = None
        self._stack: ExitStack
        self._retries = retry_policy(connection)
        self._clients: list[ReadingClient]
        self._idle: list[_WholeAnswers]
        self._slots: anyio.Semaphore
        self._reading: set[anyio.CancelScope] = set()
        self.pages_by: dict[str, PagesBy] = {}
        self.gives_no_more: set[str] = set()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            portal = stack.enter_context(event_loop())
            portal.call(self._open)
            stack.callback(portal.call, self._close)
            self._stack = stack.pop_all()
        self._portal = portal
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._portal = None
        self._stack.__exit__(kind, error, trace)

    def run(self, read: Callable[[], Awaitable[_Result]]) -> _Result:
        """Return what `read` returns, run in the channel's event loop."""
        return self._result(self._started(read))

    def begin(self, read: Callable[[], Awaitable[_Result]]) -> Begun[_Result]:
        """Start `read` in the channel's event loop."""
        future = self._started(read)
        return Begun(partial(self._result, future), future.done)

    def _started(self, read: Callable[[], Awaitable[_Result]]) -> Future[_Result]:
        if self._portal is None:
            raise RuntimeError("this channel is not open: use it in a `with` block")
        return self._portal.start_task_soon(self._until_closed, read)

    async def _until_closed(self, read: Callable[[], Awaitable[_Result]]) -> _Result:
        """Return what `read` returns; closing gives it up, also where nobody was left to wait for it."""
        with anyio.CancelScope() as scope:
            self._reading.add(scope)
            try:
                return await read()
            finally:
                self._reading.discard(scope)
        raise RuntimeError("this channel was closed")

    def _result(self, future: Future[_Result]) -> _Result:
        try:
            return future.result()
        except RemoteError as error:
            error.message = self.connection.redact(error.message)
            error.args = (error.message,)
            raise
        finally:
            future.cancel()

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """Return the JSON that GET `path` answers, numbers exact; raises RemoteError for everything else."""
        return (await self.answer(path, params)).document

    async def answer(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Return what GET `path` answers with its headers; raises RemoteError for everything else."""
        response = await self._answer(path, params or {})
        body: bytes = response.extensions["body"]
        if response.status_code == httpx.codes.PARTIAL_CONTENT:
            raise unreadable(f"GET {path}", "the server sent a part of it only")
        if not response.is_success:
            raise error_of(self.connection, "GET", path, response, body)
        try:
            document = exact_json.decode(body)
        except ValueError as error:
            if body.lstrip()[:1] == b"<":
                raise web_page(self.connection, path) from None
            kind = shown(response.headers.get("content-type", "no media type"), limit=80)
            reason = shown(self.connection.redact(str(error)))
            raise unreadable(f"the answer to GET {path} ({kind})", f"it is not JSON ({reason})") from None
        links = {relation: link["url"] for relation, link in response.links.items() if relation}
        return Answer(document, response.headers, links)

    async def _open(self) -> None:
        self._clients = []
        self._idle = [self._another()]
        self._slots = anyio.Semaphore(self.connection.concurrency, fast_acquire=True)

    def _another(self) -> _WholeAnswers:
        """Return one more connection: most commands never need as many as there may be."""
        connection = self.connection
        client = reading_client(connection, connection.headers, timeout=connection.timeout, transport=self._transport)
        self._clients.append(client)
        return _WholeAnswers(client, connection, on_answer=self._on_answer)

    async def _close(self) -> None:
        """Give up what is still read, and close every client once its request has let go of it."""
        for scope in self._reading:
            scope.cancel()
        with anyio.move_on_after(CLOSE_WITHIN):
            for _ in range(self.connection.concurrency):
                await self._slots.acquire()
        with anyio.move_on_after(CLOSE_WITHIN):
            async with anyio.create_task_group() as group:
                for client in self._clients:
                    group.start_soon(client.aclose)

    async def _answer(self, path: str, params: Mapping[str, str]) -> httpx.Response:
        query = f"?{httpx.QueryParams(params)}" if params else ""
        url = httpx.URL(self.connection.url(path) + query)
        try:
            for _ in range(REDIRECTS + 1):
                response = await self._send(path, url)
                if not response.has_redirect_location:
                    return response
                url = self._followed(path, response, url)
        except httpx.InvalidURL:
            raise unreadable(f"GET {path}", "it is redirected to what is no address") from None
        raise unreadable(f"GET {path}", f"it is redirected more than {REDIRECTS} times")

    async def _send(self, path: str, url: httpx.URL) -> httpx.Response:
        async with self._slots:
            answers = self._idle.pop() if self._idle else self._another()
            answers.asked_to_wait = None
            request = answers.client.get(url, self.connection.authorization)
            try:
                with anyio.fail_after(self.connection.total_timeout):
                    return await RetryTransport(answers, self._retries).handle_async_request(request)
            except TimeoutError:
                if busy := answers.asked_to_wait:
                    raise error_of(self.connection, "GET", path, busy, busy.extensions["body"]) from None
                late = TimeoutError(f"nothing whole within {self.connection.total_timeout:g} seconds")
                raise unreachable(self.connection, "GET", path, late) from None
            except TooLargeError:
                raise unreadable(
                    f"the answer to GET {path}", f"it is larger than {self.connection.max_body_bytes:,} bytes"
                ) from None
            except SurplusError:
                raise unreadable(f"the answer to GET {path}", "more came after it, which nobody asked for") from None
            except httpx.DecodingError:
                raise unreadable(f"the answer to GET {path}", "its content encoding is broken") from None
            except httpx.HTTPError as error:
                raise unreachable(self.connection, "GET", path, error) from None
            finally:
                self._idle.append(answers)

    def _followed(self, path: str, response: httpx.Response, url: httpx.URL) -> httpx.URL:
        target = url.join(response.headers["location"])
        if origin_of(target) != self.connection.origin:
            raise _redirected_away(self.connection, path, response.status_code, target)
        return target


def _redirected_away(connection: Connection, path: str, status: int, target: httpx.URL) -> RemoteError:
    origin = shown(connection.redact(origin_of(target)), limit=120)
    return RejectedError(
        f"GET {path} is redirected from {connection.origin} to {origin}, and the token was not sent there",
        status=status,
        hint="if that is where this Keeptrusts lives, set --api-url or KEEPTRUSTS_API_URL to it",
    )
