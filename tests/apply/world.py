"""A Keeptrusts in memory whose writes have faults, between places where a run can be killed.

Every write asks `faults` for the next fault; `steps` counts the places where a run can be killed or another applier can
step in: around each journal record and each send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from apply.memory_journal import nothing
from memory_keeptrusts import MemoryKeeptrusts

from reconciler.findings import UnreachableError
from reconciler.keeptrusts import exact_json
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.live import Listing
from reconciler.model.money import Money
from reconciler.model.operation import find_operation
from reconciler.model.write import Lost, NotSent, RateLimited, Refused, WriteResult, Written

T = TypeVar("T")
_PREFIXES = {"billing_budget": "bud", "export_schedule": "sch"}
Fault = Literal[
    "none",
    "drop before",
    "drop after commit",
    "500 after commit",
    "hang after commit",
    "delayed commit",
    "429",
    "not sent",
    "duplicate delivery",
    "refused",
    "denied",
    "refused after commit",
    "429 after commit",
]
FAULTS: tuple[Fault, ...] = (
    "none",
    "drop before",
    "drop after commit",
    "500 after commit",
    "hang after commit",
    "delayed commit",
    "429",
    "not sent",
    "duplicate delivery",
    "refused",
    "refused after commit",
    "429 after commit",
)


HARMLESS: frozenset[Fault] = frozenset({"429", "not sent", "refused", "denied"})
"""Faults of which the client knows for certain that nothing was booked."""


@dataclass
class Flag:
    """An interruption that tests request by hand."""

    requested: bool = False


@dataclass
class World(MemoryKeeptrusts):
    """The server side, as apply writes to it.

    `commits` counts, per operation, which sends of ours the ledger booked; `risky` lists the sends of which the client
    cannot be certain that nothing was booked, `keys` what each move was sent with for the server to tell repeats by.
    """

    delay: float = 20.0
    faults: Iterator[Fault] = field(default_factory=lambda: iter(()))
    before_read: Callable[[int], None] = nothing
    before_send: Callable[[str], None] = nothing
    after_send: Callable[[str], None] = nothing
    unreadable: int = 0
    sends: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    risky: list[str] = field(default_factory=list)
    reads: int = 0
    commits: dict[str, set[int]] = field(default_factory=dict)
    late: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)

    def reading(self) -> None:
        self.reads += 1
        self.before_read(self.reads)
        self.settle()
        if self.unreadable:
            self.unreadable -= 1
            raise UnreachableError("Keeptrusts does not answer")

    def allocate(self, wallet: str, amount: Money, *, description: str, operation: str) -> WriteResult:
        return self._moved("allocate", wallet, amount, description, operation)

    def reclaim(self, wallet: str, amount: Money, *, description: str, operation: str) -> WriteResult:
        return self._moved("reclaim", wallet, amount, description, operation)

    def create(self, kind: ManagedKind[V], document: Mapping[str, Any]) -> WriteResult:
        return self._send("create", lambda: self.post(kind.path, sent(kind, document), _PREFIXES[kind.name]))

    def replace(self, kind: ManagedKind[V], id: str, document: Mapping[str, Any]) -> WriteResult:
        return self._send("replace", lambda: self.change(kind.path, id, sent(kind, document)))

    def delete(self, kind: ManagedKind[V], id: str) -> WriteResult:
        return self._send("delete", lambda: self.drop(kind.path, id))

    def settle(self) -> None:
        """Book what was delayed and is due by now."""
        due = [book for when, book in self.late if when <= self.clock.now()]
        self.late = [(when, book) for when, book in self.late if when > self.clock.now()]
        for book in due:
            book()

    def _moved(self, kind: str, wallet: str, amount: Money, description: str, operation: str) -> WriteResult:
        if amount.amount <= 0:
            raise ValueError(f"{kind} moves a positive amount, not {amount}")
        self.keys.append(operation)
        return self._send(operation, lambda: self.move(kind, wallet, amount.amount, amount.currency, description))

    def _send(self, key: str, book: Callable[[], WriteResult]) -> WriteResult:
        operation = key[:28]
        self.settle()
        self.before_send(operation)
        fault: Fault = next(self.faults, "none")
        self.sends.append(operation)
        if fault not in HARMLESS:
            self.risky.append(operation)
        number = len(self.sends)
        result = self._faulty(fault, lambda: self._booked(operation, number, book))
        self.after_send(operation)
        return result

    def _booked(self, operation: str, number: int, book: Callable[[], WriteResult]) -> WriteResult:
        result = book()
        if isinstance(result, Written):
            self.commits.setdefault(operation, set()).add(number)
        return result

    def _faulty(self, fault: Fault, book: Callable[[], WriteResult]) -> WriteResult:
        match fault:
            case "none":
                return book()
            case "duplicate delivery":
                result = book()
                book()
                return result
            case "drop before":
                return Lost("the connection was reset")
            case "not sent":
                return NotSent("connection refused")
            case "429":
                return RateLimited(1.0)
            case "refused" | "denied":
                return Refused(422, "422 not permitted") if fault == "refused" else Refused(404, "404 no such team")
            case "refused after commit":
                book()
                return Refused(409, "409 it was sent before", self._dated())
            case "429 after commit":
                book()
                return RateLimited(1.0, self._dated())
            case "delayed commit":
                self.late.append((self.clock.now() + timedelta(seconds=self.delay), lambda: _ignored(book())))
                return Lost("no answer")
            case "hang after commit":
                book()
                self.clock.sleep(30)
                return Lost("no answer within 30 s")
            case "drop after commit" | "500 after commit":
                book()
                return Lost(f"fault: {fault}")

    def _dated(self) -> datetime | None:
        """The server's own time of an answer, which every second one says."""
        return self.clock.now() - self.behind if len(self.sends) % 2 else None

    @property
    def doubles(self) -> list[str]:
        """The operations of ours that were booked from more than one send."""
        return [
            operation
            for operation, sends in self.commits.items()
            if len(sends) > 1 and find_operation(f"[kt-budgets op={operation}]")
        ]


def sent(kind: ManagedKind[V], document: Mapping[str, Any]) -> Any:
    """Return the body of a request as a server reads it."""
    return exact_json.decode(exact_json.encode(kind.body(document)).encode())


class Reader:
    """The reading side of a world, as apply sees it: it has no write method."""

    def __init__(self, world: World) -> None:
        self.wallet = world.wallet
        self.pool = world.read_pool
        self._world = world
        self.live = world.live

    def objects(self, kind: ManagedKind[V]) -> Listing[V]:
        return self._world.objects(kind)


class Immediately(Executor):
    """Does what it is given at once, so that reading ahead always reads before the present move is sent."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def only(*faults: Fault) -> Iterator[Fault]:
    """Return an iterator over `faults`, after which there are none."""
    return iter(faults)


def statuses(outcomes: Iterable[Any]) -> list[str]:
    return [str(result.status) for result in outcomes]


def _ignored(result: WriteResult) -> None:
    del result
