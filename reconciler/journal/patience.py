"""Waiting for a lock that another run holds: until it is given back, or until its lease ran out long enough ago."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from reconciler.clock import Clock
from reconciler.findings import LockHeldError
from reconciler.journal.send_log import SendLog
from reconciler.journal.store import Anchor, FencedError, Lock, Owner, Store, Stored

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
