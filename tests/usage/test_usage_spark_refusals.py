"""What is refused where `--engine` names Spark: words that are no engine, what is missing, and what Spark reports."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from usage.worst_exports import GOOD

from reconciler.findings import UnreachableError, UsageError
from reconciler.settings import resolve
from reconciler.usage.engine_names import address, masters, require_engine, require_remote
from reconciler.usage.spark.refusals import explained, java_version, require_java, require_master
from reconciler.usage.spark.workers import Cluster, awaiting_workers

NO_ENGINES = (
    *("sparc", "local[]", "sc://", "duckdb2", "spark:host", "sc://h:port", "sc://h:65536", "sc://[::1", "spark://h"),
    *("sc://h/hush", "sc://h/;hush", "sc://me:hush@h:1", "spark://me:hush@h:1", "spark://h:1,h", "sc://h:1?hush"),
)


@pytest.mark.parametrize("engine", NO_ENGINES)
def test_a_word_that_is_no_engine_is_refused_with_those_that_are(engine: str) -> None:
    with pytest.raises(UsageError, match="is no engine that reads usage") as refused:
        require_engine(engine)
    assert "sc://HOST" in refused.value.hint
    assert "hush" not in str(refused.value)


ENGINES: dict[str, list[tuple[str, int]]] = {
    **{name: [] for name in ("duckdb", "spark", "local[2]", "local[*]", "yarn")},
    **{name: [] for name in ("sc://h", "sc://h:1/;x=y", "k8s://https://h")},
    "spark://h:7077": [("h", 7077)],
    "spark://a.b:1,[::1]:65535": [("a.b", 1), ("::1", 65535)],
}


@pytest.mark.parametrize(("engine", "hosts"), ENGINES.items(), ids=ENGINES)
def test_engines_and_the_masters_in_them_are_known(engine: str, hosts: list[tuple[str, int]]) -> None:
    require_engine(engine)
    assert masters(engine) == hosts


def test_a_variable_that_is_no_address_of_spark_connect_is_named() -> None:
    require_remote("sc://h:1/;token=hush")
    with pytest.raises(UsageError, match="SPARK_REMOTE is `local`"):
        require_remote("local")


def test_a_cluster_is_asked_before_java_is_started_and_one_master_that_answers_will_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as heard:
        port = heard.getsockname()[1]
        require_master(f"spark://127.0.0.1:1,127.0.0.1:{port}")
    with pytest.raises(UnreachableError, match=rf"spark://127.0.0.1:{port}: no master of Spark answers \("):
        require_master(f"spark://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("given", "said"),
    [({}, "none is named"), ({"usage": ("a.csv",), "usage_store": "kept"}, "`--engine` names another")],
)
def test_an_engine_without_files_or_with_a_store_is_refused(given: dict[str, Any], said: str) -> None:
    asked: dict[str, Any] = dict.fromkeys(("api_url", "token_file", "as_of", "period"))
    with pytest.raises(UsageError, match=said):
        resolve(budgets=Path(), **asked, **given, engine="spark")


def test_an_installation_without_the_extra_is_told_how_to_get_it(exports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    exports.text("a.csv", GOOD)
    for name in ("pyspark", "pyspark.sql"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        UsageError, match=r"of its extra `pyspark[.a-z]*` is not installed; nothing was read"
    ) as refused:
        exports.read(engine="local[2]")
    assert refused.value.hint == "install it with `pip install '.[spark]'` in a clone of kt-budgets"


def test_a_pipe_is_refused_on_spark(exports: Any) -> None:
    with pytest.raises(UsageError, match="workers of Spark cannot read it"):
        exports.read("/dev/null", engine="local[2]")


@pytest.mark.parametrize(
    ("release", "version"),
    [('JAVA_VERSION="17.0.15"', 17), ('X="1"\nJAVA_VERSION="1.8.0_382"', 8), ("nothing", None), (None, None)],
)
def test_the_version_of_java_is_read_where_it_is_told(tmp_path: Path, release: str | None, version: int | None) -> None:
    if release is not None:
        (tmp_path / "release").write_text(release, encoding="utf-8")
    assert java_version(tmp_path / "release") == version


def test_java_that_is_missing_or_too_old_is_said_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="no `java` was found"):
        require_java(None)
    with pytest.raises(UsageError, match="where there is no bin/java"):
        require_java(str(tmp_path))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch()
    require_java(str(tmp_path))
    (tmp_path / "release").write_text('JAVA_VERSION="11.0.2"', encoding="utf-8")
    with pytest.raises(UsageError, match="is Java 11"):
        require_java(str(tmp_path))


def test_an_address_is_told_without_what_may_be_a_token() -> None:
    assert address("sc://me@host:443/;token=secret") == "sc://host:443"
    assert address("k8s://https://me:secret@host:443/secret") == "k8s://https://host:443"
    assert address("local[2]") == "local[2]"


SAID = {
    "a line of Spark": (
        "An error occurred while calling o1.x.\n: Job aborted, see https://me:secret@host/log.\n\tat x",
        "yarn: Spark did not read the exports (Job aborted, see https://***@host/log); nothing of them was used",
        "look into the log of Spark",
    ),
    "nothing": ("", "yarn: Spark did not read the exports (no word); nothing of them was used", "--engine duckdb"),
    "a worker without this package": (
        "Traceback (most recent call last):\nModuleNotFoundError: No module named 'reconciler'",
        "the workers of Spark do not have `reconciler`, and exports are read there; nothing was read",
        "on every worker, in the Python that PYSPARK_PYTHON names",
    ),
    "a worker without another package": (
        "[PACKAGE_NOT_INSTALLED] PyArrow >= 11.0.0 must be installed; however, it was not found.",
        "the workers of Spark do not have `PyArrow`, and exports are read there; nothing was read",
        "on every worker, in the Python that PYSPARK_PYTHON names",
    ),
    "a worker without that Python": (
        'Job aborted: java.io.IOException: Cannot run program "/opt/python": error=2, No such file or directory',
        "the workers of Spark cannot start the Python `/opt/python`, and exports are read there; nothing was read",
        "on every worker, in the Python that PYSPARK_PYTHON names",
    ),
    "a worker whose Python ends at once": (
        "EOFException occurred while reading the port number from pyspark.daemon's stdout",
        "the workers of Spark cannot start their Python, and exports are read there; nothing was read",
        "on every worker, in the Python that PYSPARK_PYTHON names",
    ),
    "a master that is no Spark": (
        "java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.\n\tat x",
        "yarn: Spark did not read the exports (it was stopped: its master did not take this program in, or has ended"
        " it); nothing of them was used",
        "look into the log of Spark",
    ),
    "a server that is gone": (
        "[RETRIES_EXCEEDED] The maximum number of retries has been exceeded.",
        "yarn: Spark did not answer any more while exports were read; nothing of them was used",
        "look whether the server still runs",
    ),
    "a worker with another Python": (
        "[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.12 than that in driver: 3.11, PySpark",
        "the workers of Spark have Python 3.12, and this is Python 3.11; nothing was read",
        "set PYSPARK_PYTHON to a Python 3.11 on every worker",
    ),
}


@pytest.mark.parametrize(("text", "message", "hint"), SAID.values(), ids=SAID)
def test_what_spark_reports_is_told_in_a_line_with_what_to_do(text: str, message: str, hint: str) -> None:
    told = explained("yarn", text)
    assert told.message == message
    assert hint in told.hint


class Waiting:
    """A cluster on which work waits without workers until it is given up, or until one has come."""

    def __init__(self, *, looks: int | None = None) -> None:
        self.looks = looks
        self.ended = threading.Event()
        self.is_given_up = False

    def is_waiting(self) -> bool:
        if self.looks is None:
            return not self.ended.is_set()
        self.looks -= 1
        if self.looks < 0:
            self.ended.set()
        return self.looks >= 0

    def give_up(self) -> None:
        self.is_given_up = True
        self.ended.set()

    def work(self) -> None:
        assert self.ended.wait(60)
        if self.is_given_up:
            raise RuntimeError("Job 0 cancelled")


def test_work_that_no_worker_takes_up_is_given_up() -> None:
    waiting = Waiting()
    cluster = Cluster(waiting.is_waiting, waiting.give_up)
    with (
        pytest.raises(UnreachableError, match=r"^spark://h:7077: no worker of Spark took the exports up in 0 seconds"),
        awaiting_workers("spark://me:hush@h:7077", cluster, 0.0, look=0.001),
    ):
        waiting.work()


def test_work_goes_on_where_workers_come_in_time_and_its_own_errors_are_its_own() -> None:
    waiting = Waiting(looks=3)
    with awaiting_workers("spark://h:7077", Cluster(waiting.is_waiting, waiting.give_up), 60.0, look=0.001):
        waiting.work()
    assert not waiting.is_given_up
    with (
        pytest.raises(ZeroDivisionError),
        awaiting_workers("spark://h:7077", Cluster(waiting.is_waiting, waiting.give_up), 60.0, look=0.001),
    ):
        raise ZeroDivisionError


def test_a_cluster_that_cannot_be_asked_leaves_the_work_to_its_own_end() -> None:
    asked = threading.Event()

    def fails() -> bool:
        asked.set()
        raise ConnectionError

    with awaiting_workers("spark://h:7077", Cluster(fails, fails), 0.0, look=0.001):
        assert asked.wait(60)
