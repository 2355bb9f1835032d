"""Files that are written whole or not at all: beside their place, durable there, and only then in it.

The files of a user are written through links too, and into devices and pipes.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reconciler.findings import UsageError


def write_file(path: Path, content: str | bytes) -> None:
    """Write `content`, text as UTF-8, to `path`: a regular file as a whole or not at all, behind a link if it is one.

    A device or a pipe is written to, and this process's own stdout in the order of what is printed. Folders that
    are missing are made.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        if is_stdout(path):
            _print_bytes(data)
        elif path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as device:
                device.write(data)
        else:
            write_whole(Path(os.path.realpath(path)), data)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="name another file with `--output`"
        ) from None


def is_stdout(path: Path) -> bool:
    """Whether `path` is where this process's stdout goes."""
    try:
        there, here = path.stat(), os.fstat(1)
    except OSError:
        return False
    is_null = stat.S_ISCHR(there.st_mode) and there.st_rdev == Path(os.devnull).stat().st_rdev
    return os.path.samestat(there, here) and not is_null


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`, of which nobody ever sees a part; folders that are missing are made. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        partial.write_bytes(data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file beside `path` to be written, which takes its place, and its permissions, at the end of the block."""
    with beside(path) as partial:
        yield partial
        put(partial, path)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield a file beside `path` to be written and put somewhere; what was not put anywhere is deleted.

    Whoever else writes `path` meanwhile, in this process, another or on another machine, has another one.
    """
    partial = path.with_name(f".{path.name[:100]}.{unlike_any_other()}.partial")
    try:
        yield partial
    finally:
        with suppress(OSError):
            partial.unlink()


def unlike_any_other() -> str:
    """Return a part of a name that nobody else makes, also in the same process."""
    return os.urandom(8).hex()


def put(partial: Path, path: Path) -> Path:
    """Put a file that was written in the place of `path`, durably, and return that."""
    with partial.open("r+b") as file:
        os.fsync(file.fileno())
    with suppress(FileNotFoundError):
        partial.chmod(stat.S_IMODE(path.stat().st_mode))
    return partial.replace(path)


def _print_bytes(data: bytes) -> None:
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(data.decode("utf-8"))
    else:
        buffer.write(data)
        buffer.flush()
