"""How long `kt-budgets --help` takes, as a multiple of `python -c "import click"`. The claim is 1.6 or less.

Run: python benchmarks/help_speed.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from ratio import Ratio

LIMIT = 1.6
ROUNDS = 25


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    floor = [sys.executable, "-c", "import click"]
    ours = [str(Path(sys.executable).parent / "kt-budgets"), "--help"]
    pairs = [(seconds(ours), seconds(floor)) for _ in range(ROUNDS)]
    help_seconds = statistics.median(pair[0] for pair in pairs)
    floor_seconds = statistics.median(pair[1] for pair in pairs)
    print(f"kt-budgets --help      {help_seconds * 1000:7.1f} ms")
    print(f'python -c "import click" {floor_seconds * 1000:5.1f} ms')
    print(Ratio("--help to importing click", help_seconds / floor_seconds, LIMIT))


if __name__ == "__main__":
    main()
