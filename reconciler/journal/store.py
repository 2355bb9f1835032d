"""Where journals are kept, behind one protocol, and how a store is named: `file:PATH` or `git:REMOTE`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from reconciler.clock import Clock
from reconciler.findings import LockHeldError
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
