"""A deterministic Keeptrusts in memory, with a clock of its own and faults on its writes; and a journal in memory.

Time only passes when somebody sleeps. Every write asks `faults` for the next fault; `steps` counts the places where a
run can be killed or another applier can step in: around each journal record and each send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar

from reconciler.clock import Clock
from reconciler.findings import LockHeldError, UnreachableError
from reconciler.journal.record import JournalError
from reconciler.journal.send_log import SendLog
from reconciler.journal.store import Anchor, FencedError, Lock, Owner, Stored
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudget
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES, ExportSchedule
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import Identity, LedgerEntry, Listing, Live, LiveObject, LiveWallet, Pool
from reconciler.model.money import Money
from reconciler.model.operation import find_operation
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import Lost, NotSent, RateLimited, Refused, WriteResult, Written

T = TypeVar("T")
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


def nothing(place: object) -> None:
    """Do nothing at a step."""


def whole(text: str) -> str:
    """Keep a description as it was sent."""
    return text


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


@dataclass
class VirtualClock:
    """A clock that moves when somebody sleeps."""

    instant: datetime = datetime(2026, 6, 18, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()

    def sleep(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


@dataclass
class Flag:
    """An interruption that tests request by hand."""

    requested: bool = False


@dataclass
class Account:
    """A team wallet of the world: `held` is balance less reservations."""

    key: str
    held: Decimal = Decimal(0)
    entries: list[tuple[datetime, LedgerEntry]] = field(default_factory=list)


@dataclass
class World:
    """The server side.

    `visible_after` is how many seconds the ledger is late; balances never are. `as_it_was_at` makes every reading of
    wallets one of a replica that knows nothing of what came after that moment. `commits` counts, per operation, which
    sends of ours the ledger booked; `risky` lists the sends of which the client cannot be certain that nothing was
    booked.
    """

    clock: VirtualClock = field(default_factory=VirtualClock)
    pool: Decimal = Decimal(1_000_000)
    pool_is_visible: bool = True
    accounts: dict[str, Account] = field(default_factory=dict)
    budgets: dict[str, tuple[BillingBudget, dict[str, Any]]] = field(default_factory=dict)
    schedules: dict[str, tuple[ExportSchedule, dict[str, Any]]] | None = field(default_factory=dict)
    descriptions: Callable[[str], str] = whole
    visible_after: float = 0.0
    behind: timedelta = timedelta()
    as_it_was_at: datetime | None = None
    answers_with_other_ids: bool = False
    delay: float = 20.0
    faults: Iterator[Fault] = field(default_factory=lambda: iter(()))
    before_read: Callable[[int], None] = nothing
    before_send: Callable[[str], None] = nothing
    after_send: Callable[[str], None] = nothing
    unreadable: int = 0
    sends: list[str] = field(default_factory=list)
    risky: list[str] = field(default_factory=list)
    reads: int = 0
    commits: dict[str, set[int]] = field(default_factory=dict)
    late: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)
    numbers: int = 0

    # reading

    def wallet(self, wallet: WalletRef, currency: str, period: Period) -> LiveWallet:
        self._read()
        account = self.accounts.get(wallet)
        if account is None or (self.as_it_was_at and account.entries[0][1].created_at > self.as_it_was_at):
            return LiveWallet(wallet, currency)
        visible = tuple(
            entry
            for since, entry in account.entries
            if since <= (self.as_it_was_at or self.clock.now())
            and (entry.created_at >= period.start_instant or entry.funds(period))
        )
        held = account.held
        if self.as_it_was_at:
            held -= sum(
                (entry.signed for _, entry in account.entries if entry.created_at > self.as_it_was_at), Decimal(0)
            )
        return LiveWallet(wallet, currency, f"wal_{wallet}", Money(max(held, Decimal(0)), currency), ledger=visible)

    def read_pool(self, currency: str) -> Pool | None:
        self._read()
        return Pool("wal_org", Money(self.pool, currency)) if self.pool_is_visible else None

    def objects(self, kind: ManagedKind[V]) -> Listing[V]:
        self._read()
        kept = self._kept(kind)
        if kept is None:
            return Listing(offered=False)
        listed = [LiveObject(id, value, document) for id, (value, document) in kept.items()]
        chosen = {kind.key(found.value): found for found in reversed(listed)}
        return Listing(chosen, tuple(found for found in listed if chosen[kind.key(found.value)] is not found))

    def _kept(self, kind: ManagedKind[V]) -> dict[str, tuple[Any, dict[str, Any]]] | None:
        return {BILLING_BUDGETS.name: self.budgets, EXPORT_SCHEDULES.name: self.schedules}[kind.name]

    def live(self, *, organization: str, wallets: Mapping[WalletRef, str], period: Period) -> Live:
        return Live(
            identity=Identity(organization, "Acme", "key_1", frozenset({"org:billing"})),
            pool=self.read_pool("USD"),
            wallets={key: self.wallet(key, currency, period) for key, currency in wallets.items()},
            objects={kind.name: self.objects(kind) for kind in kinds()},
            teams=None,
        )

    def funded(self, key: str, period: Period) -> Decimal:
        """What the ledger will say once everything is visible and every late commit has arrived."""
        entries = self.accounts[key].entries if key in self.accounts else []
        return sum((entry.signed for _, entry in entries if entry.funds(period)), Decimal(0))

    def _read(self) -> None:
        self.reads += 1
        self.before_read(self.reads)
        self.settle()
        if self.unreadable:
            self.unreadable -= 1
            raise UnreachableError("Keeptrusts does not answer")

    # writing

    def allocate(self, wallet: str, amount: Money, *, description: str, operation: str) -> WriteResult:
        return self._send(operation, lambda: self._move("allocate", wallet, amount, description))

    def reclaim(self, wallet: str, amount: Money, *, description: str, operation: str) -> WriteResult:
        return self._send(operation, lambda: self._move("reclaim", wallet, amount, description))

    def create(self, kind: ManagedKind[V], document: Mapping[str, Any]) -> WriteResult:
        prefix = "bud" if kind.name == "billing_budget" else "sch"
        return self._send("create", lambda: self._keep(kind, self._id(prefix), document))

    def replace(self, kind: ManagedKind[V], id: str, document: Mapping[str, Any]) -> WriteResult:
        return self._send("replace", lambda: self._keep(kind, id, document))

    def delete(self, kind: ManagedKind[V], id: str) -> WriteResult:
        return self._send("delete", lambda: self._drop(self._kept(kind) or {}, id))

    def by_hand(self, kind: str, wallet: str, amount: str | Decimal, description: str = "by hand") -> LedgerEntry:
        """Move money as an administrator does, without any mark of ours."""
        moved = self._move(kind, wallet, Money(Decimal(amount), "USD"), description)
        assert isinstance(moved, Written)
        assert moved.entry is not None
        return moved.entry

    def spend(self, wallet: str, amount: str) -> None:
        self.accounts[wallet].held -= Decimal(amount)

    def pay(self, wallet: str, amount: str) -> None:
        """Pay a request, as the ledger shows it."""
        now = self.clock.now()
        entry = LedgerEntry(self._id("txn"), "settle", Decimal(amount), "USD", "a request", now)
        self.accounts[wallet].held -= Decimal(amount)
        self.accounts[wallet].entries.append((now + timedelta(seconds=self.visible_after), entry))

    def settle(self) -> None:
        """Book what was delayed and is due by now."""
        due = [book for when, book in self.late if when <= self.clock.now()]
        self.late = [(when, book) for when, book in self.late if when > self.clock.now()]
        for book in due:
            book()

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
                result = book()
                return result if isinstance(result, Refused) else Refused(409, "409 it was sent before", self._dated())
            case "429 after commit":
                result = book()
                return result if isinstance(result, Refused) else RateLimited(1.0, self._dated())
            case "delayed commit":
                self.late.append((self.clock.now() + timedelta(seconds=self.delay), lambda: _ignored(book())))
                return Lost("no answer")
            case "hang after commit":
                result = book()
                self.clock.sleep(30)
                return result if isinstance(result, Refused) else Lost("no answer within 30 s")
            case "drop after commit" | "500 after commit":
                result = book()
                return result if isinstance(result, Refused) else Lost(f"fault: {fault}")

    def _dated(self) -> datetime | None:
        """The server's own time of an answer, which every second one says."""
        return self.clock.now() - self.behind if len(self.sends) % 2 else None

    def _move(self, kind: str, wallet: str, amount: Money, description: str) -> WriteResult:
        held = self.accounts[wallet].held if wallet in self.accounts else Decimal(0)
        if kind == "allocate" and amount.amount > self.pool:
            return Refused(402, "the organization wallet cannot pay for it")
        if kind == "reclaim" and amount.amount > held:
            return Refused(422, "more than the available balance")
        signed = amount.amount if kind == "allocate" else -amount.amount
        account = self.accounts.setdefault(wallet, Account(wallet))
        account.held += signed
        self.pool -= signed
        now = self.clock.now()
        text = self.descriptions(description)
        entry = LedgerEntry(self._id("txn"), kind, amount.amount, amount.currency, text, now - self.behind)
        account.entries.append((now + timedelta(seconds=self.visible_after), entry))
        told = f"org_{entry.id}" if self.answers_with_other_ids else entry.id
        return Written(told, replace(entry, id=told, description=description))

    def _keep(self, kind: ManagedKind[V], id: str, document: Mapping[str, Any]) -> WriteResult:
        kept = self._kept(kind)
        assert kept is not None
        model = BillingBudget if kind.name == "billing_budget" else ExportSchedule
        fields = {name: value for name, value in document.items() if name in model.model_fields}
        kept[id] = (model.model_validate(fields), dict(document))
        return Written(id)

    def _drop(self, objects: dict[str, Any], id: str) -> WriteResult:
        return Written(id) if objects.pop(id, None) is not None else Refused(404, "not found")

    def _id(self, prefix: str) -> str:
        self.numbers += 1
        return f"{prefix}_{self.numbers:04d}"

    @property
    def doubles(self) -> list[str]:
        """The operations of ours that were booked from more than one send."""
        return [
            operation
            for operation, sends in self.commits.items()
            if len(sends) > 1 and find_operation(f"[kt-budgets op={operation}]")
        ]


