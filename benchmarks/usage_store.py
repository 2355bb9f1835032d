"""Time, memory and bytes of reading weekly exports with a store, beside reading all of them each time.

Parquet exports of one week each, of which each repeats some events of the week before, are read in processes of their
own: all weeks but the last with a new store, all weeks with that store, and all weeks without one. The last two must
give the same digest, sum and findings.
Run: `python benchmarks/usage_store.py [--rows 10000000] [--weeks 52] [--repeated 0.01] [--url s3://bucket/prefix]`
With `--url` the exports are put there first; `AWS_ENDPOINT_URL` and credentials are taken from the environment.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

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


def read(paths: list[str], store: Path | None, end: date) -> None:
    """Read in this process, and print what it took."""
    from reconciler.usage.read import read_usage
    from reconciler.usage.store.session import Store, StoreUse

    uses: list[StoreUse] = []
    started = time.perf_counter()
    usage = read_usage(paths, first=FIRST, end=end, store=Store(str(store), uses.append) if store else None)
    used = resource.getrusage(resource.RUSAGE_SELF)
    source = usage.source
    told = {
        "seconds": time.perf_counter() - started,
        "cpu": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / 1024,
        "answer": [source.digest, source.rows, source.duplicates, int(usage.cost.sum()), repr(source.issues)],
        "use": str(uses[0]) if uses else "read all",
    }
    print(json.dumps(told))


def measured(label: str, paths: list[str], store: Path | None, end: date) -> list[object]:
    command = [sys.executable, __file__, "--read", *paths, "--end", end.isoformat()]
    command += ["--store", str(store)] if store else []
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    print(f"{label:<22} {told['seconds']:7.1f} s  cpu {told['cpu']:7.1f} s  peak {told['megabytes']:5.0f} MB", end="  ")
    print(told["use"], flush=True)
    answer: list[object] = told["answer"]
    return answer


def published(files: list[Path], url: str) -> list[str]:
    """Put the exports where `url` says and return their URLs."""
    import fsspec

    system, prefix = fsspec.core.url_to_fs(url)
    system.makedirs(prefix.partition("/")[0], exist_ok=True)
    for file in files:
        system.put_file(str(file), f"{prefix}/{file.name}")
    return [f"{url.rstrip('/')}/{file.name}" for file in files]


def compare(rows: int, weeks: int, repeated: float, url: str) -> bool:
    """Print what each reading took; return whether the store changed nothing."""
    with tempfile.TemporaryDirectory(prefix="kt-budgets-benchmark-") as name:
        folder = Path(name) / "exports"
        folder.mkdir()
        files = generate(folder, rows, weeks, repeated)
        size = sum(file.stat().st_size for file in files)
        print(f"{rows:,} events in {weeks} exports, {repeated:.0%} of them twice, {size / 1e6:,.0f} MB of Parquet")
        paths = published(files, url) if url else [str(file) for file in files]
        store, end = Path(name) / "store", FIRST + timedelta(weeks=weeks)
        measured("a new store", paths[:-1], store, end)
        with_store = measured("one week more", paths, store, end)
        measured("nothing new", paths, store, end)
        without = measured("without a store", paths, None, end)
        kept = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
        print(f"the store holds {kept / 1e6:,.0f} MB; same answer: {'yes' if with_store == without else 'NO'}")
    return with_store == without


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--repeated", type=float, default=0.01, help="share of the events that the next week repeats")
    parser.add_argument("--url", default="", help="an object store to put the exports in; default a local folder")
    parser.add_argument("--read", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--end", type=date.fromisoformat, default=FIRST, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read(options.read, options.store, options.end)
    else:
        sys.exit(0 if compare(options.rows, options.weeks, options.repeated, options.url) else 1)


if __name__ == "__main__":
    main()
