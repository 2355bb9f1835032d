"""Where tests keep files: in memory where this machine has room, for they write thousands and read each a few times.

A folder that the environment names stays the one, and where programs cannot be run from memory, it is the disk.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

ROOM = 4 * 2**30
"""About four times what all tests write."""


def keep_files_in_memory(memory: Path = Path("/dev/shm")) -> None:  # noqa: S108
    """Have this process and all that it starts keep temporary files there, until it ends."""
    if "TMPDIR" not in os.environ and has_room(memory):
        os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix="kt-", dir=memory)
        Path(tempfile.tempdir).chmod(0o1777)  # some tests act as another user
        atexit.register(_end, tempfile.tempdir, os.getpid())


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


def _end(folder: str, process: int) -> None:
    """Delete all of it, but not at the end of a fork."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
