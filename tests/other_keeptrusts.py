"""Another Keeptrusts, written from the public contract alone, on the standard library's HTTP server.

It shares nothing with the embedded one: its habits (page size, envelopes, how amounts are written, the order of
entries, spare keys) are other ones on purpose, so that what works against both does not lean on either.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from paging_shapes import Shape

TOKEN = "other-token"


@dataclass
class Habits:
    """How this deployment writes its answers.

    It fails the next `failures` moves of money, and `replays` its answer, errors too, to a key that it knows. Moves
    are booked with `extra` more than was asked for, and the answer to the next `hang_ups` of them is lost.
    """

    page: int = 7
    envelope: Literal["data", "bare", "plural"] = "data"
    amounts: Literal["1500", "1500.0", "1500.00"] = "1500.00"
    organization: str = "org_acme"
    broken_path: str = ""
    broken_from: int = 0
    forbidden_path: str = ""
    permissions: tuple[str, ...] = ("org:billing",)
    shape: Shape | None = None
    failures: int = 0
    replays: bool = False
    extra: Decimal = Decimal(0)
    hang_ups: int = 0


@dataclass
class World:
    """The state: a ledger by wallet, a pool, billing budgets, schedules, and `others` by their path.

    `writes` are the requests that change it, `reads` the paths of those that do not.
    """

    habits: Habits = field(default_factory=Habits)
    pool: Decimal = Decimal("500000")
    teams: dict[str, str] = field(default_factory=dict)
    spent: dict[str, Decimal] = field(default_factory=dict)
    ledger: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    budgets: dict[str, dict[str, Any]] = field(default_factory=dict)
    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    others: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    writes: list[tuple[str, str, Any]] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    now: datetime = datetime(2026, 6, 18, 8, tzinfo=UTC)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def stores(self) -> dict[str, dict[str, dict[str, Any]]]:
        """What is created, replaced and deleted, by the path of its collection."""
        return {"/v1/billing/budgets": self.budgets, "/v1/exports/schedules": self.schedules, **self.others}

    def enter(self, team: str, kind: str, amount: Decimal, description: str = "", at: str = "") -> dict[str, Any]:
        self.now += timedelta(seconds=1)
        number = sum(map(len, self.ledger.values()))
        entry = {
            "id": f"txn_{number:06d}",
            "type": kind,
            "amount": amount,
            "currency": "USD",
            "description": description,
            "created_at": at or self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "spare": {"key": True},
        }
        self.ledger.setdefault(team, []).append(entry)
        return entry

    def balance(self, team: str) -> Decimal:
        signs = {"allocate": 1, "reclaim": -1, "settle": -1}
        return sum((signs.get(e["type"], 0) * e["amount"] for e in self.ledger.get(team, [])), Decimal(0))

    def funded(self, team: str, month: str) -> Decimal:
        signs = {"allocate": 1, "reclaim": -1}
        entries = [e for e in self.ledger.get(team, []) if e["created_at"].startswith(month)]
        return sum((signs.get(e["type"], 0) * e["amount"] for e in entries), Decimal(0))


class _AnswerError(Exception):
    def __init__(self, status: int, document: Any) -> None:
        super().__init__(status)
        self.status = status
        self.document = document


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length), parse_float=Decimal) if length else None
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.beside: dict[str, str] = {}
        try:
            with self.world.lock:
                status, document = self._route(method, parts.path, query, body)
        except _AnswerError as answer:
            status, document = answer.status, answer.document
        data = b"" if document is None else self._written(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in self.beside.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _route(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        world, habits = self.world, self.world.habits
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error": {"code": "unauthorized", "message": "no"}}
        if path == habits.forbidden_path:
            return 403, {"error": {"code": "forbidden", "message": "not yours"}}
        if method != "GET":
            world.writes.append((method, path, body))
        if path == "/v1/auth/whoami":
            return 200, {
                "organization": {"id": habits.organization, "name": "Acme"},
                "principal": {"id": "key_7", "type": "api_key"},
                "permissions": list(habits.permissions),
            }
        if method == "GET":
            world.reads.append(path)
            return 200, self._listing(path, query)
        if match := re.fullmatch(r"/v1/wallets/(allocate|reclaim)", path):
            key = self.headers.get("Idempotency-Key", "")
            if not (habits.replays and key in world.answers):
                world.answers[key] = self._failed() or self._move(match[1], body)
            return world.answers[key]
        stores = world.stores
        if (store := stores.get(path)) is not None:
            item = {**body, "id": f"new_{len(world.writes)}"}
            store[item["id"]] = item
            return 201, item
        collection, _, id = path.rpartition("/")
        if (store := stores.get(collection)) is not None:
            if id not in store:
                return 404, {"error": {"code": "not_found", "message": "gone"}}
            if method == "DELETE":
                del store[id]
                return 204, None
            store[id] = {**body, "id": id}
            return 200, store[id]
        return 404, {"error": {"code": "not_found", "message": path}}

    def _failed(self) -> tuple[int, Any] | None:
        """Return the error of a move that fails, None for one that is carried out."""
        if self.world.habits.failures == 0:
            return None
        self.world.habits.failures -= 1
        return 500, {"error": {"code": "internal", "message": "try again"}}

    def _move(self, kind: str, body: Any) -> tuple[int, Any]:
        world, team, amount = self.world, body["team_id"], Decimal(body["amount"])
        if kind == "allocate" and amount > world.pool:
            return 402, {"error": {"code": "insufficient_funds", "message": "the pool is empty"}}
        if kind == "reclaim" and amount > world.balance(team):
            return 422, {"error": {"code": "insufficient_balance", "message": "already spent"}}
        world.pool += amount if kind == "reclaim" else -amount
        entry = world.enter(team, kind, amount + world.habits.extra, body.get("description", ""))
        if world.habits.hang_ups:
            world.habits.hang_ups -= 1
            return 502, {"error": {"code": "bad_gateway", "message": "upstream hung up"}}
        return 201, {"transaction": entry, "wallet": self._wallet(team)}

    def _wallet(self, team: str) -> dict[str, Any]:
        balance = self.world.balance(team)
        return {
            "id": f"w-{team}",
            "scope": "team",
            "scope_id": team,
            "currency": "USD",
            "balance": balance,
            "reserved": Decimal(0),
            "total_allocated": balance,
            "total_spent": Decimal(0),
            "status": "healthy",
        }

    def _listing(self, path: str, query: dict[str, str]) -> Any:
        world = self.world
        pool = {**self._wallet("nobody"), "id": "w-org", "scope": "organization", "balance": world.pool}
        pool["scope_id"] = world.habits.organization
        user = {**self._wallet("nobody"), "id": "w-user", "scope": "user", "scope_id": "user_1"}
        if match := re.fullmatch(r"/v1/wallets/w-([^/]+)/transactions", path):
            items = list(reversed(world.ledger.get(match[1], [])))
            items = [item for item in items if item["created_at"] >= query.get("from", "")]
            items = [item for item in items if item["created_at"] < query.get("to", "9")]
            return self._page("transactions", path, items, query)
        listings: dict[str, tuple[str, list[dict[str, Any]]]] = {
            "/v1/teams": ("teams", [{"id": id, "name": name, "slug": id} for id, name in world.teams.items()]),
            "/v1/wallets": ("wallets", [user, *(self._wallet(team) for team in world.ledger), pool]),
            **{at: (at.rpartition("/")[2], list(store.values())) for at, store in world.stores.items()},
        }
        if path not in listings:
            raise _AnswerError(404, {"error": {"code": "not_found", "message": path}})
        name, items = listings[path]
        return self._page(name, path, items, query)

    def _page(self, name: str, path: str, items: list[dict[str, Any]], query: dict[str, str]) -> Any:
        habits = self.world.habits
        if habits.shape is not None:
            document, self.beside = habits.shape(items, query, path)
            return document
        if habits.envelope == "bare":
            return items
        start = int(query.get("cursor", "0"))
        if path == habits.broken_path and start >= habits.broken_from:
            return {"data": "the rest is elsewhere"}
        size = min(habits.page, int(query.get("limit", "50")))
        following = str(start + size) if start + size < len(items) else None
        key = "data" if habits.envelope == "data" else name
        return {key: items[start : start + size], "next_cursor": following}

    def _written(self, document: Any) -> str:
        """Write JSON with every amount in this deployment's way."""
        marks: list[str] = []

        def hidden(value: Any) -> Any:
            match value:
                case dict():
                    return {key: hidden(item) for key, item in value.items()}
                case list():
                    return [hidden(item) for item in value]
                case Decimal():
                    marks.append(self._amount(value))
                    return f"\x00{len(marks) - 1}\x00"
                case _:
                    return value

        text = json.dumps(hidden(document))
        return re.sub(r'"\\u0000(\d+)\\u0000"', lambda match: marks[int(match[1])], text)

    def _amount(self, value: Decimal) -> str:
        exact = f"{value:.2f}" if value == round(value, 2) else f"{value:f}"
        short = exact.rstrip("0").rstrip(".")
        styles = {"1500.00": exact, "1500": short, "1500.0": short if "." in short else f"{short}.0"}
        return styles[self.world.habits.amounts]


@contextmanager
def other_keeptrusts(world: World) -> Iterator[str]:
    """Serve `world` on loopback until the end of the block; yields the URL."""
    handler = type("Handler", (_Handler,), {"world": world})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
