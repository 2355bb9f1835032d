"""How much memory processes hold, which is what benchmarks print."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

EVERY = 0.5
"""Seconds between two looks at the memory of all processes: a look takes some 10 ms for each gigabyte."""


def peak_megabytes(process: int | str = "self") -> float:
    """Return the most memory held so far. Of a process that another has started, `getrusage` may tell the other's."""
    told = _told(process, "status", "VmHWM")
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if told is None else told) / 1024


def started_by(process: int | str = "self") -> Iterator[int]:
    """Yield the processes that one has started, and those that they have."""
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for each in map(int, (thread / "children").read_text().split()):
                yield each
                yield from started_by(each)


@contextmanager
def most_of_all(process: int) -> Iterator[list[float]]:
    """Yield a list whose only item is the most megabytes that the process and those it started held at a time.

    What several of them share is counted once.
    """
    most, over = [0.0], Event()

    def look() -> None:
        while not over.wait(EVERY):
            shares = (_told(each, "smaps_rollup", "Pss") or 0 for each in (process, *started_by(process)))
            most[0] = max(most[0], sum(shares) / 1024)

    looking = Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        over.set()
        looking.join()


def _told(process: int | str, name: str, field: str) -> int | None:
    """Return the kilobytes of a field, None where the system does not tell."""
    with suppress(OSError):
        found = re.search(rf"^{field}:\s*(\d+) kB", Path(f"/proc/{process}/{name}").read_text(), re.MULTILINE)
        return int(found[1]) if found else None
    return None
