"""Files of a user, written as a whole or not at all; through links, and into devices and pipes."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from reconciler.findings import UsageError


def write_file(path: Path, content: str | bytes) -> None:
    """Write `content`, text as UTF-8, to `path`: a regular file as a whole or not at all, behind a link if it is one.

    A device or a pipe is written to, and this process's own stdout in the order of what is printed.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        if is_stdout(path):
            _print_bytes(data)
        elif path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as device:
                device.write(data)
        else:
            _replace(Path(os.path.realpath(path)), data)
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


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name[:100]}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def _print_bytes(data: bytes) -> None:
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(data.decode("utf-8"))
    else:
        buffer.write(data)
        buffer.flush()
