"""Spark itself, held to DuckDB: in this machine's threads, behind Spark Connect, and on a standalone cluster.

It needs the `spark` extra and Java: `make spark` installs the one and says where the other is missing.
"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from usage.hostile import END, FIRST
from usage.s3_server import described, s3_server
from usage.spark_servers import cluster, connect_server, local_spark, master, read_apart
from usage.worst_exports import GOOD, alike, write_worst

from reconciler.findings import BudgetsError, UnreachableError, UsageError
from reconciler.model.usage import DailyUsage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
        reason="`make spark` installs the extra, and Java is needed",
    ),
]

SERVERS = {"local": local_spark, "Spark Connect": connect_server, "a cluster": cluster}
ASKED: dict[str, Any] = {"first": FIRST, "end": END, "known_wallets": {"team_a"}}


@pytest.mark.parametrize("served", SERVERS.values(), ids=SERVERS)
def test_spark_gives_what_duckdb_gives(
    exports: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    served: Callable[[Path], AbstractContextManager[str]],
) -> None:
    write_worst(exports)
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--conf spark.sql.shuffle.partitions=4 pyspark-shell")
    expected = exports.read(**ASKED)
    with served(tmp_path) as engine:
        usage = read_apart(exports.folder, **ASKED, engine=engine)
    assert isinstance(usage, DailyUsage), usage
    assert alike(expected, usage)


def test_workers_fetch_what_is_in_an_object_store(exports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec")
    write_worst(exports)
    with s3_server() as (address, trouble):
        for name, value in described(address).items():
            monkeypatch.setenv(name, value)
        fsspec.filesystem("s3", skip_instance_cache=True).put(
            f"{exports.folder}/", "s3://acme-exports/", recursive=True
        )
        expected = exports.read("s3://acme-exports/", **ASKED)
        usage = read_apart("s3://acme-exports/", **ASKED, engine="local[2]")
        assert isinstance(usage, DailyUsage), usage
        assert alike(expected, usage)
        trouble.cut = True
        with pytest.raises(BudgetsError) as cut_off:
            exports.read("s3://acme-exports/", **ASKED)
        refused = read_apart("s3://acme-exports/", **ASKED, engine="local[2]")
    assert isinstance(refused, BudgetsError)
    assert str(refused) == str(cut_off.value)


def test_exports_are_refused_in_the_same_words(exports: Any) -> None:
    exports.text("a.csv", "id,when,squad\n1,2026-01-01,x\n")
    with pytest.raises(UsageError, match=r"no column for `timestamp`") as expected:
        exports.read()
    refused = read_apart(exports.folder, **ASKED, engine="local[2]")
    assert isinstance(refused, UsageError)
    assert (refused.message, refused.hint) == (expected.value.message, expected.value.hint)


def test_workers_without_this_package_are_said_and_java_says_nothing(
    exports: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    exports.text("a.csv", f"{GOOD}1,2026-06-01T00:00:00Z,team_a,1,m,p\n")
    bare = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    monkeypatch.setenv("PYSPARK_PYTHON", str(bare))
    refused = read_apart(exports.folder, **ASKED, engine="local[2]")
    assert isinstance(refused, UsageError)
    assert "the workers of Spark do not have `" in refused.message
    assert "on every worker" in refused.hint
    assert capfd.readouterr() == ("", "")


def test_a_server_that_does_not_answer_is_said_without_the_token(exports: Any) -> None:
    exports.text("a.csv", GOOD)
    with socket.create_server(("127.0.0.1", 0)) as unheard:
        host, port = unheard.getsockname()
    refused = read_apart(exports.folder, **ASKED, engine=f"sc://{host}:{port}/;token=hush-hush-hush")
    assert isinstance(refused, UnreachableError)
    assert f"sc://{host}:{port}" in str(refused)
    assert "hush" not in str(refused)


def test_a_cluster_whose_workers_never_come_is_given_up(
    exports: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    exports.text("a.csv", f"{GOOD}1,2026-06-01T00:00:00Z,team_a,1,m,p\n")
    with master(tmp_path) as engine:
        refused = read_apart(exports.folder, **ASKED, engine=engine, patience=2.0)
    assert isinstance(refused, UnreachableError)
    assert refused.message == (
        f"{engine}: no worker of Spark took the exports up in 2 seconds; nothing of them was used"
    )
    assert "start workers of the cluster" in refused.hint
    assert capfd.readouterr() == ("", "")
