"""The garbage collector, and when it is not to look at what is made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

LARGE_HEAP = 100_000
"""How many new objects make it worth not to search them for garbage."""


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
