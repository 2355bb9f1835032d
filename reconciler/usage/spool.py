"""Exports that can be read once only, such as a pipe or standard input, kept in a file so that they can be scanned."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

from reconciler.findings import UsageError
from reconciler.usage.files import ExportFile

WAIT_SECONDS = 60
"""How long a named pipe is waited for until somebody writes to it."""

_CHUNK = 1 << 20


def spool(file: ExportFile, target: Path, *, wait: float = WAIT_SECONDS) -> Path:
    """Return `target`, into which all that a pipe or standard input gives was written.

    Raises UsageError for what gives no export: a terminal, a socket, a device, a named pipe that nobody writes to.
    """
    location = Path(file.location)
    what = _no_source(location)
    if what:
        raise UsageError(f"{file.name}: it is {what}, not an export", hint="name a file, a folder or a pipe")
    with _open_without_waiting(location) as source, target.open("wb") as sink:
        if source.isatty():
            hint = "write an export into it, as in `cat export.csv | kt-budgets forecast --usage /dev/stdin`"
            raise UsageError(f"{file.name}: it is a terminal, so no export comes out of it", hint=hint)
        named = not file.location.startswith(("/dev/fd/", "/dev/std", "/proc/"))
        if not select.select([source], [], [], wait if named else None)[0]:
            hint = f"start what writes the export first, as in `cat export.csv > {shlex.quote(file.name)} &`"
            raise UsageError(f"{file.name}: nobody wrote to this pipe within {wait:.0f} seconds", hint=hint)
        os.set_blocking(source.fileno(), True)
        shutil.copyfileobj(source, sink, _CHUNK)
    return target


def _no_source(location: Path) -> str:
    """Return what a path is when no export can come out of it, "" when one can."""
    kind = stat.S_IFMT(location.stat().st_mode)
    is_device = kind == stat.S_IFCHR and not location.samefile(os.devnull) and not _is_terminal(location)
    what = {stat.S_IFSOCK: "a socket", stat.S_IFBLK: "a disk", stat.S_IFCHR: "a device" if is_device else ""}
    return what.get(kind, "")


def _is_terminal(location: Path) -> bool:
    with _open_without_waiting(location) as source:
        return source.isatty()


def _open_without_waiting(location: Path) -> BinaryIO:
    """Open a pipe although nobody may have it open for writing yet."""
    return os.fdopen(os.open(location, os.O_RDONLY | os.O_NONBLOCK), "rb")
