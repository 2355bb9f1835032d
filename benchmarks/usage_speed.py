"""Time and memory of reading usage from CSV, beside bare DuckDB statements over the same file in the same run.

Two statements are compared, each in a process of its own, on two threads:

- *exact*: the least statement with the same answer. Typed columns, `SELECT DISTINCT` so that repeated events count
  once, attributes taken out of the metadata, sums per day and key. It takes all the memory it wants, which is
  about 2.4 GB for ten million rows.
- *sums only*: the same without `DISTINCT`. It counts repeated events twice, so its answer is right only when none is.

The product reads with its usual memory limit and does more: it says which rows are unreadable, unpriced, unidentified.
Run: `python benchmarks/usage_speed.py [--rows 10000000] [--repeated 0.0] [--runs 3]`
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from memory import peak_megabytes
from ratio import Ratio

BYTES_A_ROW = 180
LIMIT, GOAL_RATIO, GOAL_MEGABYTES = 1.6, 1.25, 600
THREADS = 2
COLUMNS = {
    "id": "VARCHAR", "timestamp": "TIMESTAMP", "gateway_id": "VARCHAR", "team_id": "VARCHAR", "user_id": "VARCHAR",
    "provider": "VARCHAR", "model": "VARCHAR", "decision": "VARCHAR", "latency_ms": "BIGINT", "input_tokens": "BIGINT",
    "output_tokens": "BIGINT", "cost": "DECIMAL(18,9)", "cache_hit": "BOOLEAN", "metadata": "VARCHAR",
}  # fmt: skip
FIRST, END = date(2025, 6, 1), date(2026, 6, 1)


def generate(folder: Path, rows: int, repeated: float) -> None:
    """Write `rows` events of a year as CSV, and a second file that repeats a share of them."""
    import duckdb

    select = """
        SELECT md5(i::VARCHAR) AS id,
            strftime(TIMESTAMP '2025-06-01' + to_seconds((hash(i + 7) % 31536000)::BIGINT), '%Y-%m-%dT%H:%M:%SZ')
                AS timestamp,
            'gw_' || i % 3 AS gateway_id, 'team_' || hash(i * 3) % 8 AS team_id, 'user_' || i % 500 AS user_id,
            ['openai', 'anthropic', 'google'][1 + (hash(i * 5) % 3)::INT] AS provider,
            'model-' || hash(i * 11) % 4 AS model, 'allow' AS decision, hash(i * 13) % 3000 AS latency_ms,
            hash(i * 17) % 4000 AS input_tokens, hash(i * 19) % 1000 AS output_tokens,
            CASE WHEN hash(i * 29) % 5 = 0 THEN 0 ELSE (1 + hash(i * 23) % 100000) / 1000000 END::DECIMAL(12,6) AS cost,
            hash(i * 29) % 5 = 0 AS cache_hit,
            '{"workload": "' || ['interactive', 'batch', 'evaluation'][1 + (hash(i * 31) % 3)::INT]
                || '", "lane": "standard"}' AS metadata
        FROM range({rows}) AS t(i)"""
    with duckdb.connect(config={"threads": THREADS, "preserve_insertion_order": False}) as connection:
        connection.execute(f"COPY ({select.replace('{rows}', str(rows))}) TO '{folder / 'one.csv'}'")
        if repeated:
            connection.execute(
                f"COPY ({select.replace('{rows}', str(int(rows * repeated)))}) TO '{folder / 'two.csv'}'"
            )


def product(folder: Path) -> tuple[int, int]:
    from reconciler.usage.read import read_usage

    usage = read_usage([str(folder)], first=FIRST, end=END, folder=folder)
    return usage.source.rows, int(usage.cost.sum())


def statement(distinct: str) -> Callable[[Path], tuple[int, int]]:
    def run(folder: Path) -> tuple[int, int]:
        import duckdb

        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
        used = "id, timestamp, team_id, provider, model, input_tokens, output_tokens, cost, cache_hit, metadata"
        sql = f"""
            SELECT CAST(timestamp AS DATE) AS day, team_id, json_extract_string(metadata, '$.workload') AS workload,
                provider, model, json_extract_string(metadata, '$.lane') AS lane,
                CAST(sum(cost) * 1000000000 AS BIGINT) AS cost, count(*) AS requests,
                sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
                count(*) FILTER (WHERE cache_hit) AS cache_hits, max(timestamp) AS latest
            FROM (SELECT {distinct} {used} FROM read_csv('{folder}/*.csv', header = true, columns = {{{columns}}}))
            GROUP BY 1, 2, 3, 4, 5, 6"""
        with duckdb.connect(config={"threads": THREADS, "temp_directory": str(folder / "spill")}) as connection:
            connection.execute("SET preserve_insertion_order = false")
            if not distinct:
                connection.execute("SET memory_limit = '256MB'")
            table = connection.execute(sql).fetchnumpy()
        return int(table["requests"].sum()), int(table["cost"].sum())

    return run


CONTENDERS = {"product": product, "exact": statement("DISTINCT"), "sums only": statement("")}


def contend(name: str, folder: Path) -> None:
    """Run one contender in this process and print what it took."""
    started = time.perf_counter()
    rows, cost = CONTENDERS[name](folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    took = {"seconds": time.perf_counter() - started, "cpu": used.ru_utime + used.ru_stime}
    print(json.dumps({**took, "megabytes": peak_megabytes(), "rows": rows, "cost": cost}))


def measure(name: str, folder: Path, runs: int) -> dict[str, float]:
    """Return the fastest of `runs` runs and the largest memory of any."""
    command = [sys.executable, __file__, "--contender", name, "--folder", str(folder)]
    results = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(runs)]
    best: dict[str, float] = min(results, key=lambda result: result["seconds"])
    return {**best, "megabytes": max(result["megabytes"] for result in results)}


def compare(rows: int, repeated: float, runs: int) -> bool:
    """Print every contender's time and memory and the ratios; return whether the goals are met."""
    needed = int(rows * (1 + repeated) * BYTES_A_ROW * 2)
    if shutil.disk_usage(tempfile.gettempdir()).free < needed:
        sys.exit(f"needs {needed / 1e9:.1f} GB free in {tempfile.gettempdir()}; set TMPDIR or give fewer --rows")
    with tempfile.TemporaryDirectory(prefix="kt-budgets-benchmark-") as name:
        folder = Path(name)
        generate(folder, rows, repeated)
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"{rows:,} events, {repeated:.0%} of them twice, {size / 1e9:.2f} GB of CSV", end=", ")
        print(f"{THREADS} threads, best of {runs}")
        results = {contender: measure(contender, folder, runs) for contender in CONTENDERS}
    for contender, result in results.items():
        print(f"{contender:<10} {result['seconds']:7.2f} s  cpu {result['cpu']:7.2f} s", end="  ")
        print(f"peak {result['megabytes']:6.0f} MB")
    ours, exact = results["product"], results["exact"]
    same = (ours["rows"], ours["cost"]) == (exact["rows"], exact["cost"])
    ratio = Ratio("reading usage to bare exact sums", ours["seconds"] / exact["seconds"], LIMIT)
    met = same and ratio.holds and ours["megabytes"] < GOAL_MEGABYTES
    print(ratio)
    print(f"goal {GOAL_RATIO}          {'met' if ratio.value <= GOAL_RATIO else 'not met'}")
    print(f"same answer        {'yes' if same else 'NO'}")
    sums_only = ours["seconds"] / results["sums only"]["seconds"]
    print(f"{sums_only:.2f} times as long as sums only, which count repeated events twice")
    print(f"peak memory        {ours['megabytes']:.0f} MB (goal below {GOAL_MEGABYTES})")
    print(f"limits             {'hold' if met else 'DO NOT HOLD'}")
    return met


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeated", type=float, default=0.0, help="share of the events that a second file repeats")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        contend(options.contender, options.folder)
    else:
        sys.exit(0 if compare(options.rows, options.repeated, options.runs) else 1)


if __name__ == "__main__":
    main()
