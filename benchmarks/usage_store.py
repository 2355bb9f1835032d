"""Time, memory, requests and bytes of reading weekly exports with a store, beside reading all of them each time.

Parquet exports of one week each, of which each repeats some events of the week before, are read in processes of their
own: all weeks but the last with a new store, all weeks with that store, and all weeks without one. The last two must
give the same digest, sum and findings.
Run: `python benchmarks/usage_store.py [--rows 10000000] [--weeks 52] [--repeated 0.01] [--s3]`
With `--s3` exports and store are in a bucket of a server on loopback, which counts what it is asked for.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from memory import peak_megabytes

Counter = collections.Counter[tuple[str, str]]
BUCKET = "ai-spend"

FIRST = date(2025, 6, 2)
EVENTS = """
    SELECT md5(i::VARCHAR) AS id, TIMESTAMP '{start}' + to_seconds((hash(i + 7) % 604800)::BIGINT) AS timestamp,
        'gw_' || i % 3 AS gateway_id, 'team_' || hash(i * 3) % 20 AS team_id,
        ['openai', 'anthropic', 'google'][1 + (hash(i * 5) % 3)::INT] AS provider, 'm-' || hash(i * 11) % 4 AS model,
        (hash(i * 17) % 4000)::BIGINT AS input_tokens, (hash(i * 19) % 1000)::BIGINT AS output_tokens,
        ((1 + hash(i * 23) % 100000) / 1000000)::DECIMAL(18,9) AS cost, false AS cache_hit,
        '{{"workload": "' || ['interactive', 'batch', 'evaluation'][1 + (hash(i * 31) % 3)::INT] || '"}}' AS metadata
    FROM range({first}, {last}) AS t(i)"""


def generate(folder: Path, rows: int, weeks: int, repeated: float) -> list[Path]:
    import duckdb

    files = []
    each, again = rows // weeks, int(rows // weeks * repeated)
    with duckdb.connect(config={"threads": 2}) as connection:
        for week in range(weeks):
            start = FIRST + timedelta(weeks=week)
            own = EVENTS.format(start=start, first=week * each, last=(week + 1) * each)
            if week and again:
                before = {"start": start - timedelta(weeks=1), "first": week * each - again, "last": week * each}
                own += f" UNION ALL {EVENTS.format(**before)}"
            files.append(folder / f"events-{start + timedelta(weeks=1)}.parquet")
            connection.execute(f"COPY ({own}) TO '{files[-1]}' (FORMAT parquet)")
    return files


def read(exports: str, store: str, end: date) -> None:
    """Read in this process, and print what it took."""
    from reconciler.usage.read import read_usage
    from reconciler.usage.store.session import Store
    from reconciler.usage.store.use import StoreUse

    uses: list[StoreUse] = []
    started = time.perf_counter()
    usage = read_usage([exports], first=FIRST, end=end, store=Store(store, uses.append) if store else None)
    used = resource.getrusage(resource.RUSAGE_SELF)
    source = usage.source
    told = {
        "seconds": time.perf_counter() - started,
        "cpu": used.ru_utime + used.ru_stime,
        "megabytes": peak_megabytes(),
        "answer": [source.digest, source.rows, source.duplicates, int(usage.cost.sum()), repr(source.issues)],
        "use": str(uses[0]) if uses else "read all",
    }
    print(json.dumps(told))


def measured(label: str, exports: str, store: str, end: date, server: Counter) -> list[object]:
    """Return what a reading in a process of its own says, and print what it took."""
    command = [sys.executable, __file__, "--read", exports, "--end", end.isoformat(), "--store", store]
    server.clear()
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    print(f"{label:<16} {told['seconds']:7.1f} s  cpu {told['cpu']:7.1f} s  peak {told['megabytes']:5.0f} MB", end="  ")
    print(told["use"], flush=True)
    for part in sorted({part for part, _ in server}):
        print(f"{'':<16} of {part}: {server[part, 'requests']:,} requests", end=", ")
        print(f"{server[part, 'read'] / 1e6:,.1f} MB read, {server[part, 'written'] / 1e6:,.1f} MB written", flush=True)
    answer: list[object] = told["answer"]
    return answer


@contextmanager
def s3_server(counted: Counter) -> Iterator[None]:
    """Serve an empty S3 on loopback, and count requests and bytes by the first part of the name of an object."""
    import httpx
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    class Quiet(MotoRequestHandler):
        def log_request(self, *_: object) -> None:
            """Say nothing: requests are counted."""

    app = DomainDispatcherApplication(create_backend_app)

    def count(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        part = f"{environ['PATH_INFO']}/".split("/")[2] or "listings"
        counted[part, "requests"] += 1
        counted[part, "written"] += int(environ.get("CONTENT_LENGTH") or 0)
        for chunk in app(environ, start):
            counted[part, "read"] += len(chunk)
            yield chunk

    server = make_server("127.0.0.1", 0, count, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark", "AWS_REGION": "us-east-1"}
    os.environ.update({**settings, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}"})
    try:
        httpx.post(f"http://127.0.0.1:{server.port}/moto-api/reset").raise_for_status()
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def arrive(files: list[Path], place: str) -> None:
    """Move exports to where they are read from."""
    import fsspec

    system, path = fsspec.core.url_to_fs(place)
    system.makedirs(path, exist_ok=True)
    for file in files:
        system.put_file(str(file), f"{path}/{file.name}")
        file.unlink()


def compare(rows: int, weeks: int, repeated: float, in_s3: bool) -> bool:
    """Print what each reading took; return whether the store changed nothing."""
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="kt-budgets-benchmark-"))
        counted: Counter = collections.Counter()
        if in_s3:
            stack.enter_context(s3_server(counted))
        place = f"s3://{BUCKET}" if in_s3 else name
        exports, store, end = f"{place}/exports", f"{place}/store", FIRST + timedelta(weeks=weeks)
        made = Path(name) / "made"
        made.mkdir()
        started = time.perf_counter()
        files = generate(made, rows, weeks, repeated)
        size = sum(file.stat().st_size for file in files)
        print(
            f"{rows:,} events in {weeks} exports, {repeated:.0%} of them twice, {size / 1e6:,.0f} MB of Parquet", end=""
        )
        arrive(files[:-1], exports)
        print(f", made in {time.perf_counter() - started:.0f} s", flush=True)
        measured("a new store", exports, store, end, counted)
        arrive(files[-1:], exports)
        with_store = measured("one week more", exports, store, end, counted)
        measured("nothing new", exports, store, end, counted)
        without = measured("without a store", exports, "", end, counted)
        print(f"the store holds {held(store) / 1e6:,.0f} MB; same answer: {'yes' if with_store == without else 'NO'}")
    return with_store == without


def held(store: str) -> int:
    """Return how many bytes a store holds."""
    import fsspec

    system, path = fsspec.core.url_to_fs(store)
    system.invalidate_cache()
    return int(system.du(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--repeated", type=float, default=0.01, help="share of the events that the next week repeats")
    parser.add_argument("--s3", action="store_true", help="read from S3 on loopback; default a local folder")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    parser.add_argument("--store", default="", help=argparse.SUPPRESS)
    parser.add_argument("--end", type=date.fromisoformat, default=FIRST, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read(options.read, options.store, options.end)
    else:
        sys.exit(0 if compare(options.rows, options.weeks, options.repeated, options.s3) else 1)


if __name__ == "__main__":
    main()
