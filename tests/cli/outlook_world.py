"""Budgets and a year of usage in files: small, made by arithmetic alone, the same on every machine."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

AS_OF = date(2026, 6, 18)
DAYS = 400

ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
annual_target: 200000.00
environments: [prod, dev]
forecast: {interval: 80%, horizon_months: 3}
"""
SUPPORT = """\
version: 1
team: support
plan:
  baseline_monthly: 9000.00
  cache_hit_rate: {from: 20%, to: 60%, by: 2026-12}
  planned_demand:
    - {reason: voice pilot, monthly: 600.00, from: 2026-08}
wallets:                # both are reviewed in May
  prod: {team_id: team_support, monthly: 9000.00}   # "the big one"
  dev: {team_id: team_support_dev, monthly: 1200.00}
billing_budgets:
  - {name: support-monthly, amount: 9000.00, alert_percentages: [80, 100]}
"""
FINANCE = """\
version: 1
team: finance
wallets:
  prod: {team_id: team_finance, monthly: 3000.00, overrides: {2026-06: 2500.00}}
billing_budgets:
  - {name: finance-hard, amount: 3000.00, alert_percentages: [90], hard_limit: true}
"""

COLUMNS = (
    "id",
    "timestamp",
    "team_id",
    "provider",
    "model",
    "input_tokens",
    "output_tokens",
    "cost",
    "cache_hit",
    "metadata",
)

_WEEK = (1.1, 1.2, 1.15, 1.1, 1.0, 0.5, 0.4)
_NOISE = (0.95, 1.06, 1.0, 0.91, 1.12, 1.03, 0.97, 0.9, 1.08, 1.01, 0.99)

Level = Callable[[int], float]


def steady(amount: float) -> Level:
    """Return the level of a team that spends the same all year."""
    return lambda day: amount + 0 * day


@dataclass(frozen=True)
class World:
    """A folder with `budgets/` and `usage.csv`."""

    folder: Path

    @property
    def budgets(self) -> Path:
        return self.folder / "budgets"

    @property
    def usage(self) -> Path:
        return self.folder / "usage.csv"

    def team(self, name: str) -> Path:
        return self.budgets / "teams" / f"{name}.yaml"

    def options(self, *, usage: Path | None = None, as_of: date = AS_OF) -> list[str]:
        """Return the options of a command that looks at this world's files."""
        return ["--budgets", str(self.budgets), "--usage", str(usage or self.usage), "--as-of", as_of.isoformat()]


def make_world(folder: Path) -> World:
    """Write the budgets and a year of usage below `folder`."""
    world = World(folder)
    write_budgets(world)
    write_usage(
        world.usage,
        {
            "team_support": steady(300.0),
            "team_support_dev": steady(30.0),
            "team_finance": lambda day: 90.0 if day > 60 else 70.0,
        },
    )
    return world


def write_budgets(world: World, **teams: str) -> None:
    """Write org.yaml and the team files; `teams` replaces the texts of single teams."""
    (world.budgets / "teams").mkdir(parents=True, exist_ok=True)
    (world.budgets / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
    for name, text in {"support": SUPPORT, "finance": FINANCE, **teams}.items():
        world.team(name).write_text(text, encoding="utf-8")


def write_usage(path: Path, levels: dict[str, Level], *, days: int = DAYS, flat: bool = False) -> None:
    """Write one file of events: on each day and for each team three calls, one of them a cheap one, and a cache hit."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for back in range(days, 0, -1):
            day = AS_OF - timedelta(days=back)
            for number, (team, level) in enumerate(levels.items()):
                shape = 1.0 if flat else _WEEK[day.weekday()] * _NOISE[(back * 7 + number) % len(_NOISE)]
                writer.writerows(_events(day, team, level(days - back) * shape))


def _events(day: date, team: str, cost: float) -> Iterator[list[object]]:
    metadata = json.dumps({"workload": "assistant", "lane": "standard"})
    for number, (model, part) in enumerate((("gpt-4o", 0.5), ("gpt-4o", 0.3), ("gpt-4o-mini", 0.2), ("gpt-4o", 0.0))):
        tokens = round(cost * part * (100_000 if model == "gpt-4o" else 1_000_000))
        yield [
            f"{team}-{day}-{number}",
            f"{day}T{9 + number * 4:02d}:30:00Z",
            team,
            "openai",
            model,
            tokens,
            0,
            f"{cost * part:.6f}",
            "true" if part == 0.0 else "false",
            metadata,
        ]
