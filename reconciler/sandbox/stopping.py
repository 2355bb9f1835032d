"""Being asked to stop: Ctrl-C or SIGTERM, as something that can be waited for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket, socketpair


@contextmanager
def stop_signals() -> Iterator[socket]:
    """Yield a socket that becomes readable on Ctrl-C or SIGTERM; nothing else happens then, however often they come.

    The process is meant to end after the block. Python takes its handlers back at its end, and a signal would then kill
    it; one that is ignored stays ignored.
    """
    reader, writer = socketpair()
    with reader, writer:
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        try:
            yield reader
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            signal.set_wakeup_fd(-1)
