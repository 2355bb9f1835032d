"""Judge the forecast as a user meets it: generated wallets as YAML and an export, through `kt-budgets forecast`.

    python benchmarks/forecast_commands.py [--seeds FAMILY] [--worlds N] [--as-of DATE] [--rows TEXT]

All worlds are wallets of one organization as of one day: its export holds them together, so that a silent one is silent
while others go on. Prints for each mechanism how many month ends were within the ranges, and what was told.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from generated_worlds import World
from mechanism_scores import worlds_of
from mechanisms import FAMILIES, HELD_OUT
from world_rows import ROWS

ANY_DAY = (
    "launch",
    "drop",
    "stopped",
    "restart",
    "daily credits",
    "price cut",
    "control: usual",
    "control: steady",
    "control: batch",
    "control: weekdays",
)
"""What may be moved to another day: it knows of no dates."""
ORGANIZATION = """version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2026, starts: 2026-01}
annual_target: 900000000.00
environments: [prod]
unused: keep
owners: ["@acme/finance"]
"""
TEAM = """version: 1
team: t{number}
owners: ["@acme/leads"]
wallets:
  prod: {{team_id: team_{number}, monthly: {monthly:.2f}}}
"""


def chosen_worlds(*, seeds: int, count: int, as_of: date, only: str) -> list[tuple[str, World]]:
    rows = [row for row in ROWS if row.name.startswith(ANY_DAY) and only in row.name and row.months == (0,)]
    found = [(row.name, world) for row in rows for world in worlds_of(row, seeds=seeds, count=count)]
    return [(name, replace(world, as_of=as_of)) for name, world in found]


def write_organization(folder: Path, worlds: Sequence[World]) -> None:
    teams = folder / "budgets" / "teams"
    teams.mkdir(parents=True)
    (folder / "budgets" / "org.yaml").write_text(ORGANIZATION)
    for number, world in enumerate(worlds):
        (teams / f"t{number}.yaml").write_text(TEAM.format(number=number, monthly=max(world.daily * 30, 1.0)))
    with (folder / "usage.csv").open("w") as file:
        file.write("id,timestamp,team_id,cost\n")
        file.writelines(f"evt_{place},{line}\n" for place, line in enumerate(_events(worlds)))


def _events(worlds: Sequence[World]) -> Iterator[str]:
    for number, world in enumerate(worlds):
        first = world.as_of - timedelta(days=len(world.history))
        for place, (cost, credit) in enumerate(zip(world.history, world.credits, strict=True)):
            day = first + timedelta(days=place)
            for amount in (cost, -credit):
                if round(amount, 6):
                    yield f"{day}T12:00:00Z,team_{number},{amount:.6f}"


def forecast(folder: Path, *, as_of: date) -> dict[str, Any]:
    """Return by wallet what the command says, as its JSON document has it."""
    command = [sys.executable, "-m", "reconciler", "forecast", "--offline", "--usage", "usage.csv"]
    asked = ["--as-of", as_of.isoformat(), "--format", "json", "--horizon", "1"]
    done = subprocess.run([*command, *asked], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return {wallet["wallet"]: wallet for wallet in json.loads(done.stdout)["wallets"]}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default=HELD_OUT, help="tuning, held-out, or any number")
    parser.add_argument("--worlds", type=int, default=40, help="wallets of each mechanism")
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 6, 11))
    parser.add_argument("--rows", default="", help="only mechanisms whose name holds this")
    options = parser.parse_args(arguments)
    base = FAMILIES[options.seeds] if options.seeds in FAMILIES else int(options.seeds)
    worlds = chosen_worlds(seeds=base, count=options.worlds, as_of=options.as_of, only=options.rows)
    with tempfile.TemporaryDirectory() as name:
        write_organization(Path(name), [world for _, world in worlds])
        answers = forecast(Path(name), as_of=options.as_of)
    rows: dict[str, list[tuple[World, dict[str, Any]]]] = defaultdict(list)
    for number, (row, world) in enumerate(worlds):
        rows[row].append((world, answers[f"team_{number}"]))
    print(f"{len(worlds)} wallets of one organization as of {options.as_of}, seeds {options.seeds}, month end")
    print("  mechanism                                           n  cov80 cov95  WAPE | told")
    for row, pairs in rows.items():
        print(_line(row, pairs))
    return 0


def _line(row: str, pairs: Sequence[tuple[World, dict[str, Any]]]) -> str:
    inside: list[tuple[bool, bool]] = []
    errors, actuals = 0.0, 0.0
    told: Counter[str] = Counter()
    for world, answer in pairs:
        low, high = world.window(0)
        spent, daily = float(answer["spend_to_date"]), world.daily * (high - low)
        rest = float(world.future[low:high].sum())
        said = {key: float(value) for key, value in answer["month_end"]["quantiles"].items()}
        actual = round(spent + rest, 2)
        inside.append((said["0.1"] <= actual <= said["0.9"], said["0.025"] <= actual <= said["0.975"]))
        errors += abs(said["0.5"] - actual) / daily
        actuals += rest / daily
        told.update({notice["code"] for notice in answer["notices"]})
    cov80, cov95 = np.mean(inside, axis=0)
    words = ", ".join(f"{code} {count / len(pairs):.0%}" for code, count in sorted(told.items()))
    wape = errors / actuals if actuals else 0.0
    return f"  {row:<48} {len(pairs):4d}  {cov80:5.2f} {cov95:5.2f} {wape:5.2f} | {words}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
