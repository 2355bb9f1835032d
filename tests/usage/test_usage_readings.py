"""How often an export is read: whatever goes through all of it is counted here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FEWEST_PASSES = 3
"""Line ends, ids and sums. The engine reads twice, each time only the columns that it needs (decision 0084)."""
READ = """\
import sys
from datetime import date
from pathlib import Path
from reconciler.usage.read import read_usage

place, name = sys.argv[1:]
before = int(Path("/proc/self/io").read_text().split()[1])
usage = read_usage([name], first=date(2026, 6, 1), end=date(2026, 7, 1), folder=Path(place))
print(usage.source.rows, int(Path("/proc/self/io").read_text().split()[1]) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="this system does not tell what a process read")
def test_a_clean_csv_file_is_gone_through_three_times(tmp_path: Path) -> None:
    row = "{id},2026-06-02T10:00:00Z,team_a,1.25,{metadata}\n"
    rows = [row.format(id=f"event-{number}", metadata="x" * 400) for number in range(40_000)]
    export = tmp_path / "one.csv"
    export.write_text("id,timestamp,team_id,cost,metadata\n" + "".join(rows), encoding="utf-8")
    command = [sys.executable, "-c", READ, str(tmp_path), str(export)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    counted, octets = map(int, done.stdout.split())
    assert counted == 40_000
    assert octets / export.stat().st_size < FEWEST_PASSES + 0.25
