"""What `kt-budgets plan` takes for 10,000 teams of three wallets, where each answer of Keeptrusts takes 20 ms more.

The floor is a process of its own that sends the same GETs with bare httpx, as many at a time, and keeps nothing of
them: eight workers that go through the ledgers. The claim is 1.5 times its time or less, and 3 s for a plan that a
merge queue makes: of five teams, in a clone of a repository with all of them. The plan of all that was made is
shown once, as a step of its own reads it. Requests and bytes are counted by the stand-in that answers them
(`stand_in.py`). Memory is that of all processes of a command together, what they share counted once, looked at twice a
second. With fewer teams, where starting weighs more, nothing is claimed.

Run: python benchmarks/plan_scale.py [--teams 10000] [--only scoped]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from memory import most_of_all
from plan_speed import floor_requests
from ratio import Ratio
from stand_in import ENVIRONMENTS, ORGANIZATION, key_of, serve

TEAMS = 10_000
LIMIT = 1.5
SCOPED_SECONDS = 3.0
WAIT = 0.02
MOST = 1000
DAY = "2026-06-18"
CHANGED = 5


def write_budgets(root: Path, teams: int) -> None:
    (root / "teams").mkdir(parents=True)
    (root / "org.yaml").write_text(
        f"version: 1\norganization: {ORGANIZATION}\ncurrency: USD\nfiscal_year: {{name: FY2027, starts: 2026-06}}\n"
        f"environments: [{', '.join(ENVIRONMENTS)}]\n"
    )
    for number in range(1, teams + 1):
        write_team(root, number, prod=1000)


def write_team(root: Path, number: int, *, prod: int) -> None:
    name = key_of(number, "prod")
    lines = ["version: 1", f"team: {name}", "plan:", "  baseline_monthly: 3000.00", "wallets:"]
    for index, environment in enumerate(ENVIRONMENTS):
        amount = f"{1000 + index if index else prod}.00"
        lines.append(f"  {environment}: {{team_id: {key_of(number, environment)}, monthly: {amount}}}")
    lines.append("billing_budgets:")
    lines += [f"  - {{name: {number:05d}-{index + 1}, amount: {901 if index else 900}.00}}" for index in range(3)]
    (root / "teams" / f"{name}.yaml").write_text("\n".join(lines) + "\n")


def commit(folder: Path, teams: int) -> None:
    """Commit the budgets, and on top of them a change of a few teams."""
    write_budgets(folder / "budgets", teams)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=All teams")
    for number in range(1, CHANGED + 1):
        write_team(folder / "budgets", number, prod=1100)
    git(folder, "commit", "--quiet", "--all", "--message=Five teams")


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True)


@dataclass(frozen=True)
class Taken:
    """What a process took: seconds on the clock and of processors, megabytes, and what it asked for."""

    seconds: float
    processor: float
    megabytes: float
    requests: int
    bytes: int

    def __str__(self) -> str:
        asked = f"{self.requests:7,} GETs, {self.bytes / 1e6:6.1f} MB"
        return f"{self.seconds:7.2f} s, {self.processor:7.2f} s of processors, {self.megabytes:6.0f} MB   {asked}"


def taken(command: Sequence[str], environment: dict[str, str], folder: Path) -> Taken:
    url = environment["KEEPTRUSTS_API_URL"]
    counts(url)
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL)
    with most_of_all(process.pid) as most:
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    asked = counts(url)
    return Taken(seconds, used.ru_utime + used.ru_stime, most[0], asked["requests"], asked["bytes"])


def counts(url: str) -> dict[str, int]:
    """Return what was answered since this was asked before."""
    found: dict[str, int] = httpx.get(f"{url}/counts").raise_for_status().json()
    return found


@contextmanager
def stand_in(teams: int) -> Iterator[dict[str, str]]:
    """Yield the environment in which a stand-in for Keeptrusts is the one that is asked."""
    server = [sys.executable, __file__, "--serve", "--teams", str(teams)]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, token = process.stdout.readline().split()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI"))}
        try:
            yield {**kept, "KEEPTRUSTS_API_URL": url, "KEEPTRUSTS_API_TOKEN": token, "PYTHONDONTWRITEBYTECODE": ""}
        finally:
            process.terminate()


def measure(teams: int, only: Sequence[str]) -> bool:
    ratios = []
    with tempfile.TemporaryDirectory() as name, stand_in(teams) as environment:
        folder = Path(name)
        commit(folder, teams)
        (folder / "usage.csv").write_text("id,timestamp,team_id,cost\n")
        tool = str(Path(sys.executable).parent / "kt-budgets")
        plan = [tool, "plan", "--as-of", DAY, "--usage", "usage.csv", "--output", "plan.json"]
        bare = [sys.executable, __file__, "--floor", environment["KEEPTRUSTS_API_URL"]]
        bare.append(environment["KEEPTRUSTS_API_TOKEN"])
        print(f"{teams:,} teams, {len(ENVIRONMENTS) * teams:,} wallets, {1000 * WAIT:g} ms an answer", flush=True)
        if "whole" in only:
            floor = taken(bare, environment, folder)
            print(f"bare httpx            {floor}", flush=True)
            whole = taken(plan, environment, folder)
            print(f"kt-budgets plan       {whole}", flush=True)
            limit = LIMIT if teams >= TEAMS else None
            ratios.append(Ratio(f"plan, {teams:,} teams, to the same requests", whole.seconds / floor.seconds, limit))
            shown = taken([tool, "show", "plan.json", "--format", "markdown"], environment, folder)
            print(f"kt-budgets show       {shown}", flush=True)
        if "scoped" in only:
            scoped = taken([*plan, "--since", "HEAD^"], environment, folder)
            print(f"plan of {CHANGED} teams       {scoped}", flush=True)
            ratios.append(Ratio(f"plan, {CHANGED} of {teams:,} teams, to 3 s", scoped.seconds / SCOPED_SECONDS, 1.0))
    for ratio in ratios:
        print(ratio)
    return all(ratio.holds for ratio in ratios)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teams", type=int, default=TEAMS)
    parser.add_argument("--only", nargs="+", choices=("whole", "scoped"), default=["whole", "scoped"])
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--floor", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.teams, most=MOST, wait=WAIT)
    elif options.floor:
        asyncio.run(floor_requests(*options.floor, workers=True))
    else:
        return 0 if measure(options.teams, options.only) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
