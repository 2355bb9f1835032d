"""The benchmark runs, and its contenders agree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.usage import engine, reading

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "usage_speed.py"


@pytest.mark.slow
def test_the_benchmark_runs_small_and_finds_the_same_answer() -> None:
    command = [sys.executable, str(BENCHMARK), "--rows", "20000", "--repeated", "0.2", "--runs", "1"]
    printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert "20,000 events, 20% of them twice" in printed
    assert "same answer        yes" in printed
    assert "peak memory" in printed


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_adding_up_events_that_all_differ_joins_them_with_nothing(
    exports: Any, events: Any, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = []

    def explained(connection: Any, query: Any) -> Any:
        sql = query if isinstance(query, str) else connection.compile(query)
        plans.append(str(connection.con.execute(f"EXPLAIN {sql}").fetchall()))
        return fetch(connection, query)

    fetch = engine.fetch
    monkeypatch.setattr(reading, "fetch", explained)
    exports.read(exports.write(events(50), form))
    assert any("GROUP_BY" in plan for plan in plans)
    assert not [plan for plan in plans if "JOIN" in plan]
