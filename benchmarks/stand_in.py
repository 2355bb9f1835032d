"""A stand-in for Keeptrusts with many teams, which answers GETs alone, each after a wait: what the network takes.

It does next to nothing for an answer, so that what is measured is who asks. Its answers follow from numbers: team
`team_00001` has the wallets `team_00001`, `team_00001_dev` and `team_00001_test`, three entries of the month in the
ledger of each, and three billing budgets.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from functools import partial
from urllib.parse import parse_qsl

ENVIRONMENTS = ("prod", "dev", "test")
ORGANIZATION = "org_acme"
TOKEN = "kt_stand_in"  # noqa: S105
FUNDED = 1000


class World:
    """What there is of `teams` teams, by address. No page has more than `most` objects."""

    def __init__(self, teams: int, *, most: int) -> None:
        self._most = most
        keys = [key_of(team, environment) for team in range(1, teams + 1) for environment in ENVIRONMENTS]
        self._ledgers = {f"/v1/wallets/wal_{number:06d}/transactions": number for number in range(len(keys))}
        pool = _wallet("wal_pool", "organization", ORGANIZATION, balance=2 * FUNDED * len(keys), spent=0)
        wallets = [
            _wallet(f"wal_{number:06d}", "team", key, balance=2 * FUNDED // 3, spent=FUNDED - 2 * FUNDED // 3)
            for number, key in enumerate(keys)
        ]
        self._listings = {
            "/v1/wallets": [json.dumps(each) for each in (pool, *wallets)],
            "/v1/billing/budgets": [json.dumps(each) for each in _budgets(teams)],
            "/v1/exports/schedules": [],
            "/v1/teams": [json.dumps({"id": key, "name": key, "slug": key}) for key in keys],
        }

    def answer(self, target: str) -> bytes | None:
        path, _, query = target.partition("?")
        if path == "/v1/auth/whoami":
            return _WHOAMI
        if path in self._ledgers:
            return _page(list(_entries(self._ledgers[path])), "")
        rows = self._listings.get(path)
        if rows is None:
            return None
        asked = dict(parse_qsl(query))
        first = int(asked.get("cursor", 0))
        last = first + min(int(asked.get("limit", self._most)), self._most)
        return _page(rows[first:last], str(last) if last < len(rows) else "")


def key_of(team: int, environment: str) -> str:
    """Return the id by which Keeptrusts knows a team's wallet."""
    return f"team_{team:05d}" if environment == "prod" else f"team_{team:05d}_{environment}"


def _wallet(identity: str, scope: str, holder: str, *, balance: int, spent: int) -> dict[str, object]:
    return {
        "id": identity,
        "scope": scope,
        "scope_id": holder,
        "currency": "USD",
        "balance": balance,
        "reserved": 0,
        "total_allocated": balance + spent,
        "total_spent": spent,
        "status": "healthy",
    }


def _budgets(teams: int) -> Iterator[dict[str, object]]:
    for team in range(1, teams + 1):
        for number in range(3):
            yield {
                "id": f"bud_{team:05d}_{number}",
                "name": f"{team:05d}-{number + 1}",
                "scope": {"type": "team", "id": key_of(team, "prod")},
                "amount": 900 + number,
                "currency": "USD",
                "period": "monthly",
                "alert_percentages": [80, 100],
                "hard_limit": False,
                "created_at": "2026-05-01T00:00:00Z",
                "updated_at": "2026-05-01T00:00:00Z",
            }


def _entries(wallet: int) -> Iterator[str]:
    moves = (("allocate", FUNDED // 2), ("settle", FUNDED - 2 * FUNDED // 3), ("allocate", FUNDED - FUNDED // 2))
    for number, (kind, amount) in enumerate(moves):
        yield json.dumps(
            {
                "id": f"txn_{wallet:06d}_{number}",
                "type": kind,
                "amount": amount,
                "currency": "USD",
                "description": "seeded",
                "created_at": f"2026-06-02T08:0{number}:00Z",
            }
        )


def _page(rows: list[str], cursor: str) -> bytes:
    return f'{{"data":[{",".join(rows)}],"next_cursor":{json.dumps(cursor or None)}}}'.encode()


_WHOAMI = json.dumps(
    {
        "organization": {"id": ORGANIZATION, "name": "Acme"},
        "principal": {"id": "usr_bench", "type": "service"},
        "permissions": ["org:billing"],
    }
).encode()


class _Served(asyncio.Protocol):
    """One connection, on which one request is asked at a time. `/counts` tells what was answered since it was asked."""

    def __init__(self, world: World, wait: float, answered: list[int]) -> None:
        self._world = world
        self._wait = wait
        self._answered = answered
        self._read = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            asyncio.get_running_loop().call_later(self._wait, self._answer, head.split(b" ", 2)[1].decode())

    def _answer(self, target: str) -> None:
        if target == "/counts":
            self._send(b"200 OK", json.dumps({"requests": len(self._answered), "bytes": sum(self._answered)}).encode())
            self._answered.clear()
            return
        body = self._world.answer(target)
        self._answered.append(len(body or b""))
        self._send(b"404 Not Found" if body is None else b"200 OK", body or b'{"error":{"code":"not_found"}}')

    def _send(self, status: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
        self._transport.write(head + body)


async def _serve(world: World, wait: float) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(partial(_Served, world, wait, []), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", TOKEN, flush=True)
    await stopped.wait()


def serve(teams: int, *, most: int, wait: float) -> None:
    """Serve `teams` teams, print the address and a token, and end when terminated. `wait` is in seconds."""
    asyncio.run(_serve(World(teams, most=most), wait))
