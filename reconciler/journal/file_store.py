"""A journal in a file: appended and flushed to the disk record by record, with an OS lock beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from shlex import quote

from filelock import FileLock, Timeout

from reconciler.clock import Clock
from reconciler.files import write_whole
from reconciler.findings import LockHeldError
from reconciler.journal.record import JournalError, distrust
from reconciler.journal.remote import own_folder
from reconciler.journal.send_log import FileSendLog, SendLog
from reconciler.journal.store import Anchor, Lock, Owner, Stored
from reconciler.model.json_text import json_line


class FileStore:
    """Keeps a journal in `path`; `path.head` says how far it was acknowledged, `path.lock` is the lock.

    A path that leads over links stands for the one real file: what is beside that is head and lock, for every way
    to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path = Path(os.path.realpath(path))
        self._head = path.with_name(path.name + ".head")
        self._lock = path.with_name(path.name + ".lock")
        self._owner = path.with_name(path.name + ".owner")

    def __str__(self) -> str:
        return f"file:{self.path}"

    def load(self) -> Stored:
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
            names = self.path.stat().st_nlink if content else 1
            anchor = self._anchor()
        except OSError as error:
            raise self._unusable("read", error) from None
        if names > 1:
            own = quote(f"{self.path}.own")
            raise JournalError(
                f"the journal {self} has {names} names (hard links): each would have a lock of its own; nothing was"
                " written to Keeptrusts",
                hint=f"keep one: cp {quote(str(self.path))} {own} && mv {own} {quote(str(self.path))}",
            )
        return Stored.of(content, anchor, where=str(self))

    def append(self, lines: Sequence[str], anchor: Anchor) -> None:
        data = "".join(f"{line}\n" for line in lines).encode()
        try:
            if not self.path.exists():
                self._create()
            with self.path.open("ab") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self._write_head(anchor)
        except OSError as error:
            raise self._unusable("written", error) from None

    def cut_torn(self) -> None:
        torn = self.load().torn
        try:
            with self.path.open("r+b") as file:
                file.seek(-len(torn), os.SEEK_END)
                file.truncate()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._unusable("written", error) from None

    def restore(self) -> Stored:
        """Return what is in the file; what is not there any more is nowhere else."""
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise self._unusable("read", error) from None
        return Stored.of(content)

    def replace(self, lines: Sequence[str], anchor: Anchor, *, at: str) -> str:
        aside = self.path.with_name(f"{self.path.name}.distrusted-{at}")
        try:
            self._create()
            aside.write_bytes(self.path.read_bytes())
            write_whole(self.path, "".join(f"{line}\n" for line in lines).encode())
            self._head.unlink(missing_ok=True)
            self._write_head(anchor)
        except OSError as error:
            raise self._unusable("written", error) from None
        return str(aside)

    @contextmanager
    def lock(self, owner: Owner, *, clock: Clock) -> Iterator[Lock]:
        try:
            own_folder(self._lock.parent)
            held = FileLock(self._lock, timeout=0)
            held.acquire()
        except Timeout:
            raise self._held() from None
        except OSError as error:
            raise self._unusable("locked", error) from None
        try:
            facts = {**asdict(owner), "since": clock.now().isoformat(timespec="seconds")}
            self._owner.write_text(json_line(facts, ensure_ascii=True), encoding="utf-8")
            yield _Held()
        finally:
            self._owner.unlink(missing_ok=True)
            held.release()

    def break_lock(self, owner: str | None) -> Owner | None:
        """Return None: the operating system releases this lock when its owner ends, so there is nothing to break."""
        del owner
        return None

    def send_log(self) -> SendLog:
        return FileSendLog(self.path.with_name(self.path.name + ".sending"))

    def _create(self) -> None:
        """Create the journal so that the file's own name is durable before its first record is."""
        own_folder(self.path.parent)
        self.path.touch()
        for folder in (self.path.parent, self.path.parent.parent):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _write_head(self, anchor: Anchor) -> None:
        """Overwrite the head in place: it follows the records, so that it never speaks of one that was not durable."""
        text = f"{anchor.count:012d} {anchor.digest}\n"
        with self._head.open("r+b" if self._head.exists() else "w+b") as file:
            file.write(text.encode())

    def _anchor(self) -> Anchor | None:
        if not self._head.exists():
            return None
        count, _, digest = self._head.read_text(encoding="utf-8", errors="replace").strip().partition(" ")
        if not count.isdecimal() or not digest.startswith("sha256:"):
            raise distrust(str(self), f"its head {self._head.name} cannot be read")
        return Anchor(int(count), digest)

    def _unusable(self, verb: str, error: OSError) -> JournalError:
        return JournalError(
            f"the journal {self} cannot be {verb}: {error.strerror or error}; nothing more was written to Keeptrusts",
            hint="name a place that can be written with `--journal file:PATH`, or make room there",
        )

    def _held(self) -> LockHeldError:
        try:
            owner = json.loads(self._owner.read_text(encoding="utf-8"))
            who = f" by {owner['name']} (run {owner['run']}, since {owner['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            who = ""
        return LockHeldError(
            f"another apply holds the lock {self._lock}{who}; nothing was written",
            hint="wait until it has finished; the lock goes away with its process",
        )


class _Held:
    """An OS lock that is held until its process ends: nothing can take it away."""

    broken: Owner | None = None

    def check(self) -> None:
        return None