class Reader:
    """The reading side of a world, as apply sees it: it has no write method."""

    def __init__(self, world: World) -> None:
        self.wallet = world.wallet
        self.pool = world.read_pool
        self._world = world
        self.live = world.live

    def objects(self, kind: ManagedKind[V]) -> Listing[V]:
        return self._world.objects(kind)


@dataclass
class Notes:
    """What every process noted that it was sending; those in `dead` are proved to be gone."""

    sent: dict[str, set[str]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)


@dataclass
class MemorySendLog:
    """One process's side of the notes."""

    notes: Notes
    name: str = ""

    def begin(self) -> str:
        self.name = f"p{len(self.notes.sent)}"
        self.notes.sent[self.name] = set()
        return self.name

    def sending(self, intent: str) -> None:
        self.notes.sent[self.name].add(intent)

    def never_sent(self, writer: str, intent: str) -> bool:
        return writer in self.notes.dead and intent not in self.notes.sent[writer]

    def end(self) -> None:
        """Nothing is left of a run that ended."""


@dataclass
class MemoryStore:
    """A journal in memory that behaves like a remote one: appends compare and swap, and its lock can be broken.

    It cannot write records in which the text `refuses` stands.
    """

    lines: list[str] = field(default_factory=list)
    torn: bytes = b""
    anchor: Anchor | None = None
    holder: Owner | None = None
    holder_is_dead: bool = False
    unwritable: bool = False
    refuses: str | None = None
    notes: Notes = field(default_factory=Notes)
    before_append: Callable[[str], None] = nothing
    after_append: Callable[[str], None] = nothing

    def __str__(self) -> str:
        return "memory"

    def load(self) -> Stored:
        return Stored(tuple(self.lines), self.torn, self.anchor)

    def append(self, lines: Sequence[str], anchor: Anchor) -> None:
        self.before_append("record")
        if self.unwritable or (self.refuses and any(self.refuses in line for line in lines)):
            raise JournalError("the journal memory cannot be written")
        if anchor.count != len(self.lines) + len(lines):
            raise FencedError("somebody else wrote to the journal")
        self.lines += lines
        self.anchor = anchor
        self.after_append("record")

    def cut_torn(self) -> None:
        self.torn = b""

    def restore(self) -> Stored:
        return Stored(tuple(self.lines), self.torn)

    def replace(self, lines: Sequence[str], anchor: Anchor, *, at: str) -> str:
        self.lines, self.torn, self.anchor = list(lines), b"", anchor
        return f"what was there at {at}"

    @contextmanager
    def lock(self, owner: Owner, *, clock: Clock) -> Iterator[Lock]:
        if self.holder is not None:
            raise LockHeldError(f"the lock is held by {self.holder.name}")
        self.holder = owner
        try:
            yield _Held(self, owner)
        except Crash:
            raise
        except BaseException:
            self._release(owner)
            raise
        self._release(owner)

    def _release(self, owner: Owner) -> None:
        if self.holder == owner:
            self.holder = None

    def send_log(self) -> SendLog:
        return MemorySendLog(self.notes)

    def break_lock(self, owner: str | None) -> Owner | None:
        named = self.holder is not None and self.holder.name == owner
        if self.holder is None or not (named or (owner is None and self.holder_is_dead)):
            return None
        broken, self.holder = self.holder, None
        return broken


@dataclass
class _Held:
    store: MemoryStore
    owner: Owner
    broken: Owner | None = None

    def check(self) -> None:
        if self.store.holder != self.owner:
            raise FencedError("the lock was taken away")


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
