"""Where results are printed: to stdout, whatever becomes of it.

What was done to money is in the journal before it is printed, so a terminal, a pipe or a disk that takes no more must
not change how a command ends. What could not be printed is remembered here, and said once at the end (decision 0048).
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

from reconciler.redaction import without_secrets

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_PLAIN = {
    0x2013: "-",
    0x2014: "-",
    0x2018: "'",
    0x2019: "'",
    0x201C: '"',
    0x201D: '"',
    0x2026: "...",
    0x00B7: "-",
    0x00D7: "x",
    0x2192: "->",
    0x2264: "<=",
    0x2265: ">=",
    0x2212: "-",
}
"""What stands for signs of ours on a terminal that has no such characters."""

_ERRORS = "kt-budgets-plain"


class Sink(io.RawIOBase):
    """An output that takes whatever is written. The first error is kept; all that comes after it is dropped."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: ReadableBuffer, /) -> int:
        view = memoryview(data).cast("B")
        while self.error is None:
            try:
                return os.write(self._descriptor, view)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError as error:
                self.error = error
        return len(view)


class Printed:
    """What became of this process's stdout, and where else its result is kept."""

    def __init__(self) -> None:
        self.sink: Sink | None = None
        self.kept: list[str] = []

    @property
    def error(self) -> OSError | None:
        """Why stdout took no more, None when it took everything."""
        return self.sink.error if self.sink else None

    @property
    def is_lost(self) -> bool:
        """Whether somebody who still listens did not get the result, and it is kept nowhere."""
        return self.error is not None and self.error.errno != errno.EPIPE and not self.kept

    def trouble(self) -> str:
        """Return where a result is that could not be printed, or what to do about it; empty where there is nothing."""
        if self.error is not None and self.kept:
            where = " and ".join(dict.fromkeys(self.kept))
            return f"the result could not be printed ({self.error.strerror}); it is in {where}"
        hint = "  hint: make room for it, or name a file with `--output`"
        return f"the result could not be printed: {self.error.strerror}\n{hint}" if self.error and self.is_lost else ""


PRINTED = Printed()


def guard_streams(*, as_json: bool) -> None:
    """Make stdout and stderr of this process such that no write to them can fail or meet a character it cannot show.

    JSON is UTF-8 whatever the terminal is.
    """
    codecs.register_error(_ERRORS, _replaced)
    _fill_descriptors()
    sink = PRINTED.sink = Sink(1)
    sys.stdout = _guarded(sink, "utf-8" if as_json else _encoding(sys.stdout), io.TextIOWrapper)
    sys.stderr = _guarded(Sink(2), _encoding(sys.stderr), _Redacted)


def kept_in(place: str) -> None:
    """Remember that the result of this command is also in `place`, should stdout not take it."""
    PRINTED.kept.append(place)


def _fill_descriptors() -> None:
    """Open what a caller has closed, so that no file of ours ever has the number of stdout or stderr."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError as error:
            if error.errno == errno.EBADF:
                os.open(os.devnull, os.O_RDWR)


def _encoding(stream: TextIO | None) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def _guarded(sink: Sink, encoding: str, wrapper: type[io.TextIOWrapper]) -> TextIO:
    return wrapper(io.BufferedWriter(sink), encoding=encoding, errors=_ERRORS, line_buffering=True)


class _Redacted(io.TextIOWrapper):
    """stderr: what is said there goes to logs of other systems, so no secret passes."""

    def write(self, text: str, /) -> int:
        super().write(without_secrets(text))
        return len(text)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(ord(sign), "?") for sign in error.object[error.start : error.end]), error.end
