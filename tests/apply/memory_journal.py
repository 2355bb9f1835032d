"""A journal in memory that behaves like a remote one, and the notes of what every process is sending."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.clock import Clock
from reconciler.findings import LockHeldError
from reconciler.journal.record import JournalError
from reconciler.journal.send_log import SendLog
from reconciler.journal.store import Anchor, FencedError, Lock, Owner, Stored


def nothing(place: object) -> None:
    """Do nothing at a step."""


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


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
    expired: Owner | None = None
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
            yield _Held(self, owner, self.expired)
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
