"""The send log: a local note, just before each send, that tells a run that died before sending from one that sent.

A journal entry says that a write was about to be sent. After a crash that is doubtful, and only the ledger can tell. On
the machine where it happened there is more to know: each process notes here, after the intent is durable and before
the request leaves, that it is sending. A process that is proved dead and has left no such note never sent. The notes
need no flushing: they count only during the same boot of the same machine, in the same process namespace.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from reconciler.journal.record import JournalError
from reconciler.model.json_text import json_line


class SendLog(Protocol):
    """Notes what is being sent. `begin` returns the name of this process, empty when nothing can be noted."""

    def begin(self) -> str: ...
    def sending(self, intent: str) -> None: ...

    def never_sent(self, writer: str, intent: str) -> bool:
        """Whether it is proved that process `writer` never sent what its `intent` (a record's digest) announced."""

    def end(self) -> None: ...


class FileSendLog:
    """Keeps the notes of each process in a file of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None

    def begin(self) -> str:
        name = secrets.token_hex(8)
        header = {"machine": machine(), "process": os.getpid()}
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / name
            path.write_text(json_line(header, ensure_ascii=True) + "\n", encoding="utf-8")
            self._path = path
        return name if self._path else ""

    def sending(self, intent: str) -> None:
        if self._path is None:
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{intent}\n")
        except OSError as error:
            self._withdraw(error)

    def never_sent(self, writer: str, intent: str) -> bool:
        if not writer.isalnum():
            return False
        try:
            header, *sent = (self._folder / writer).read_text(encoding="utf-8").splitlines()
            facts = json.loads(header)
            return is_dead(facts["machine"], facts["process"]) and intent not in sent
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def end(self) -> None:
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()
            self._path = None

    def _withdraw(self, error: OSError) -> None:
        """Make sure that a note that cannot be written is not taken for one that never was."""
        path, self._path = self._path, None
        try:
            if path is not None:
                path.unlink(missing_ok=True)
        except OSError:
            raise JournalError(
                f"the note {path} can be neither written nor removed ({error.strerror}); nothing more was written to"
                " Keeptrusts",
                hint="make room there, then run `kt-budgets resume`",
            ) from None


def machine() -> str:
    """Return what tells this boot and process namespace from all others, empty where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{platform.node()}/{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def is_dead(where: str, process: int) -> bool:
    """Whether a process is proved to be gone: it ran on this boot of this machine, and no longer does."""
    if not where or where != machine() or process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _is_defunct(process)


def _is_defunct(process: int) -> bool:
    """Whether a process has ended and only waits for its parent to notice."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return state[:1] == ["Z"]
