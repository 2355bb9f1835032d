"""Judge the forecast as a user meets it: generated wallets as YAML and an export, through `kt-budgets forecast`.

    python benchmarks/forecast_commands.py [--seeds FAMILY] [--worlds N] [--as-of DATE] [--rows TEXT]

All worlds are wallets of one organization as of one day: its export holds them together, so that a silent one is silent
while others go on. Prints for each mechanism how many month ends were within the ranges, how many days of exhaustion
and days between alert and exhaustion were, and what was told. Exits 1 if an alert at the wallet's whole money is less
likely than that it runs out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from generated_worlds import Floats, World
from mechanism_dates import MONEY
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
NEVER = "9999-12-31"
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
billing_budgets:
  - {{name: monthly, amount: {monthly:.2f}, alert_percentages: [80, 100], hard_limit: false}}
"""


@dataclass(frozen=True, slots=True, eq=False)
class Wallet:
    """A world in YAML; `monthly` is its target, and the amount of its alert."""

    row: str
    world: World
    monthly: float

    @property
    def month(self) -> Floats:
        """What is spent up to the end of each day of the month, as it came."""
        world = self.world
        spent = (world.history - world.credits)[len(world.history) - world.as_of.day + 1 :]
        return np.cumsum(np.concatenate([spent, world.future[: world.window(0)[1]]]))

    def first_day(self, share: float) -> date | None:
        """Return the day on which so much of the money is spent; None where it is not."""
        reached = np.flatnonzero(self.month > share * self.monthly)
        return self.world.as_of.replace(day=int(reached[0]) + 1) if len(reached) else None


def wallets_of(*, seeds: int, count: int, as_of: date, only: str) -> list[Wallet]:
    """Return the worlds of all rows as of one day, each with money for 30% to 150% of a usual rest of the month."""
    rows = [row for row in ROWS if row.name.startswith(ANY_DAY) and only in row.name and row.months == (0,)]
    found = [(row.name, replace(w, as_of=as_of)) for row in rows for w in worlds_of(row, seeds=seeds, count=count)]
    shares = np.random.default_rng([seeds, 9]).uniform(*MONEY, len(found))
    wallets = []
    for (name, world), share in zip(found, shares, strict=True):
        bare = Wallet(name, world, 0.0)
        spent = max(float(bare.month[as_of.day - 2]), 0.0) if as_of.day > 1 else 0.0
        wallets.append(replace(bare, monthly=max(round(spent + share * world.daily * world.window(0)[1], 2), 1.0)))
    return wallets


def write_organization(folder: Path, wallets: Sequence[Wallet]) -> None:
    teams = folder / "budgets" / "teams"
    teams.mkdir(parents=True)
    (folder / "budgets" / "org.yaml").write_text(ORGANIZATION)
    for number, wallet in enumerate(wallets):
        (teams / f"t{number}.yaml").write_text(TEAM.format(number=number, monthly=wallet.monthly))
    with (folder / "usage.csv").open("w") as file:
        file.write("id,timestamp,team_id,cost\n")
        file.writelines(f"evt_{place},{line}\n" for place, line in enumerate(_events(wallets)))


def _events(wallets: Sequence[Wallet]) -> Iterator[str]:
    for number, world in enumerate(wallet.world for wallet in wallets):
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
    wallets = wallets_of(seeds=base, count=options.worlds, as_of=options.as_of, only=options.rows)
    with tempfile.TemporaryDirectory() as name:
        write_organization(Path(name), wallets)
        answers = forecast(Path(name), as_of=options.as_of)
    rows: dict[str, list[Answered]] = defaultdict(list)
    for number, wallet in enumerate(wallets):
        rows[wallet.row].append(answered(wallet, answers[f"team_{number}"]))
    print(f"{len(wallets)} wallets of one organization as of {options.as_of}, seeds {options.seeds}, month end")
    print("  mechanism                                           n  cov80 cov95  WAPE  date80  reaction80 | told")
    for row, found in rows.items():
        print(_line(row, found))
    late = sum(one.alert_is_late for found in rows.values() for one in found)
    print(f"  {late} alerts at the wallet's whole money are less likely than that it runs out")
    return 1 if late else 0


@dataclass(frozen=True, slots=True)
class Answered:
    """What was said of a wallet, beside what came; `reaction` is None where it did not run out, or should not."""

    inside_80: bool
    inside_95: bool
    error: float
    actual: float
    date: bool
    reaction: bool | None
    alert_is_late: bool
    told: frozenset[str]


def answered(wallet: Wallet, answer: dict[str, Any]) -> Answered:
    """Compare what was said of a wallet with what came; money as a share of a usual rest of the month."""
    world = wallet.world
    low, high = world.window(0)
    rest, usual = float(world.future[low:high].sum()), world.daily * (high - low)
    said = {key: float(value) for key, value in answer["month_end"]["quantiles"].items()}
    actual = round(float(answer["spend_to_date"]) + rest, 2)
    gone, alert = wallet.first_day(1.0), wallet.first_day(0.8)
    exhaustion = answer["desired"]["exhaustion"]
    early, whole = (entry["desired"] for entry in sorted(answer["alerts"], key=lambda entry: int(entry["percentage"])))
    days = early["reaction_days"]
    spare = (gone - alert).days if gone and alert and days["0.1"] is not None else None
    return Answered(
        inside_80=said["0.1"] <= actual <= said["0.9"],
        inside_95=said["0.025"] <= actual <= said["0.975"],
        error=abs(said["0.5"] - actual) / usual,
        actual=rest / usual,
        date=(exhaustion["date"]["0.1"] or NEVER) <= str(gone or NEVER) <= (exhaustion["date"]["0.9"] or NEVER),
        reaction=None if spare is None else days["0.1"] <= spare <= days["0.9"],
        alert_is_late=whole["probability"] < exhaustion["probability"],
        told=frozenset(notice["code"] for notice in answer["notices"]),
    )


def _line(row: str, found: Sequence[Answered]) -> str:
    told = Counter(code for one in found for code in one.told)
    words = ", ".join(f"{code} {count / len(found):.0%}" for code, count in sorted(told.items()))
    actual, reacted = sum(one.actual for one in found), [one.reaction for one in found if one.reaction is not None]
    cov80, cov95 = np.mean([one.inside_80 for one in found]), np.mean([one.inside_95 for one in found])
    wape = sum(one.error for one in found) / actual if actual else 0.0
    reaction = f"{np.mean(reacted):5.2f} of {len(reacted):2d}" if reacted else "   –       "
    date80 = np.mean([one.date for one in found])
    return f"  {row:<48} {len(found):4d}  {cov80:5.2f} {cov95:5.2f} {wape:5.2f}  {date80:5.2f}  {reaction} | {words}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
