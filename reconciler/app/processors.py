"""The machine's other processors: shards of a large forecast are worked out there, in processes of their own.

They are started before Keeptrusts is read, so that they are ready when they are needed. What they return is what this
process would have worked out, to the last bit; where one cannot be started or ends early, this process does its shard.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import subprocess
import sys
import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from reconciler.forecast.context import ForecastContext
    from reconciler.forecast.question import WalletQuestion
    from reconciler.forecast.shard import Shard, ShardRunner

FEWEST_WALLETS = 600
"""Below so many, a process takes longer to start and to tell than it saves."""
MOST_PROCESSES = 4
OWN_SHARE = 1.15
"""What this process works out while another does 1, which has to be told its part and to tell what came of it."""

COMMAND = (sys.executable, "-P", "-m", "reconciler.app.processors")
"""What the other processes run; `-P` keeps files of the current folder from being taken for modules."""

PATIENCE = 180.0

_logger = logging.getLogger(__name__)


def count() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def shard_runner(
    wallets: int, *, processors: int | None = None, command: Sequence[str] = COMMAND, patience: float = PATIENCE
) -> Iterator[ShardRunner]:
    """Yield how the shards of a forecast of so many wallets are worked out; other processes end with the block.

    One that does not answer within `patience` seconds is ended, and its shard is worked out here.
    """
    from reconciler.forecast.shard import one_by_one

    wanted = min(count() if processors is None else processors, MOST_PROCESSES) - 1
    if wallets < FEWEST_WALLETS or wanted < 1:
        yield one_by_one
        return
    with ExitStack() as stack:
        others = [stack.enter_context(_Other(command, patience)) for _ in range(wanted)]
        yield partial(_shared, others)


class _Other:
    """Another process of this program, which is asked once. It is ended with the block."""

    def __init__(self, command: Sequence[str], patience: float) -> None:
        self._command = command
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._end: threading.Timer | None = None

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._end is not None:
            self._end.cancel()
        if self._process is not None:
            self._process.kill()
            with suppress(BrokenPipeError), self._process:
                pass

    def ask(self, shards: Sequence[Sequence[WalletQuestion]], context: ForecastContext) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._end = threading.Timer(self._patience, self._process.kill)
            self._end.daemon = True
            self._end.start()
            with suppress(OSError), self._process.stdin as channel:
                channel.write(pickle.dumps((shards, context), pickle.HIGHEST_PROTOCOL))

    def answer(self) -> list[Shard] | None:
        """Wait for what was asked, None where nothing whole comes."""
        try:
            if self._process is None or self._process.stdout is None:
                raise EOFError("it could not be started")
            answers: list[Shard] = pickle.load(self._process.stdout)  # noqa: S301
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            _logger.debug("another process did not answer (%s): its shard is worked out here", error)
            return None
        return answers


def _shared(
    others: Sequence[_Other], shards: Sequence[Sequence[WalletQuestion]], context: ForecastContext
) -> list[Shard]:
    """Work out the first shards here and the rest in other processes, in shares of about as many wallets."""
    from reconciler.forecast.shard import one_by_one

    own, *rest = _shares(shards, [OWN_SHARE, *(1.0 for _ in others)])
    for other, share in zip(others, rest, strict=True):
        other.ask(share, context.of(share))
    done = one_by_one(own, context)
    for other, share in zip(others, rest, strict=True):
        done += other.answer() or one_by_one(share, context)
    return done


def _shares(shards: Sequence[Sequence[WalletQuestion]], sizes: Sequence[float]) -> list[list[Sequence[WalletQuestion]]]:
    """Return `shards`, in their order, as lists whose numbers of wallets relate about like `sizes`."""
    found: list[list[Sequence[WalletQuestion]]] = [[] for _ in sizes]
    ends = [end / sum(sizes) for end in accumulate(sizes)]
    whole, before = sum(map(len, shards)), 0
    for shard in shards:
        found[bisect_right(ends, (before + len(shard) / 2) / whole)].append(shard)
        before += len(shard)
    return found


def answer_once() -> None:
    """Work out the shards that are read from stdin, and write them to stdout: what the other process is for."""
    from reconciler.forecast.shard import one_by_one

    gc.disable()
    shards, context = pickle.load(sys.stdin.buffer)  # noqa: S301
    sys.stdout.buffer.write(pickle.dumps(one_by_one(shards, context), pickle.HIGHEST_PROTOCOL))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    answer_once()
