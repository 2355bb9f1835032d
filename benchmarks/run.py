"""Run every benchmark of speed, and compare its ratios with those of the last release.

Run: python benchmarks/run.py                 all of them, some ten minutes on two cores
     python benchmarks/run.py --only help     some of them
     python benchmarks/run.py --release 0.2.0 keep what was measured, and draw it: before a release is tagged

A claim that does not hold fails. A ratio that grew by more than a tenth since the last release is a warning; in a
workflow of GitHub it is one of the run.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import history
from history import Measured, Release
from ratio import Ratio

COMMANDS: dict[str, tuple[str, ...]] = {
    "help": ("help_speed.py",),
    "validate": ("validate_speed.py",),
    "plan": ("plan_speed.py",),
    "apply": ("apply_overhead.py",),
    "connection": ("connection_speed.py",),
    "forecast": ("forecast_speed.py",),
    "rules": ("rules_speed.py",),
    "report": ("report_speed.py",),
    "usage": ("usage_speed.py",),
    "scale": ("plan_scale.py", "--teams", "1000", "--only", "whole"),
}
"""What is run, by the name that `--only` takes; options may follow the script."""

PACKAGES = ("click", "duckdb", "httpx", "ibis-framework", "numpy", "pydantic", "ruamel.yaml")


def measured(name: str) -> tuple[list[Ratio], bool]:
    """Run a benchmark, showing what it prints; return its ratios and whether it ended well."""
    script, *options = COMMANDS[name]
    print(f"\n== {name}", flush=True)
    command = [sys.executable, str(Path(__file__).parent / script), *options]
    ratios = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for row in running.stdout:
            print(row, end="", flush=True)
            found = Ratio.read(row.rstrip("\n"))
            ratios += [] if found is None else [found]
    return ratios, running.returncode == 0


def machine() -> dict[str, str]:
    """Return what the ratios were measured with."""
    own = {"system": platform.system(), "processor": platform.machine(), "cores": str(os.cpu_count())}
    return own | {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def warned(lines: Iterable[str]) -> None:
    start = "::warning title=Slower than the last release::" if os.environ.get("GITHUB_ACTIONS") else "warning: "
    for each in lines:
        print(f"{start}{each}")


def compared(ratios: Mapping[str, Measured], *, whole: bool) -> None:
    releases = history.read()
    if not releases:
        print("\nno release was measured before")
        return
    last = releases[-1]
    if not whole:
        last = Release(last.version, last.day, last.machine, {n: one for n, one in last.ratios.items() if n in ratios})
    print(f"\ncompared with {last.version} of {last.day}:")
    warned(history.regressions(last, ratios))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS), help="these benchmarks alone")
    parser.add_argument("--release", metavar="VERSION", help="keep what was measured under this version, and draw it")
    options = parser.parse_args()
    whole = len(options.only) == len(COMMANDS)
    if options.release and not whole:
        parser.error("a release is measured whole: leave out --only")
    runs = {name: measured(name) for name in options.only}
    ratios = {one.name: Measured(round(one.value, 2), one.limit) for found, _ in runs.values() for one in found}
    compared(ratios, whole=whole)
    failed = [name for name, (found, well) in runs.items() if not (well and found and all(one.holds for one in found))]
    if failed:
        print(f"does not hold, or did not end: {', '.join(failed)}")
    if options.release:
        release = Release(options.release, datetime.now(UTC).date(), machine(), ratios)
        releases = history.with_release(history.read(), release)
        history.write(releases)
        history.PICTURE.write_text(history.drawn(releases), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
