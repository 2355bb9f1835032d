"""The benchmark runs, and its contenders agree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "usage_speed.py"


def test_the_benchmark_runs_small_and_finds_the_same_answer() -> None:
    command = [sys.executable, str(BENCHMARK), "--rows", "20000", "--repeated", "0.2", "--runs", "1"]
    printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert "20,000 events, 20% of them twice" in printed
    assert "same answer: yes" in printed
    assert "peak memory" in printed
