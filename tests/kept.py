"""What all processes of a run of the tests keep for each other: what took long, under what it follows from."""

from __future__ import annotations

import atexit
import os
import shutil
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp

from in_memory import keep_files_in_memory

_NAMED = "KEPT_BY_TESTS"
_IS_FIRST = _NAMED not in os.environ
if _IS_FIRST:
    keep_files_in_memory()
_FOLDER = Path(mkdtemp(prefix="kt-") if _IS_FIRST else os.environ[_NAMED])
os.environ[_NAMED] = str(_FOLDER)


def _end(process: int) -> None:
    """Delete all of it, but not at the end of a fork."""
    if os.getpid() == process:
        shutil.rmtree(_FOLDER, ignore_errors=True)


if _IS_FIRST:
    atexit.register(_end, os.getpid())


def place(*of: object) -> Path:
    """Return the file that keeps what follows from this and nothing else, whether it is there yet or not."""
    return _FOLDER / sha256(repr(of).encode()).hexdigest()


def keep(path: Path, content: bytes) -> None:
    """Write a file that nobody sees before it is whole, whichever processes and threads write it at the same time."""
    with NamedTemporaryFile(dir=_FOLDER, delete=False) as partial:
        partial.write(content)
    Path(partial.name).replace(path)
