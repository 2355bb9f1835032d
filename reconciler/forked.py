"""Work on many items in several processes at once, each a fork of this one: it knows all that this one knows.

A process takes one part of the items after the other, so that one with more to do besides does less of it. What one
that ended early had taken is done here: the results are the same, whoever works them out (decision 0119).
"""

from __future__ import annotations

import logging
import os
import pickle
import selectors
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

FEWEST = 1_000
"""Of fewer items, a process takes longer to fork and to read from than it saves."""
MOST_PROCESSES = 16
PATIENCE = 60.0
"""Seconds that the results of another process are waited for, once there is nothing left to do here."""

_PARTS = 1_000
_SMALLEST_PART = 50
_WIDTH = 4

_logger = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")


def count() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def nothing() -> None:
    """Do nothing."""


def spread(
    work: Callable[[Sequence[T]], Sequence[R]],
    items: Sequence[T],
    *,
    fewest: int = FEWEST,
    processors: int | None = None,
    patience: float = PATIENCE,
    meanwhile: Callable[[], object] = nothing,
) -> list[R]:
    """Return what `work` makes of `items`, in their order; it makes one result of each, without a look at the others.

    It is pickled where another process made it. `meanwhile` is called here once, when the others have begun. A process
    with other threads is not forked: they would be missing.
    """
    others = min(processors or count(), MOST_PROCESSES) - 1
    if len(items) < fewest or others < 1 or not hasattr(os, "fork") or threading.active_count() > 1:
        meanwhile()
        return list(work(items))
    size = max(_SMALLEST_PART, -(-len(items) // _PARTS))
    parts = [items[at : at + size] for at in range(0, len(items), size)]
    done = _shared(work, parts, others, patience, meanwhile)
    for place in range(len(parts)):
        if place not in done:
            done[place] = work(parts[place])
    return [result for place in range(len(parts)) for result in done[place]]


def _shared(
    work: Callable[[Sequence[T]], Sequence[R]],
    parts: Sequence[Sequence[T]],
    others: int,
    patience: float,
    meanwhile: Callable[[], object],
) -> dict[int, Sequence[R]]:
    """Return the results of the parts by their place, as far as they came."""
    tickets = _tickets(len(parts))

    def take() -> dict[int, Sequence[R]]:
        return {place: work(parts[place]) for place in _taken(tickets)}

    try:
        with _forks([take] * others) as forks:
            meanwhile()
            done = take()
            for results in forks:
                done |= next(iter(_received(results, patience)), {})
            return done
    finally:
        os.close(tickets)


@contextmanager
def _forks(works: Sequence[Callable[[], object]]) -> Iterator[list[int]]:
    """Yield the pipes that the results of forks are read from, each of which does its work; they end with the block."""
    forks: list[tuple[int, int]] = []
    try:
        with suppress(OSError):
            forks += map(_fork, works)
        yield [results for _, results in forks]
    finally:
        for process, results in forks:
            os.close(results)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _tickets(count: int) -> int:
    """Return a pipe that holds the places of so many parts: each is read once, by whoever comes first."""
    tickets, into = os.pipe()
    os.write(into, b"".join(place.to_bytes(_WIDTH, "big") for place in range(count)))
    os.close(into)
    return tickets


def _taken(tickets: int) -> Iterator[int]:
    while ticket := os.read(tickets, _WIDTH):
        yield int.from_bytes(ticket, "big")


def _fork(work: Callable[[], object]) -> tuple[int, int]:
    """Return the process that does `work`, and the pipe that its result is read from."""
    results, into = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process:
        os.close(into)
        return process, results
    try:
        done = work()
        with os.fdopen(into, "wb") as file:
            pickle.dump(done, file, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)


def _received(results: int, patience: float) -> tuple[Any, ...]:
    """Return the result of another process alone; nothing where it ended early, or does not come to an end."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(results, selectors.EVENT_READ)
        if not waiting.select(patience):
            return ()
    try:
        with os.fdopen(results, "rb", closefd=False) as file:
            return (pickle.load(file),)  # noqa: S301
    except Exception as error:
        _logger.debug("another process did not answer (%s): its part is done here", error)
        return ()
