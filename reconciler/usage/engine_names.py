"""What may read usage, as people name it: DuckDB in this process, or a Spark by its name or address."""

from __future__ import annotations

import re

from reconciler.findings import UsageError

DUCKDB = "duckdb"
CONNECT = "sc://"
_HOST = r"(?:[\w.-]+|\[[\da-fA-F:.]+\])"
_PORT = r":\d{1,4}|:[1-5]\d{4}|:6[0-4]\d{3}|:65[0-4]\d\d|:655[0-2]\d|:6553[0-5]"
_MASTERS = rf"{_HOST}(?:{_PORT})(?:,{_HOST}(?:{_PORT}))*"
_REMOTE = rf"{CONNECT}{_HOST}(?:{_PORT})?(?:/(?:;[\w.-]+=[^;]*)*)?"
_SPARK = re.compile(rf"spark|yarn|local|local\[(?:\d+|\*)(?:, ?\d+)?\]|k8s://\S+|spark://{_MASTERS}|{_REMOTE}")
_KNOWN = (
    "write duckdb, spark, local[N] (N threads of this machine), spark://HOST:PORT, sc://HOST:PORT,"
    " sc://HOST:PORT/;NAME=VALUE or yarn"
)


def require_engine(engine: str) -> None:
    """Raise UsageError unless `engine` is DuckDB, or a name or a well-formed address of Spark."""
    if engine != DUCKDB and not _SPARK.fullmatch(engine):
        raise UsageError(f"`--engine {_cut(engine)}` is no engine that reads usage", hint=_KNOWN)


def require_remote(remote: str) -> None:
    """Raise UsageError unless `remote`, of $SPARK_REMOTE, is a well-formed address of Spark Connect."""
    if not re.fullmatch(_REMOTE, remote):
        raise UsageError(
            f"SPARK_REMOTE is `{_cut(remote)}`, which is no address of Spark Connect; nothing was read",
            hint="set it to sc://HOST:PORT or sc://HOST:PORT/;NAME=VALUE, or take it away",
        )


def address(engine: str) -> str:
    """Return `engine` for people, as far as its hosts: what follows them, or a user before them, can be a secret."""
    scheme = re.match(r"(?:k8s://)?(?:\w+://)?", engine)
    start = scheme.end() if scheme else 0
    return engine[:start] + re.split("[/;?#]", engine[start:])[0].rpartition("@")[2]


def masters(engine: str) -> list[tuple[str, int]]:
    """Return host and port of each master that `engine` names, none where it is no address of a cluster."""
    found = re.fullmatch(rf"spark://({_MASTERS})", engine)
    named = [each.rpartition(":") for each in found[1].split(",")] if found else []
    return [(host.strip("[]"), int(port)) for host, _, port in named]


def _cut(engine: str) -> str:
    told = address(engine)
    return told[:60] if told == engine else f"{told[:60]}…"
