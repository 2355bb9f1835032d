"""The machine's other processors: shards of a large forecast are worked out there, in processes of their own.

They are started before Keeptrusts is read, so that they can work while this process waits for answers: a shard whose
ledgers are there is asked for at once, by what is known then. It counts if that is still so when all is read; else it
is worked out again. Each is told one shard at a time, and no more than it needs: it never holds more. What they return
is what this process would have worked out, to the last bit; where one cannot be started or ends early, the others and
this process do what it was asked.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread, Timer
from typing import TYPE_CHECKING, Self, TypeAlias

from reconciler.forked import count

if TYPE_CHECKING:
    from reconciler.forecast.context import ForecastContext
    from reconciler.forecast.question import WalletQuestion
    from reconciler.forecast.shard import Shard

    _Asked: TypeAlias = Sequence[Sequence[WalletQuestion]]
    Ask: TypeAlias = Callable[[], tuple[Sequence[WalletQuestion], ForecastContext]]

FEWEST_WALLETS = 600
"""Below so many, a process takes longer to start and to tell than it saves."""
FEWEST_AWAITED = 3_000
"""From so many ledgers on, what this process waits for is worth a process more."""
WALLETS_EACH = 300
MOST_PROCESSES = 16
"""More would wait for this process, which reads all that they answer; each takes some 150 MB."""

COMMAND = (sys.executable, "-P", "-m", "reconciler.app.processors")
"""What the other processes run; `-P` keeps files of the current folder from being taken for modules."""

LESS_URGENT = 10
"""How much other processes give way to the one that reads: what it waits for is there sooner."""

PATIENCE = 180.0

_logger = logging.getLogger(__name__)


@contextmanager
def shard_runner(
    wallets: int,
    *,
    reading: bool = False,
    processors: int | None = None,
    command: Sequence[str] = COMMAND,
    patience: float = PATIENCE,
) -> Iterator[Processors]:
    """Yield who works out the shards of a forecast of so many wallets; other processes end with the block.

    While this process is `reading` many ledgers, it mostly waits for answers: then there is another one for each
    processor. One that does not answer a shard within `patience` seconds is ended, and the shard is worked out
    elsewhere.
    """
    wanted = min(count() if processors is None else processors, MOST_PROCESSES, wallets // WALLETS_EACH)
    if not (reading and wallets >= FEWEST_AWAITED):
        wanted = wanted - 1 if wallets >= FEWEST_WALLETS else 0
    with ExitStack() as stack:
        runner = Processors([stack.enter_context(_Other(command, patience)) for _ in range(wanted)])
        stack.callback(runner.stop)
        yield runner


@dataclass(frozen=True, slots=True)
class _Early:
    """A shard that was worked out before all was known, and what it was worked out from."""

    questions: Sequence[WalletQuestion]
    context: ForecastContext
    shard: Shard


class Processors:
    """Works out shards here and in `others`, which may begin early. It is the `ShardRunner` of one forecast."""

    def __init__(self, others: Sequence[_Other]) -> None:
        self.others = others
        self._waiting: SimpleQueue[Ask | None] = SimpleQueue()
        self._early: list[_Early] = []
        self._threads: list[Thread] = []

    def begin(self, ask: Ask) -> None:
        """Have a shard worked out elsewhere as soon as somebody has time: `ask` is called then, by another thread."""
        self._waiting.put(ask)
        if not self._threads:
            self._threads = [Thread(target=self._ahead, args=(other,), daemon=True) for other in self.others]
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """Give up what nobody has begun."""
        with suppress(Empty):
            while True:
                self._waiting.get_nowait()
        for _ in self._threads:
            self._waiting.put(None)

    def __call__(self, shards: _Asked, context: ForecastContext) -> list[Shard]:
        """Return the shards of `questions`, in their order: the early ones that count, and all others."""
        done = dict(self._counting(shards, context))
        _logger.debug("%d of %d shards were worked out early", len(done), len(shards))
        _share(self.others, shards, context, done)
        return [done[place] for place in range(len(shards))]

    def _ahead(self, other: _Other) -> None:
        while (ask := self._waiting.get()) is not None:
            try:
                questions, context = ask()
                self._early.append(_Early(questions, context, other.answer(questions, context)))
            except Exception as error:
                _logger.debug("a shard was not worked out early (%s)", error)
                return

    def _counting(self, shards: _Asked, context: ForecastContext) -> Iterator[tuple[int, Shard]]:
        """Yield the early shards that were asked the same, each with its place."""
        from reconciler.forecast.shard_context import is_same, shard_context

        self.stop()
        for thread in self._threads:
            thread.join()
        found = {each.questions[0].wallet.key: each for each in self._early if each.questions}
        self._early, self._threads = [], []
        for place, questions in enumerate(shards):
            early = found.pop(questions[0].wallet.key, None)
            if (
                early
                and list(early.questions) == list(questions)
                and is_same(early.context, shard_context(questions, context))
            ):
                yield place, early.shard


class _Other:
    """Another process of this program. It is ended with the block."""

    def __init__(self, command: Sequence[str], patience: float) -> None:
        self._command = command
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            with suppress(BrokenPipeError), self._process:
                pass

    def work(self, context: ForecastContext, waiting: deque[int], shards: _Asked, done: dict[int, Shard]) -> None:
        """Have shards of `waiting` worked out into `done` until none is left; one that is not answered waits again."""
        from reconciler.forecast.shard_context import shard_context

        for place in _taken(waiting):
            try:
                done[place] = self.answer(shards[place], shard_context(shards[place], context))
            except Exception as error:
                waiting.append(place)
                _logger.debug("another process did not answer (%s): its shard is worked out elsewhere", error)
                return

    def answer(self, questions: Sequence[WalletQuestion], context: ForecastContext) -> Shard:
        """Return the shard of `questions`, or raise what kept the process from answering."""
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise EOFError("it could not be started")
        end = Timer(self._patience, self._process.kill)
        end.daemon = True
        end.start()
        try:
            self._process.stdin.write(pickle.dumps((questions, context), pickle.HIGHEST_PROTOCOL))
            self._process.stdin.flush()
            answered: Shard = pickle.load(self._process.stdout)  # noqa: S301
        finally:
            end.cancel()
        return answered


def _taken(waiting: deque[int]) -> Iterator[int]:
    while waiting:
        with suppress(IndexError):
            yield waiting.popleft()


def _share(others: Sequence[_Other], shards: _Asked, context: ForecastContext, done: dict[int, Shard]) -> None:
    """Work out into `done` what it lacks, here and in other processes, each the next one that nobody has taken."""
    from reconciler.forecast.shard import forecast_shard

    waiting = deque(place for place in range(len(shards)) if place not in done)
    threads = [Thread(target=other.work, args=(context, waiting, shards, done), daemon=True) for other in others]
    for thread in threads:
        thread.start()
    while len(done) < len(shards):
        for place in _taken(waiting):
            done[place] = forecast_shard(shards[place], context)
        for thread in threads:
            thread.join()


def answer() -> None:
    """Work out the shard that is read from stdin, and write it to stdout."""
    from reconciler.forecast.shard import forecast_shard

    gc.disable()
    questions, context = pickle.load(sys.stdin.buffer)  # noqa: S301
    gc.enable()
    sys.stdout.buffer.write(pickle.dumps(forecast_shard(questions, context), pickle.HIGHEST_PROTOCOL))
    sys.stdout.buffer.flush()


def answer_all() -> None:
    """Answer until nothing more is asked: what the other process is for."""
    gc.freeze()
    if hasattr(os, "nice"):
        os.nice(LESS_URGENT)
    with suppress(EOFError):
        while True:
            answer()


if __name__ == "__main__":
    answer_all()
