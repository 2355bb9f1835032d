"""A driver of Spark on this machine: Java that is quiet, ends with this program, and leaves Ctrl-C to it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.clock import SignalInterruption
from reconciler.usage.spark.refusals import require_java, require_master

if TYPE_CHECKING:
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

LOCAL = "local[*]"
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "8",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


def started(engine: str) -> SparkSession:
    """Return a new session of the Spark that `engine` names, else of the one that the environment describes.

    Raises UsageError where there is no Java for it, and UnreachableError where no master of a cluster answers.
    """
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    require_java(os.environ.get("JAVA_HOME"))
    master = _master(engine)
    named = master or os.environ.get("MASTER", "")
    require_master(named)
    settings = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "WARN" if _is_heard() else "ERROR"}
    if named.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        settings |= _LOCAL
    asked = SparkConf().setAppName("kt-budgets").setAll(list(settings.items()))
    if master:
        asked.setMaster(master)
    with _interruption_as_it_was():
        if SparkContext._gateway is None:  # noqa: SLF001
            SparkContext(conf=asked, gateway=_launched(asked))
        SparkContext.getOrCreate(asked)
    return SparkSession.builder.config(conf=asked).getOrCreate()


def _master(engine: str) -> str | None:
    """Return the master to name, None where the environment names one."""
    if engine != "spark":
        return engine
    described = any(os.environ.get(name) for name in ("MASTER", "PYSPARK_SUBMIT_ARGS", "SPARK_HOME"))
    return None if described else LOCAL


def _launched(asked: SparkConf) -> Any:
    """Start Java, which says something only where logs are asked for, and on stderr: stdout may be a document.

    A Ctrl-C waits for it, some seconds at most: nothing would end a Java that has not met this program yet.
    """
    from pyspark.java_gateway import launch_gateway

    launch: Any = launch_gateway
    interruption = SignalInterruption()
    with Path(os.devnull).open("wb") as nowhere, interruption.listening():
        heard = sys.__stderr__ if _is_heard() else nowhere
        gateway = launch(asked, {"stdout": heard, "stderr": heard})
    if interruption.requested:
        raise KeyboardInterrupt
    return gateway


def _is_heard() -> bool:
    return logging.getLogger(__name__).isEnabledFor(logging.INFO)


@contextmanager
def _interruption_as_it_was() -> Iterator[None]:
    """Leave Ctrl-C to this program: Spark takes it for itself, and makes an error of its own of one."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)
