"""Where journals are kept, behind one protocol, and how a store is named: `file:PATH` or `git:REMOTE`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from reconciler.clock import Clock
from reconciler.findings import LockHeldError
from reconciler.journal.record import distrust
from reconciler.journal.send_log import SendLog


@dataclass(frozen=True, slots=True)
class Anchor:
    """How many records a store acknowledged as durable, and the digest of the last of them."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True)
class Stored:
    """Whole lines, what follows the last line break (a record that was being written when its writer died), and
    what was acknowledged; None when the store does not know."""

    lines: tuple[str, ...] = ()
    torn: bytes = b""
    anchor: Anchor | None = None

    @classmethod
    def of(cls, content: bytes, anchor: Anchor | None = None, *, where: str = "") -> Stored:
        """Return what `content` holds; a record that is no text is refused where it is said `where` the journal is."""
        whole, separator, torn = content.rpartition(b"\n")
        try:
            lines = whole.decode("utf-8", "strict" if where else "replace").split("\n") if separator else []
        except UnicodeDecodeError as error:
            number = whole.count(b"\n", 0, error.start) + 1
            raise distrust(where, f"record {number} cannot be read") from None
        return cls(tuple(lines), torn, anchor)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock. `url` leads to the run, `machine` and `process` tell whether a local owner is still alive."""

    name: str
    run: str
    url: str = ""
    machine: str = ""
    process: int = 0
    since: str = ""


class FencedError(LockHeldError):
    """The lock was taken from this run while it worked; it stops before its next write."""


class Lock(Protocol):
    """A held lock. `check` renews the lease when due, and raises FencedError when the lock is no longer ours.

    `broken` is the owner from whom it was taken because that one's lease had run out long ago.
    """

    @property
    def broken(self) -> Owner | None: ...
    def check(self) -> None: ...


class Store(Protocol):
    """Keeps lines, durably and in order."""

    def load(self) -> Stored:
        """Return everything that is kept."""

    def append(self, lines: Sequence[str], anchor: Anchor) -> None:
        """Keep `lines` after all others; when this returns they are durable. `anchor` describes the last of them."""

    def cut_torn(self) -> None:
        """Drop what follows the last line break."""

    def restore(self) -> Stored:
        """Bring back what was lost and is still on this machine, and return what there is, whole or not."""

    def replace(self, lines: Sequence[str], anchor: Anchor, *, at: str) -> str:
        """Keep `lines` alone from now on and return where all that was there is kept aside; `at` names the time."""

    def lock(self, owner: Owner, *, clock: Clock) -> AbstractContextManager[Lock]:
        """Hold the organization's lock for the length of a block; LockHeldError when somebody else does."""

    def break_lock(self, owner: str | None) -> Owner | None:
        """Take the lock from the owner named (None: only from one that is proved dead) and return who that was."""

    def send_log(self) -> SendLog:
        """Return what notes, on this machine, what is being sent."""


EVERY = 5.0
"""Seconds between two looks at a lock."""


class PatientStore:
    """A store whose lock is waited for, `patience` seconds at most. `waiting` is told once why."""

    def __init__(self, store: Store, patience: float, waiting: Callable[[LockHeldError], None]) -> None:
        self._store = store
        self._patience = patience
        self._waiting = waiting

    def __str__(self) -> str:
        return str(self._store)

    @contextmanager
    def lock(self, owner: Owner, *, clock: Clock) -> Iterator[Lock]:
        with ExitStack() as stack:
            yield self._entered(stack, owner, clock)

    def _entered(self, stack: ExitStack, owner: Owner, clock: Clock) -> Lock:
        until = clock.monotonic() + self._patience
        told = False
        while True:
            try:
                return stack.enter_context(self._store.lock(owner, clock=clock))
            except LockHeldError as error:
                if isinstance(error, FencedError) or clock.monotonic() >= until:
                    raise
                if not told:
                    self._waiting(error)
                    told = True
            clock.sleep(min(EVERY, self._patience))

    def load(self) -> Stored:
        return self._store.load()

    def append(self, lines: Sequence[str], anchor: Anchor) -> None:
        self._store.append(lines, anchor)

    def cut_torn(self) -> None:
        self._store.cut_torn()

    def restore(self) -> Stored:
        return self._store.restore()

    def replace(self, lines: Sequence[str], anchor: Anchor, *, at: str) -> str:
        return self._store.replace(lines, anchor, at=at)

    def break_lock(self, owner: str | None) -> Owner | None:
        return self._store.break_lock(owner)

    def send_log(self) -> SendLog:
        return self._store.send_log()
