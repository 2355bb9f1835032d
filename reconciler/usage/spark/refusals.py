"""What Spark needs and does not find, and what it reports, in our words: where, what, why, and what to do."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reconciler.findings import UnreachableError, UsageError
from reconciler.redaction import without_secrets
from reconciler.usage.engine_names import address, masters

OLDEST_JAVA = 17
ANSWER_SECONDS = 20
_EXTRA = "install it with `pip install '.[spark]'` in a clone of kt-budgets"
_ON_WORKERS = (
    "install this version of kt-budgets with its `spark` extra on every worker, in the Python that"
    " PYSPARK_PYTHON names here (for `sc://`, at the server)"
)
_LACKING = re.compile(r"No module named '?([\w.]+)|([\w-]+) >= \S+ must be installed")
_OTHER_PYTHON = re.compile(r"Python in worker has different version: (\S+) than that in driver: (\d+\.\d+)")
_NO_PYTHON = re.compile(r'Cannot run program "([^"]+)"|reading the port number from pyspark\.daemon')
_SILENT = "[RETRIES_EXCEEDED]"
_STOPPED = "stopped SparkContext"
_TELLS_NOTHING = ("\t", "Traceback", "An error occurred while calling")


def require_java(home: str | None) -> None:
    """Raise UsageError unless there is a Java that Spark can be started with: that of `home`, else the first found."""
    found = Path(home, "bin", "java") if home else Path(shutil.which("java") or "")
    if not found.is_file():
        where = f"JAVA_HOME is {home}, where there is no bin/java" if home else "no `java` was found"
        raise UsageError(
            f"Spark needs Java {OLDEST_JAVA} or newer on this machine, and {where}",
            hint=f"install OpenJDK {OLDEST_JAVA}, or set JAVA_HOME to one; Spark Connect (`sc://HOST`) needs none here",
        )
    version = java_version(found.resolve().parent.parent / "release")
    if version is not None and version < OLDEST_JAVA:
        raise UsageError(
            f"Spark needs Java {OLDEST_JAVA} or newer on this machine, and {found} is Java {version}",
            hint=f"set JAVA_HOME to OpenJDK {OLDEST_JAVA}",
        )


def java_version(release: Path) -> int | None:
    """Return the number of a Java by the file `release` that it has beside its `bin`, None where that does not tell."""
    try:
        text = release.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', text, re.MULTILINE)
    return int(found[1]) if found else None


def require_answer(remote: str, seconds: float = ANSWER_SECONDS) -> None:
    """Raise UnreachableError unless a server of Spark Connect answers: Spark itself would try for many minutes."""
    import grpc
    from pyspark.sql.connect.client import DefaultChannelBuilder

    channel = DefaultChannelBuilder(remote).toChannel()
    try:
        grpc.channel_ready_future(channel).result(timeout=seconds)
    except grpc.FutureTimeoutError as error:
        raise UnreachableError(
            f"{address(remote)}: no Spark Connect server answers in {seconds:g} seconds; nothing was read",
            hint="start the server, or correct its host, port and `use_ssl`",
        ) from error
    finally:
        channel.close()


def require_master(engine: str, seconds: float = ANSWER_SECONDS) -> None:
    """Raise UnreachableError unless a master of the cluster that `engine` names takes calls, if it names one."""
    reasons = []
    for place in masters(engine):
        try:
            socket.create_connection(place, timeout=seconds).close()
        except OSError as error:
            reasons.append(error.strerror or str(error))
        else:
            return
    if reasons:
        raise UnreachableError(
            f"{address(engine)}: no master of Spark answers ({reasons[0]}); nothing was read",
            hint="start the cluster, or correct its host and port",
        )


def without_workers(engine: str, seconds: float) -> UnreachableError:
    """Return the error for work that no worker took up in so long a time."""
    return UnreachableError(
        f"{address(engine)}: no worker of Spark took the exports up in {seconds:g} seconds; nothing of them was used",
        hint="start workers of the cluster, or wait until some have cores and memory to spare; or read the exports with"
        " `--engine duckdb`",
    )


@contextmanager
def explaining(engine: str) -> Iterator[None]:
    """Raise what Spark raises as an error of ours."""
    try:
        yield
    except ImportError as error:
        missing = _lacking(str(error)) or error.name or "pyspark"
        message = f"`--engine` names Spark, and of its extra `{missing}` is not installed; nothing was read"
        raise UsageError(message, hint=_EXTRA) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("pyspark", "py4j", "grpc"):
            raise
        raise explained(address(engine), str(error)) from error


def explained(engine: str, text: str) -> UsageError | UnreachableError:
    """Return the error for what Spark says, by its first line that tells something."""
    if _SILENT in text:
        return UnreachableError(
            f"{engine}: Spark did not answer any more while exports were read; nothing of them was used",
            hint="look whether the server still runs, and run this again",
        )
    python = _OTHER_PYTHON.search(text)
    if python:
        theirs, ours = python.groups()
        return UsageError(
            f"the workers of Spark have Python {theirs}, and this is Python {ours}; nothing was read",
            hint=f"set PYSPARK_PYTHON to a Python {ours} on every worker, or run kt-budgets with Python {theirs}",
        )
    amiss = _amiss(text)
    if amiss:
        return UsageError(
            f"the workers of Spark {amiss}, and exports are read there; nothing was read", hint=_ON_WORKERS
        )
    return UsageError(
        f"{engine}: Spark did not read the exports ({_first_line(text.splitlines())}); nothing of them was used",
        hint="look into the log of Spark (`-v` shows what it says here), or read them with `--engine duckdb`",
    )


def _amiss(text: str) -> str | None:
    """Return what keeps workers from running what they are given."""
    python = _NO_PYTHON.search(text)
    if python:
        return f"cannot start the Python `{python[1]}`" if python[1] else "cannot start their Python"
    missing = _lacking(text)
    return missing and f"do not have `{missing}`"


def _lacking(text: str) -> str | None:
    found = _LACKING.search(text)
    return found and (found[1] or found[2])


def _first_line(lines: Sequence[str]) -> str:
    told = next((line for line in lines if line.strip() and not line.startswith(_TELLS_NOTHING)), "no word")
    if _STOPPED in told:
        return "it was stopped: its master did not take this program in, or has ended it"
    return without_secrets(told.strip(": ")[:300].rstrip(". "))
