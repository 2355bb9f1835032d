"""Executes requests under faults: what fires decides whether, when and how often a request runs, and its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple, assert_never
from urllib.parse import parse_qsl

from starlette.types import Message, Scope

from reconciler.sandbox.engine import Arrival, Engine, Firing
from reconciler.sandbox.faults import (
    Admin,
    Answering,
    Delay,
    Drop,
    Error,
    Faults,
    Garble,
    Grow,
    Hang,
    Moment,
    RateLimit,
)
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import ApiError, json_text, micros_of, parse_json

_LEDGER = "/transactions"
_HANG = 30.0


class DroppedError(Exception):
    """The connection is to be closed without an answer."""


class HungError(Exception):
    """Nothing is to be answered for `seconds`; then the connection is closed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Request(NamedTuple):
    """A request that was read whole."""

    scope: Scope
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON, else as it is; None when there is none."""
        try:
            return parse_json(self.body) if self.body else None
        except ApiError:
            return self.body


class Rehearsal:
    """One run of a set of faults against a store. `run` executes a request and returns its answer."""

    def __init__(self, faults: Faults, store: Store, run: Callable[[Request], Awaitable[list[Message]]]) -> None:
        self.engine: Engine[Request] = Engine(faults)
        self.store = store
        self.run = run

    async def answer(self, request: Request) -> list[Message]:
        """Return the answer to a request, or raise DroppedError or HungError."""
        for delayed in self.engine.due():
            await self.run(delayed)
        scope = request.scope
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        firing = self.engine.arrive(Arrival(scope["method"], scope["path"], query, request.document))
        self._by_hand(firing.admins, "before")
        if scope["path"].endswith(_LEDGER):
            self._before_reading(scope, firing.grow, first_page="cursor" not in query)
        if firing.description is not None:
            request = _shortened(request, firing.description.keep)
        try:
            return await self._answer(request, firing)
        finally:
            self._by_hand(firing.admins, "after")

    async def flush(self) -> None:
        """Execute every delayed write now."""
        for delayed in self.engine.take_delayed():
            await self.run(delayed)

    async def _answer(self, request: Request, firing: Firing) -> list[Message]:
        rule = firing.answer
        match rule:
            case None:
                return await self._execute(request, firing)
            case Delay():
                self.engine.delay(rule, request)
            case Garble():
                await self._execute(request, firing)
            case Drop() | Error() | Hang() if rule.when == "after":
                await self._execute(request, firing)
        return _answer_of(rule)

    async def _execute(self, request: Request, firing: Firing) -> list[Message]:
        newest = self.store.wallets.newest_number()
        messages = await self.run(request)
        if firing.duplicate:
            await self.run(request)
        if firing.slow is not None:
            self.engine.hide(firing.slow, self.store.wallets.since(newest))
        return messages

    def _before_reading(self, scope: Scope, grow: Grow | None, *, first_page: bool) -> None:
        wallet = scope["path"].split("/")[-2]
        if grow is not None:
            scope["sandbox.shifting"] = grow.shifting
            found = self.store.wallets.get(wallet)
            if found is not None:
                with suppress(ApiError):
                    self.store.wallets.spend(found, micros_of(grow.amount))
        scope["sandbox.hidden"] = self.engine.reading(wallet, first_page=first_page)

    def _by_hand(self, admins: tuple[Admin, ...], moment: Moment) -> None:
        """Do what an admin does meanwhile; what the ledger refuses does not happen."""
        wallets = self.store.wallets
        for admin in admins:
            if admin.when != moment:
                continue
            amount = micros_of(admin.amount)
            with suppress(ApiError):
                match admin.action:
                    case "allocate":
                        wallets.allocate(admin.team_id, amount, description=admin.description)
                    case "reclaim":
                        wallets.reclaim(admin.team_id, amount, description=admin.description)
                    case "credit":
                        wallets.credit(amount, description=admin.description)
                    case _:
                        assert_never(admin.action)


def _answer_of(rule: Answering) -> list[Message]:
    """Return what `rule` answers, or raise what the server of the connection has to do."""
    match rule:
        case Drop() | Delay(answer="drop"):
            raise DroppedError
        case Hang() | Delay(answer="hang"):
            raise HungError(rule.seconds if isinstance(rule, Hang) else _HANG)
        case Garble():
            return _message(200, rule.text, {"content-type": "text/html"})
        case RateLimit():
            later = {} if rule.retry_after is None else {"retry-after": str(rule.retry_after)}
            return _refusal(429, "rate_limited", "too many requests", later)
        case Error():
            return _refusal(rule.status, "injected", "this answer is a rehearsed fault")
        case Delay():
            return _refusal(int(rule.answer), "injected", "the request will be executed later")
        case _:
            assert_never(rule)


def _refusal(status: int, code: str, message: str, headers: Mapping[str, str] = MappingProxyType({})) -> list[Message]:
    document = ApiError(status, code, message).document if status >= 400 else {"status": "accepted"}
    return _message(status, json_text(document), {"content-type": "application/json", **headers})


def _message(status: int, text: str, headers: Mapping[str, str]) -> list[Message]:
    body = text.encode()
    encoded = {**headers, "content-length": str(len(body))}
    return [
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in encoded.items()],
        },
        {"type": "http.response.body", "body": body},
    ]


def _shortened(request: Request, keep: int) -> Request:
    """Return the request with its description cut to `keep` characters."""
    document = request.document
    if not isinstance(document, dict):
        return request
    cut = {key: document[key][:keep] for key in ("description", "note") if isinstance(document.get(key), str)}
    body = json_text({**document, **cut}).encode()
    headers = [
        (name, str(len(body)).encode() if name == b"content-length" else value)
        for name, value in request.scope["headers"]
    ]
    return Request({**request.scope, "headers": headers}, body)
