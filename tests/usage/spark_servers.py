"""Servers of Spark on loopback, and readings in processes of their own: one process has one kind of Spark."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from reconciler.findings import BudgetsError
from reconciler.model.usage import DailyUsage


def read_apart(*paths: Path | str, **settings: Any) -> DailyUsage | BudgetsError:
    """Return what reading gives in a new process, or the error that it ends with; `patience` is in seconds."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        return apart.submit(_read, [str(path) for path in paths], settings).result()


def _read(paths: list[str], settings: dict[str, Any]) -> DailyUsage | BudgetsError:
    from reconciler.usage.read import read_usage
    from reconciler.usage.spark import workers

    workers.STANDALONE_SECONDS = settings.pop("patience", workers.STANDALONE_SECONDS)
    before = signal.getsignal(signal.SIGINT)
    try:
        return read_usage(paths, **settings)
    except BudgetsError as error:
        error.__cause__ = None
        return error
    finally:
        assert signal.getsignal(signal.SIGINT) is before, "Ctrl-C is not this program's any more"


@contextmanager
def local_spark(_: Path) -> Iterator[str]:
    yield "local[2]"


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """Yield the address of a Spark Connect server that serves until the end of the block."""
    server = [
        "spark-submit",
        "--master",
        "local[2]",
        "--class",
        "org.apache.spark.sql.connect.service.SparkConnectServer",
    ]
    settings = ("spark.connect.grpc.binding.port=0", "spark.ui.enabled=false", "spark.sql.shuffle.partitions=4")
    asked = [part for setting in settings for part in ("--conf", setting)]
    with _running([*server, *asked, "spark-internal"], r"Spark Connect server started at: .*:(\d+)", folder) as port:
        yield f"sc://127.0.0.1:{port}"


_START, _HERE = ("spark-class", "org.apache.spark.deploy."), ("--host", "127.0.0.1", "--webui-port", "0")


def master(folder: Path) -> AbstractContextManager[str]:
    """Yield the address of a standalone master without workers."""
    command = [_START[0], f"{_START[1]}master.Master", *_HERE, "--port", "0"]
    return _running(command, r"Starting Spark master at (spark://\S+)", folder)


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Yield the address of a standalone master with one worker."""
    with master(folder) as address:
        worker = [_START[0], f"{_START[1]}worker.Worker", *_HERE, "--cores", "2", "--memory", "2g"]
        with _running([*worker, "--work-dir", str(folder), address], r"(Successfully registered)", folder):
            yield address


@contextmanager
def _running(command: list[str], ready: str, folder: Path) -> Iterator[str]:
    """Run a server until the end of the block; yield what `ready` finds in what it says of itself."""
    import pyspark

    home = Path(pyspark.__file__).parent
    known = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    path = str(home / "bin" / command[0])
    started = partial(subprocess.Popen[str], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    server: Any = started([path, *command[1:]], cwd=folder, env=os.environ | known)
    with server, ThreadPoolExecutor(1) as hearing:
        try:
            said: deque[str] = deque(maxlen=20)
            found = None
            while found is None:
                line = server.stdout.readline()
                assert line, "".join(said)
                said.append(line)
                found = re.search(ready, line)
            hearing.submit(deque, server.stdout, 0)
            yield found[1]
        finally:
            server.terminate()
