"""Time, and interruption by Ctrl-C or SIGTERM: the first asks to stop after the step, the second stops."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from queue import SimpleQueue
from types import FrameType
from typing import Protocol


class Clock(Protocol):
    """Time as a run sees it. `monotonic` and `sleep` are in seconds; `sleep` returns early on an interruption."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class Interruption(Protocol):
    """Whether somebody asked this run to stop after the current step."""

    @property
    def requested(self) -> bool: ...


class SystemClock:
    """The machine's clock. `sleep` ends early when `interruption` is requested."""

    def __init__(self, interruption: SignalInterruption | None = None) -> None:
        self._interruption = interruption or SignalInterruption()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self._interruption.wait(seconds)


class SignalInterruption:
    """Whether SIGINT or SIGTERM came since `listening` began. `told` is called once, in a thread, at the first."""

    def __init__(self, told: Callable[[], None] | None = None) -> None:
        self._asked = threading.Event()
        self._told = told
        self._heard: SimpleQueue[bool] = SimpleQueue()

    @property
    def requested(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or as soon as an interruption is requested."""
        self._asked.wait(seconds)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals over for the length of a block. Only a main thread can; any other goes without."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with self._telling():
            former = {number: signal.signal(number, self._received) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in former.items():
                    signal.signal(number, handler)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Have a thread tell of the first signal: what a handler is called in the middle of may be the same stream."""
        if self._told is None:
            yield
            return
        thread = threading.Thread(target=copy_context().run, args=(self._tell, self._told), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._heard.put(False)
            thread.join()

    def _tell(self, told: Callable[[], None]) -> None:
        if self._heard.get():
            told()

    def _received(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self.requested:
            raise KeyboardInterrupt
        self._asked.set()
        self._heard.put(True)
