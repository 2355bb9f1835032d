"""Where tests keep files: in memory where this machine has room, for they write thousands and read each a few times.

A folder that the environment names stays the one, and where programs cannot be run from memory, it is the disk. What a
run leaves because a test failed is there until the next run begins.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

ROOM = 4 * 2**30
"""About four times what all tests write."""
_NAMED = "kt-tests-"


def keep_files_in_memory(memory: Path = Path("/dev/shm")) -> None:  # noqa: S108
    """Have this process and all that it starts keep temporary files there, until it ends."""
    if "TMPDIR" in os.environ or not has_room(memory):
        return
    beginning = _locked(memory, fcntl.LOCK_EX)
    for left in memory.glob(f"{_NAMED}*"):
        _delete_what_nobody_uses(left)
    folder = tempfile.mkdtemp(prefix=_NAMED, dir=memory)
    _locked(Path(folder), fcntl.LOCK_SH)
    os.close(beginning)
    Path(folder).chmod(0o1777)  # some tests act as another user
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    atexit.register(_end, folder, os.getpid())


def leave_files() -> None:
    """Let the files outlive this process, for somebody to look at."""
    atexit.unregister(_end)


def has_room(memory: Path) -> bool:
    """Say whether files and programs have their place in a folder."""
    try:
        found = os.statvfs(memory)
    except OSError:
        return False
    is_plain = not found.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    return is_plain and os.access(memory, os.W_OK) and found.f_bavail * found.f_frsize >= ROOM


def _locked(folder: Path, how: int) -> int:
    """Return what holds a folder until it is closed, at the latest when the last process ends that has it."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, how)
    except OSError:
        os.close(held)
        raise
    return held


def _delete_what_nobody_uses(folder: Path) -> None:
    with suppress(OSError):
        held = _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _end(folder: str, process: int) -> None:
    """Delete all of it, but not at the end of a fork, nor what SlipCover reads and deletes after this."""
    if os.getpid() != process:
        return
    measured = os.environ.get("SLIPCOVER_COVERAGE_DIR")
    for left in Path(folder).iterdir():
        if left.is_dir() and str(left) != measured:
            shutil.rmtree(left, ignore_errors=True)
        elif left.is_file():
            left.unlink()
    with suppress(OSError):
        Path(folder).rmdir()
