"""Workers of a cluster: Spark itself would wait for them for ever, and a command is not to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.clock import SystemClock
from reconciler.usage.spark.refusals import without_workers

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STANDALONE_SECONDS = 120.0
"""Workers of a standalone cluster are there, or busy; each of them begins within seconds."""

SECONDS = 600.0
"""Where machines are made when they are asked for, they take minutes."""

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is asked of a cluster: whether work waits while no worker is there, and to give that work up."""

    is_waiting: Callable[[], bool]
    give_up: Callable[[], object]


@contextmanager
def awaiting_workers(engine: str, cluster: Cluster, seconds: float, look: float = _LOOK_SECONDS) -> Iterator[None]:
    """Give the work of a block up that has waited for `seconds` without any worker.

    Raises UnreachableError where that is what the block ends with.
    """
    over, given_up = threading.Event(), threading.Event()

    def watch() -> None:
        clock = SystemClock()
        since = clock.monotonic()
        while not over.wait(look):
            if not cluster.is_waiting():
                since = clock.monotonic()
            elif clock.monotonic() - since >= seconds:
                given_up.set()
                cluster.give_up()

    def until_it_fails() -> None:
        with suppress(Exception):
            watch()

    watching = threading.Thread(target=until_it_fails, name="workers of Spark", daemon=True)
    watching.start()
    try:
        yield
    except Exception as error:
        if given_up.is_set():
            raise without_workers(engine, seconds) from error
        raise
    finally:
        over.set()
        watching.join()


@contextmanager
def watched(session: SparkSession) -> Iterator[None]:
    """Give the work of a block up where `session` drives a cluster none of whose workers comes, or stays."""
    is_remote = type(session).__module__ == "pyspark.sql.connect.session"
    context: Any = None if is_remote else session.sparkContext
    if context is None or context.master.startswith("local"):
        yield
        return
    jobs = context.statusTracker()

    def is_waiting() -> bool:
        """Whether there are jobs, and nobody works on any of them."""
        stages = (jobs.getStageInfo(stage) for stage in jobs.getActiveStageIds())
        return bool(jobs.getActiveJobsIds()) and not any(stage.numActiveTasks for stage in stages if stage)

    seconds = STANDALONE_SECONDS if context.master.startswith("spark://") else SECONDS
    with awaiting_workers(context.master, Cluster(is_waiting, context.cancelAllJobs), seconds):
        yield
