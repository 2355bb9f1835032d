"""Spark and DuckDB over the same exports: every column, sum, count and finding compared, time and memory of both.

Weekly exports in turn as CSV, JSON Lines and Parquet, with columns that nobody knows. Each repeats events of the week
before, corrects what others of them cost, and has rows whose cost, moment, team or id is none.
Run: `python benchmarks/spark_equals.py [--rows 10000000] [--files 24] [--engine 'local[*]']`, after `make spark`.
Memory is that of the process and all that it started, at its peak, on Linux; pages that they share count once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

FIRST = date(2025, 6, 2)
FORMATS = {"csv": "FORMAT csv, HEADER true", "jsonl": "FORMAT json, ARRAY false", "parquet": "FORMAT parquet"}
REPEATED = CORRECTED = 0.01
EVENTS = """
    SELECT CASE WHEN hash(i * 37) % 1000 = 0 THEN 'null' ELSE md5(i::VARCHAR) END AS id,
        CASE WHEN hash(i * 41) % 1000 = 0 THEN 'soon' ELSE strftime(TIMESTAMP '{start}'
            + to_seconds((hash(i + 7) % 604800)::BIGINT), '%Y-%m-%dT%H:%M:%SZ') END AS timestamp,
        'trace-' || hash(i * 13) % 1000 AS trace_v2, 'gw_' || i % 3 AS gateway_id,
        CASE WHEN hash(i * 43) % 1000 = 0 THEN '' ELSE 'team_' || hash(i * 3) % 20 END AS team_id,
        ['openai', 'anthropic', 'google'][1 + (hash(i * 5) % 3)::INT] AS provider, 'm-' || hash(i * 11) % 4 AS model,
        (hash(i * 17) % 4000)::BIGINT AS input_tokens, (hash(i * 19) % 1000)::BIGINT AS output_tokens,
        CASE WHEN hash(i * 47) % 1000 = 0 THEN 'free' ELSE (({more} + hash(i * 23) % 100000) / 1000000)
            ::DECIMAL(18,9)::VARCHAR END AS cost, false AS cache_hit, {{'a': i % 7, 'b': 'x,y'}} AS routing,
        '{{"workload": "' || ['interactive', 'batch', 'evaluation'][1 + (hash(i * 31) % 3)::INT] || '"}}' AS metadata
    FROM range({first}, {last}) AS t(i)"""


def generate(folder: Path, rows: int, files: int) -> None:
    import duckdb

    each = rows // files
    again, corrected = int(each * REPEATED), int(each * CORRECTED)
    with duckdb.connect(config={"threads": 2}) as connection:
        for week in range(files):
            start = FIRST + timedelta(weeks=week)
            parts = [EVENTS.format(start=start, first=week * each, last=(week + 1) * each, more=1)]
            if week:
                before, middle = start - timedelta(weeks=1), week * each - again
                parts.append(EVENTS.format(start=before, first=middle, last=week * each, more=1))
                parts.append(EVENTS.format(start=before, first=middle - corrected, last=middle, more=2))
            suffix, how = list(FORMATS.items())[week % len(FORMATS)]
            path = folder / f"events-{start + timedelta(weeks=1)}.{suffix}"
            connection.execute(f"COPY ({' UNION ALL '.join(parts)}) TO '{path}' ({how})")


def read(folder: Path, engine: str, end: date) -> None:
    """Read in this process, and print what it took and a digest of each part of the result."""
    from reconciler.usage.read import read_usage

    started = time.perf_counter()
    usage = read_usage([str(folder)], first=FIRST, end=end, known_wallets={"team_0"}, engine=engine)
    seconds = time.perf_counter() - started
    parts = {name: digest(value) for name, value in columns(usage).items()}
    source = {each.name: told(getattr(usage.source, each.name)) for each in fields(usage.source)}
    counts = [usage.source.rows, usage.source.duplicates, len(usage.day), len(usage.source.issues)]
    print(json.dumps({"seconds": seconds, "parts": parts | source, "counts": counts}))


def columns(usage: Any) -> dict[str, Any]:
    of_apart = {f"apart.{each.name}": getattr(usage.apart, each.name) for each in fields(usage.apart)}
    of_days = {each.name: getattr(usage, each.name) for each in fields(usage)}
    return {name: value for name, value in (of_days | of_apart).items() if isinstance(value, np.ndarray)}


def told(fact: Any) -> str:
    return repr(sorted(fact) if isinstance(fact, frozenset) else fact)


def digest(values: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(repr((values.dtype.kind, values.tolist())).encode()).hexdigest()


@dataclass
class Took:
    seconds: float
    parts: dict[str, str]
    counts: list[int]
    megabytes: float

    def __str__(self) -> str:
        return f"{self.seconds:7.1f} s  peak {self.megabytes:6,.0f} MB"


def measured(folder: Path, engine: str, end: date) -> Took:
    command = [sys.executable, __file__, "--read", str(folder), "--engine", engine, "--end", end.isoformat()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        peak = Peak(process.pid)
        told, _ = process.communicate()
        megabytes = peak.megabytes()
    if process.returncode:
        sys.exit(f"{engine} did not read the exports")
    return Took(**json.loads(told.splitlines()[-1]), megabytes=megabytes)


class Peak:
    """The largest memory that a process and all that it started have at one time."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._largest = 0
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()

    def _look(self) -> None:
        while not self._ended.wait(0.2):
            self._largest = max(self._largest, sum(map(kilobytes, family(self._process))))

    def megabytes(self) -> float:
        self._ended.set()
        self._watch.join()
        return self._largest / 1024


def family(process: int) -> list[int]:
    """Return a process and all that descend from it."""
    children = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
        except OSError:
            continue
        children[int(parent)].append(int(path.parent.name))
    found = [process]
    for each in found:
        found.extend(children[each])
    return found


def kilobytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def compare(rows: int, files: int, engine: str) -> bool:
    """Print what each engine took; return whether both give the same."""
    end = FIRST + timedelta(weeks=files)
    with tempfile.TemporaryDirectory(prefix="kt-budgets-benchmark-") as name:
        folder = Path(name)
        generate(folder, rows, files)
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"{rows:,} events in {files} exports, {size / 1e6:,.0f} MB of {', '.join(FORMATS)}", end="; ")
        print(f"{REPEATED:.0%} repeated and {CORRECTED:.0%} corrected a week later, 0.4% with a flaw", flush=True)
        taken = {}
        for name in ("duckdb", engine):
            taken[name] = measured(folder, name, end)
            print(f"{name:<10} {taken[name]}", flush=True)
    one, other = taken["duckdb"], taken[engine]
    print("{:,} events counted, {:,} left out as repeats, {:,} rows of days, {} findings".format(*one.counts))
    differ = sorted(part for part in one.parts if one.parts[part] != other.parts.get(part))
    print(f"{len(one.parts)} columns and facts: {'NOT THE SAME: ' + ', '.join(differ) if differ else 'all the same'}")
    return not differ


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--engine", default="local[*]", help="what to hold to DuckDB, as `--engine` names it")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--end", type=date.fromisoformat, default=FIRST, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read(options.read, options.engine, options.end)
    else:
        sys.exit(0 if compare(options.rows, options.files, options.engine) else 1)


if __name__ == "__main__":
    main()
