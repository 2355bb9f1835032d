"""Work in several processes at once, each a fork of this one: it knows all that this one knows.

Of work on many items, a process takes one part after the other, so that one with more to do besides does less of it.
What one that ended early had taken is done here: the results are the same, whoever works them out (decision 0119).
"""

from __future__ import annotations

import logging
import os
import pickle
import select
import selectors
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from struct import Struct
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn, TypeVar

FEWEST = 1_000
"""Of fewer items, a process takes longer to fork and to read from than it saves."""
MOST_PROCESSES = 16
PATIENCE = 60.0
"""Seconds that the results of another process are waited for, once there is nothing left to do here."""
_TURN = 0.01
"""Seconds after which a process that leaves work to others looks again whether it has a hand free."""

_PARTS = 1_000
_SMALLEST_PART = 50
_WIDTH = 4
_SIZE = Struct("!Q")
_NOTE = Struct("!IQQ")
"""The place of a part, and where its results are in the file: the first byte, and how many."""

_logger = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")


def count() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


IsBusy = Callable[[], bool]
"""Whether this process has something else to do: then it leaves parts of the work to others, as long as there are."""


def idle() -> bool:
    """Have nothing else to do."""
    return False


def nothing() -> IsBusy:
    """Do nothing."""
    return idle


def spread(
    work: Callable[[Sequence[T]], Sequence[R]],
    items: Sequence[T],
    *,
    fewest: int = FEWEST,
    processors: int | None = None,
    patience: float = PATIENCE,
    meanwhile: Callable[[], IsBusy] = nothing,
) -> Iterator[tuple[T, R]]:
    """Yield each of `items`, in no order, with what `work` makes of it, as soon as that is here.

    `work` makes one result of each, without a look at the others; it is pickled where another process made it.
    `meanwhile` is called here once, when the others have begun; while what it returned says so, all parts are left to
    them. A process with other threads is not forked: they would be missing. Nor is one that ignores SIGCHLD: its forks
    would be forgotten, and their numbers given to others.
    """
    others = min(processors or count(), MOST_PROCESSES) - 1
    if len(items) < fewest or others < 1 or not _can_fork():
        meanwhile()
        yield from zip(items, work(items), strict=True)
        return
    size = max(_SMALLEST_PART, -(-len(items) // _PARTS))
    parts = [items[at : at + size] for at in range(0, len(items), size)]
    missing = set(range(len(parts)))
    for place, results in _shared(work, parts, others, patience, meanwhile):
        missing.discard(place)
        yield from zip(parts[place], results, strict=True)
    for place in missing:
        yield from zip(parts[place], work(parts[place]), strict=True)


def _can_fork() -> bool:
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return False
    return signal.getsignal(signal.SIGCHLD) != signal.SIG_IGN


class LostError(Exception):
    """Another process did not do what it was asked."""


class Aside:
    """Another process that does one piece of work, which it is asked for when it is known of what."""

    def __init__(self, fork: _Fork, orders: IO[bytes], asking: int) -> None:
        self._fork = fork
        self._orders = orders
        self._asking = asking

    def ask(self, order: object) -> None:
        """Have the work done of `order`, which is pickled."""
        data = pickle.dumps(order, pickle.HIGHEST_PROTOCOL)
        os.pwrite(self._orders.fileno(), data, 0)
        os.write(self._asking, _SIZE.pack(len(data)))

    def answer(self) -> Any:
        """Wait for what the work came to, and return it. Raises LostError where it came to nothing."""
        done = self._fork.received(None)
        if not done:
            raise LostError
        return done[0][1]


@contextmanager
def aside(
    prepare: Callable[[], object], work: Callable[[Any], object], *, processors: int | None = None
) -> Iterator[Aside | None]:
    """Yield a process that calls `prepare` at once, and `work` with what it is asked; it ends with the block.

    It prepares behind processes that have more to do.
    Yields None where one could only take turns with this process, and where none can be made: one that has other
    threads is not forked.
    """
    with ExitStack() as ends:
        made = None
        if (processors or count()) > 1 and _can_fork():
            with suppress(OSError):
                made = _aside(prepare, work, ends)
        yield made


def _aside(prepare: Callable[[], object], work: Callable[[Any], object], ends: ExitStack) -> Aside:
    orders: IO[bytes] = ends.enter_context(TemporaryFile())  # noqa: SIM115
    asked, asking = os.pipe()
    ends.callback(os.close, asked)
    ends.callback(os.close, asking)

    def take() -> Iterator[tuple[int, object]]:
        os.close(asking)
        with ThreadPoolExecutor(1, initializer=_give_way) as behind:
            behind.submit(prepare).result()
        if size := os.read(asked, _SIZE.size):
            yield 0, work(pickle.loads(os.pread(orders.fileno(), _SIZE.unpack(size)[0], 0)))  # noqa: S301

    return Aside(ends.enter_context(_fork(take)), orders, asking)


def _give_way() -> None:
    """Let other processes go first, where that is said of a thread alone: elsewhere it would stay for what follows."""
    if sys.platform == "linux":
        os.nice(10)


def _shared(
    work: Callable[[Sequence[T]], Sequence[R]],
    parts: Sequence[Sequence[T]],
    others: int,
    patience: float,
    meanwhile: Callable[[], IsBusy],
) -> Iterator[tuple[int, Sequence[R]]]:
    """Yield the places and the results of the parts, as far as they come."""
    tickets = _tickets(len(parts))

    def take() -> Iterator[tuple[int, Sequence[R]]]:
        return ((place, work(parts[place])) for place in _taken(tickets))

    try:
        with _forks(take, others) as forks:
            is_busy = meanwhile()
            while is_busy() and (at_work := [fork for fork in forks if not fork.has_ended]):
                for fork in at_work:
                    yield from fork.received(_TURN) or ()
            for own in take():
                yield own
                for fork in forks:
                    yield from fork.received(0) or ()
            for fork in forks:
                while (more := fork.received(patience)) is not None:
                    yield from more
    finally:
        os.close(tickets)


@contextmanager
def _forks(take: Callable[[], Iterator[tuple[int, Any]]], others: int) -> Iterator[list[_Fork]]:
    """Yield forks of this process, each of which takes parts; they end with the block."""
    with ExitStack() as ends:
        forks: list[_Fork] = []
        with suppress(OSError):
            forks += (ends.enter_context(_fork(take)) for _ in range(others))
        yield forks


def _tickets(count: int) -> int:
    """Return a pipe that holds the places of so many parts: each is read once, by whoever comes first."""
    tickets, into = os.pipe()
    os.write(into, b"".join(place.to_bytes(_WIDTH, "big") for place in range(count)))
    os.close(into)
    return tickets


def _taken(tickets: int) -> Iterator[int]:
    while ticket := os.read(tickets, _WIDTH):
        yield int.from_bytes(ticket, "big")


class _Fork:
    """Another process, as this one sees it: for each part it notes where it wrote its results."""

    def __init__(self, process: int, notes: int, results: IO[bytes]) -> None:
        self._process = process
        self._notes = notes
        self._results = results
        self.has_ended = False
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(notes, selectors.EVENT_READ)

    def received(self, patience: float | None) -> list[tuple[int, Any]] | None:
        """Return the parts that were done since, by their places; None where it ended, or noted none for so long."""
        if not self._waiting.select(patience):
            return None
        if not (notes := os.read(self._notes, _NOTE.size * _PARTS)):
            self.has_ended = True
            return None
        found = []
        for place, first, size in _NOTE.iter_unpack(notes):
            try:
                found.append((place, self._result(first, size)))
            except Exception as error:
                _logger.debug("what another process answered cannot be read (%s): its part is done here", error)
        return found

    def _result(self, first: int, size: int) -> Any:
        return pickle.loads(os.pread(self._results.fileno(), size, first))  # noqa: S301

    def end(self) -> None:
        self._waiting.close()
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)


@contextmanager
def _fork(take: Callable[[], Iterator[tuple[int, Any]]]) -> Iterator[_Fork]:
    """Yield a process that takes parts until none is left; it ends with the block."""
    with TemporaryFile() as results, ExitStack() as ends:
        notes, into = os.pipe()
        ends.callback(os.close, notes)
        try:
            process = _forked()
            if not process:
                _tell(take, results, notes, into)
        finally:
            os.close(into)
        fork = _Fork(process, notes, results)
        ends.callback(fork.end)
        yield fork


def _forked() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _tell(take: Callable[[], Iterator[tuple[int, Any]]], results: IO[bytes], notes: int, into: int) -> NoReturn:
    """Write what each part comes to into a file, and a note of it into a pipe, which so never is full.

    Ends early with the process that reads `notes`, even if that was killed.
    """
    try:
        os.close(notes)
        threading.Thread(target=_end_unheard, args=(into,), daemon=True).start()
        for place, done in take():
            first = results.tell()
            pickle.dump(done, results, pickle.HIGHEST_PROTOCOL)
            results.flush()
            os.write(into, _NOTE.pack(place, first, results.tell() - first))
    finally:
        os._exit(0)


def _end_unheard(into: int) -> NoReturn:
    """Wait until nobody can read a pipe any more, then end this process."""
    unheard = select.poll()
    unheard.register(into, 0)
    unheard.poll()
    os._exit(0)
