"""What a use case says while it runs, and who hears it: the command line, a notebook, a server.

A use case returns values and raises errors; what happens on the way is said here. Whoever calls chooses who listens,
for one thread of work::

    with heard_by(listener):
        plan = make_plan(settings)

Without a listener, sentences are warnings of the logger `reconciler.app`, and everything else goes nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol

Advance = Callable[[int, int], None]
"""Takes how much is done and of how much; 0 of it says that nobody knows."""


class Listener(Protocol):
    """Hears what a use case says."""

    def said(self, line: str, hint: str, /) -> None:
        """Hear one sentence for people, and what to do about it; an empty text where nothing is to be done."""

    def noted(self, line: str, /) -> None:
        """Hear one line about what was done, such as a file that was written."""

    def progress(self, label: str, /) -> AbstractContextManager[Advance]:
        """Show for the time of a block how far something is that takes long."""

    def summarised(self, markdown: str, /) -> None:
        """Hear what the summary of a job in CI is to say as well."""


def _still(done: int, total: int, /) -> None:
    del done, total


class Logged:
    """Makes warnings of sentences, and shows no progress."""

    def said(self, line: str, hint: str, /) -> None:
        import logging

        logging.getLogger("reconciler.app").warning("%s", f"{line} ({hint})" if hint else line)

    def noted(self, line: str, /) -> None:
        import logging

        logging.getLogger("reconciler.app").info("%s", line)

    def progress(self, label: str, /) -> AbstractContextManager[Advance]:
        del label
        return nullcontext(_still)

    def summarised(self, markdown: str, /) -> None:
        del markdown


_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)
_LOGGED = Logged()


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Have `listener` hear what is said in the block."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def _listener() -> Listener:
    return _LISTENER.get() or _LOGGED


def say(line: str, hint: str = "") -> None:
    """Say a sentence that people are to read, and what they can do about it."""
    _listener().said(line, hint)


def note(line: str) -> None:
    """Say in one line what was done."""
    _listener().noted(line)


def summarise(markdown: str) -> None:
    """Add Markdown to what the summary of a job in CI says."""
    _listener().summarised(markdown)


def progress(label: str) -> AbstractContextManager[Advance]:
    """Return a block that yields what to call with how much is done, and of how much."""
    return _listener().progress(label)
