"""The Keeptrusts in memory behind its API: over HTTP on loopback, or as a transport of httpx.

It is written from the public contract alone and shares nothing with the embedded one: its habits (page size,
envelopes, how amounts are written, the order of entries, spare keys) are other ones on purpose, so that what works
against both does not lean on either.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
from direct import at_hand
from loopback import serving
from memory_keeptrusts import Account, MemoryKeeptrusts, VirtualClock, row_of
from paging_shapes import Shape
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.keeptrusts.wallets import WalletRow
from reconciler.model.live import LedgerEntry
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import Refused, Written

TOKEN = "other-token"
MORNING = datetime.fromisoformat("2026-06-18T08:00:00Z")
_MOVE = re.compile(r"/v1/wallets/(allocate|reclaim)")
_LEDGER = re.compile(r"/v1/wallets/w-([^/]+)/transactions")


def exact(amount: Decimal) -> str:
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount:f}"


def shortest(amount: Decimal) -> str:
    return exact(amount).rstrip("0").rstrip(".")


def floating(amount: Decimal) -> str:
    return shortest(amount) if "." in shortest(amount) else f"{shortest(amount)}.0"


@dataclass
class Habits:
    """How this deployment writes its answers.

    It fails the next `failures` moves of money, and `replays` its answer, errors too, to a key that it knows. Moves
    are booked with `extra` more than was asked for, and the answer to the next `hang_ups` of them is lost.
    """

    page: int = 7
    envelope: Literal["data", "bare", "plural", "nested", "link"] = "data"
    amounts: Callable[[Decimal], str] = exact
    balances: bool = False
    broken_path: str = ""
    broken_from: int = 0
    forbidden_path: str = ""
    shape: Shape | None = None
    failures: int = 0
    replays: bool = False
    extra: Decimal = Decimal(0)
    hang_ups: int = 0


class Answer(NamedTuple):
    status: int
    document: Any = None
    headers: Mapping[str, str] = {}


def refusal(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}})


NOT_FOUND = refusal(404, "not_found", "gone")


@dataclass
class World(MemoryKeeptrusts):
    """The state, and how it is told. `writes` are the requests that change it, `reads` the paths of those that do not.

    `listed` are items by the path of their listing, told in place of what is held; None is what is not offered. Without
    a `token`, everybody is answered.
    """

    habits: Habits = field(default_factory=Habits)
    token: str | None = TOKEN
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(MORNING))
    tick: timedelta = timedelta(seconds=1)
    teams: dict[str, str] | None = field(default_factory=dict)
    listed: dict[str, list[Any] | None] = field(default_factory=dict)
    writes: list[tuple[str, str, Any]] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, url: str, sent: Iterable[tuple[str, str]], content: bytes) -> Answer:
        """Return the answer to one request."""
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in sent}
        body = json.loads(content, parse_float=Decimal) if content else None
        with self.lock:
            if self.token is not None and headers.get("authorization") != f"Bearer {self.token}":
                return refusal(401, "unauthorized", "no")
            if parts.path == self.habits.forbidden_path:
                return refusal(403, "forbidden", "not yours")
            if method == "GET":
                return self._read(parts.path, query)
            self.writes.append((method, parts.path, body))
            return self._write(method, parts.path, body, headers.get("idempotency-key", ""))

    def forget(self, team: str) -> None:
        """Lose the ledger of a team, as after a backup that was restored."""
        self.accounts[team] = Account(WalletRef.team(team))

    def ledger(self, team: str) -> list[LedgerEntry]:
        return [entry for _, entry in self.accounts[team].entries]

    def misstate(self, team: str, amount: str) -> None:
        """Say another amount of the first entry of a ledger than was moved."""
        entries = self.accounts[team].entries
        entries[0] = entries[0][0], replace(entries[0][1], amount=Decimal(amount))

    def balance(self, team: str) -> Decimal:
        return self.accounts[team].balance if team in self.accounts else Decimal(0)

    def text(self, document: Any) -> str:
        """Return JSON with every amount in this deployment's way."""
        match document:
            case Decimal():
                return self.habits.amounts(document)
            case dict():
                return "{" + ",".join(f"{json.dumps(key)}:{self.text(item)}" for key, item in document.items()) + "}"
            case list():
                return "[" + ",".join(map(self.text, document)) + "]"
            case _:
                return json.dumps(document)

    # reading

    def _read(self, path: str, query: Mapping[str, str]) -> Answer:
        if path == "/v1/auth/whoami":
            identity = self.identity()
            return Answer(
                200,
                {
                    "organization": {"id": identity.organization, "name": identity.organization_name},
                    "principal": {"id": identity.principal, "type": "api_key"},
                    "permissions": sorted(identity.permissions),
                },
            )
        self.reads.append(path)
        if path == "/v1/wallets/balance" and self.habits.balances:
            return self._balance(query.get("team_id"))
        items = self.listed[path] if path in self.listed else self._items(path, query)
        return NOT_FOUND if items is None else self._page(path, items, query)

    def _balance(self, team: str | None) -> Answer:
        whose = ("team", team) if team else ("organization", self.organization)
        wallets = self.listed.get("/v1/wallets") or self._items("/v1/wallets", {}) or []
        found = [row for row in wallets if (row["scope"], row["scope_id"]) == whose]
        return Answer(200, {"effective_scope": whose[0], "wallets": found})

    def _items(self, path: str, query: Mapping[str, str]) -> list[Any] | None:
        if path == "/v1/teams" and self.teams is not None:
            return [{"id": id, "name": name, "slug": id} for id, name in self.teams.items()]
        if path == "/v1/wallets":
            user = _wallet(row_of(Account(WalletRef("user", "user_1"))))
            pool = [_wallet(row) for row in [self.pool_row()] if row]
            in_yen = [{**row, "id": f"{row['id']}_yen", "currency": "JPY"} for row in pool]
            return [user, *(_wallet(row_of(account)) for account in self.accounts.values()), *in_yen, *pool]
        if path in self.stores:
            return list(self.stores[path].values())
        match = _LEDGER.fullmatch(path)
        account = self.accounts.get(match[1]) if match else None
        if account is None:
            return None
        entries = [_entry(entry) for shown, entry in reversed(account.entries) if shown <= self.clock.now()]
        return [e for e in entries if query.get("from", "") <= e["created_at"] < query.get("to", "9")]

    def _page(self, path: str, items: list[Any], query: Mapping[str, str]) -> Answer:
        habits, name = self.habits, path.rpartition("/")[2]
        if habits.shape is not None:
            document, beside = habits.shape(items, query, path)
            return Answer(200, document, beside)
        if habits.envelope == "bare":
            return Answer(200, items)
        start = int(query.get("cursor", "0"))
        if path == habits.broken_path and start >= habits.broken_from:
            return Answer(200, {"data": "the rest is elsewhere"})
        size = min(habits.page, int(query.get("limit", "50")))
        page, cursor = items[start : start + size], str(start + size) if start + size < len(items) else None
        documents: dict[str, Any] = {
            "data": {"data": page, "next_cursor": cursor},
            "plural": {name: page, "next": cursor, "has_more": cursor is not None},
            "nested": {"data": {name: page}, "meta": {"cursor": cursor or "", "total": len(items)}},
            "link": {name: page, "links": {"next": cursor and f"{path}?cursor={cursor}"}},
        }
        return Answer(200, documents[habits.envelope])

    # writing

    def _write(self, method: str, path: str, body: Any, key: str) -> Answer:
        if match := _MOVE.fullmatch(path):
            if not (self.habits.replays and key in self.answers):
                self.answers[key] = self._moved(match[1], body)
            return self.answers[key]
        if path in self.stores:
            result = self.post(path, body)
            collection = path
        else:
            collection, _, id = path.rpartition("/")
            result = self.drop(collection, id) if method == "DELETE" else self.change(collection, id, body)
        if isinstance(result, Refused):
            return refusal(result.status, "refused", result.message)
        assert isinstance(result, Written)
        kept = self.stores[collection].get(result.id or "")
        return Answer(204) if kept is None else Answer(201 if method == "POST" else 200, kept)

    def _moved(self, kind: str, body: Any) -> Answer:
        habits = self.habits
        if habits.failures:
            habits.failures -= 1
            return refusal(500, "internal", "try again")
        amount, text = Decimal(body["amount"]) + habits.extra, body.get("description", "")
        result = self.move(kind, body["team_id"], amount, body["currency"], text)
        if isinstance(result, Refused):
            return refusal(result.status, "refused", result.message)
        assert isinstance(result, Written)
        assert result.entry is not None
        if habits.hang_ups:
            habits.hang_ups -= 1
            return refusal(502, "bad_gateway", "upstream hung up")
        wallet = _wallet(row_of(self.accounts[body["team_id"]]))
        return Answer(201, {"transaction": _entry(result.entry), "wallet": wallet})

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of httpx, without a socket."""
        answer = self.answer(request.method, str(request.url), request.headers.items(), request.content)
        headers = {"Content-Type": "application/json", **answer.headers}
        return httpx.Response(answer.status, text=self.text(answer.document), headers=headers)


def _wallet(row: WalletRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "scope": row.scope,
        "scope_id": row.holder,
        "currency": row.currency,
        "balance": row.balance,
        "reserved": row.reserved,
        "total_allocated": row.balance + row.spent,
        "total_spent": row.spent,
        "status": "healthy",
    }


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "type": entry.kind,
        "amount": entry.amount,
        "currency": entry.currency,
        "description": entry.description,
        "created_at": f"{entry.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "spare": {"key": True},
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.world.answer(self.command, self.path, self.headers.items(), content)
        data = b"" if answer.document is None else self.world.text(answer.document).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()


@contextmanager
def over_http(world: World) -> Iterator[str]:
    """Serve `world` on loopback until the end of the block; yields the URL."""
    handler = type("Handler", (_Handler,), {"world": world})
    with serving(handler) as url, at_hand(_application(world), ports=[urlsplit(url).port]):
        yield url


def _application(world: World) -> ASGIApp:
    """Return what answers this process without a socket, where its requests are handed on so (`direct.at_once`)."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        content = (await receive()).get("body", b"")
        target = f"{scope['path']}?{scope['query_string'].decode()}"
        sent = ((name.decode(), value.decode()) for name, value in scope["headers"])
        answered = world.answer(scope["method"], target, sent, content)
        headers = {"Content-Type": "application/json", **answered.headers}
        data = "" if answered.document is None else world.text(answered.document)
        head = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answered.status, "headers": head})
        await send({"type": "http.response.body", "body": data.encode()})

    return answer
