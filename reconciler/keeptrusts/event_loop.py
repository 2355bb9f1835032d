"""An event loop in a thread of its own, for code that is none."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from anyio.from_thread import BlockingPortal, start_blocking_portal


@contextmanager
def event_loop() -> Iterator[BlockingPortal]:
    """Yield the way into a loop, which ends with the block.

    Ctrl-C is put off until it has begun: anyio would wait without end for one that it was about to begin.
    """
    with ExitStack() as stack:
        with _uninterrupted():
            portal = stack.enter_context(start_blocking_portal())
        yield portal


@contextmanager
def _uninterrupted() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
