"""The machine's other processors: shards of a large forecast are worked out there, in processes of their own.

They are started before Keeptrusts is read, so that they are ready when they are needed. Each is told what holds for all
wallets once, and then one shard at a time: it never holds more. What they return is what this process would have worked
out, to the last bit; where one cannot be started or ends early, the others and this process do what it was asked.
"""

from __future__ import annotations

import gc
import logging
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from threading import Thread, Timer
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from reconciler.forked import count

if TYPE_CHECKING:
    from reconciler.forecast.context import ForecastContext
    from reconciler.forecast.question import WalletQuestion
    from reconciler.forecast.shard import Shard, ShardRunner

    _Asked: TypeAlias = Sequence[Sequence[WalletQuestion]]

FEWEST_WALLETS = 600
"""Below so many, a process takes longer to start and to tell than it saves."""
WALLETS_EACH = 300
MOST_PROCESSES = 16
"""More would wait for this process, which reads all that they answer; each takes some 150 MB."""

COMMAND = (sys.executable, "-P", "-m", "reconciler.app.processors")
"""What the other processes run; `-P` keeps files of the current folder from being taken for modules."""

PATIENCE = 180.0

_logger = logging.getLogger(__name__)


@contextmanager
def shard_runner(
    wallets: int, *, processors: int | None = None, command: Sequence[str] = COMMAND, patience: float = PATIENCE
) -> Iterator[ShardRunner]:
    """Yield how the shards of a forecast of so many wallets are worked out; other processes end with the block.

    One that does not answer a shard within `patience` seconds is ended, and the shard is worked out elsewhere.
    """
    from reconciler.forecast.shard import one_by_one

    wanted = min(count() if processors is None else processors, MOST_PROCESSES, wallets // WALLETS_EACH) - 1
    if wallets < FEWEST_WALLETS or wanted < 1:
        yield one_by_one
        return
    with ExitStack() as stack:
        others = [stack.enter_context(_Other(command, patience)) for _ in range(wanted)]
        yield partial(_shared, others)


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
        asked: object = replace(context, teams={})
        for place in _taken(waiting):
            try:
                done[place] = self._answer((asked, shards[place], context.of([shards[place]]).teams))
            except Exception as error:
                waiting.append(place)
                _logger.debug("another process did not answer (%s): its shard is worked out elsewhere", error)
                return
            asked = None

    def _answer(self, question: object) -> Shard:
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise EOFError("it could not be started")
        end = Timer(self._patience, self._process.kill)
        end.daemon = True
        end.start()
        try:
            self._process.stdin.write(pickle.dumps(question, pickle.HIGHEST_PROTOCOL))
            self._process.stdin.flush()
            answered: Shard = pickle.load(self._process.stdout)  # noqa: S301
        finally:
            end.cancel()
        return answered


def _taken(waiting: deque[int]) -> Iterator[int]:
    while waiting:
        with suppress(IndexError):
            yield waiting.popleft()


def _shared(others: Sequence[_Other], shards: _Asked, context: ForecastContext) -> list[Shard]:
    """Work out shards here and in other processes, each the next one that nobody has taken."""
    from reconciler.forecast.shard import forecast_shard

    waiting = deque(range(len(shards)))
    done: dict[int, Shard] = {}
    threads = [Thread(target=other.work, args=(context, waiting, shards, done), daemon=True) for other in others]
    for thread in threads:
        thread.start()
    while len(done) < len(shards):
        for place in _taken(waiting):
            done[place] = forecast_shard(shards[place], context)
        for thread in threads:
            thread.join()
    return [done[place] for place in range(len(shards))]


def answer(known: Any = None) -> ForecastContext:
    """Work out the shard that is read from stdin, write it to stdout, and return what holds for the next one too."""
    from reconciler.forecast.shard import forecast_shard

    gc.disable()
    context, questions, teams = pickle.load(sys.stdin.buffer)  # noqa: S301
    told: ForecastContext = replace(known if context is None else context, teams=teams)
    if context is not None:
        gc.freeze()
    gc.enable()
    sys.stdout.buffer.write(pickle.dumps(forecast_shard(questions, told), pickle.HIGHEST_PROTOCOL))
    sys.stdout.buffer.flush()
    return told


def answer_all() -> None:
    """Answer until nothing more is asked: what the other process is for."""
    known = None
    with suppress(EOFError):
        while True:
            known = answer(known)


if __name__ == "__main__":
    answer_all()
