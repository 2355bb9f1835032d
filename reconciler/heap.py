"""The garbage collector, and when it is not to look at what is made; the end of a process that holds much."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

LARGE_HEAP = 100_000
"""How many new objects make it worth not to search them for garbage."""
HUGE_HEAP = 1_000_000
"""How many blocks of memory make it worth not to take them apart at the end: a plan of a few teams has fewer."""


@contextmanager
def gc_paused() -> Iterator[None]:
    """Keep the garbage collector from going over a growing heap again and again: what is made here stays.

    Of a large heap it does not even look at what was made here once it is on again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if gc.get_count()[0] > LARGE_HEAP:
                gc.freeze()
            gc.enable()


def leave(code: int) -> NoReturn:
    """End this process with an exit code, without a last search for garbage.

    Where it holds very much, all that was to be done at its end is done, and then what it holds is not taken apart.
    """
    gc.freeze()
    if sys.getallocatedblocks() < HUGE_HEAP or threading.active_count() > 1:
        sys.exit(code)
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no other way to have all of it done
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
