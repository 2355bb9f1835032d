"""`kt-budgets review` from exports and YAML: the cause that was planted, and what cannot be told without a column."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run

from reconciler.findings import ExitCode

FIRST, LAST = date(2026, 4, 6), date(2026, 7, 1)
ORGANIZATION = """version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod]
"""
TEAM = """version: 1
team: support
plan:
  baseline_monthly: 1522.00
  cache_hit_rate: {from: 20%, to: 40%, by: 2026-06, since: 2026-05}
wallets:
  prod: {team_id: team_support, monthly: 2000.00}
"""
COLUMNS = ("id", "timestamp", "team_id", "provider", "model", "input_tokens", "output_tokens", "cost", "cache_hit")


def event(day: date, number: int) -> dict[str, Any]:
    """Return one of ten requests of a day; the cache answers two of them, in every month."""
    hit = number % 5 == (day.day % 5)
    tokens = 1000 + 37 * ((day.day + number) % 7)
    return {
        "id": f"{day}-{number}",
        "timestamp": f"{day}T{number:02}:00:00Z",
        "team_id": "team_support",
        "provider": "openai",
        "model": "gpt-4o",
        "input_tokens": tokens,
        "output_tokens": 200,
        "cost": "0" if hit else str(Decimal(tokens) * Decimal("0.00562")),
        "cache_hit": str(hit).lower(),
        "workload": "chat",
    }


@pytest.fixture
def world(tmp_path: Path) -> Path:
    (tmp_path / "budgets" / "teams").mkdir(parents=True)
    (tmp_path / "budgets" / "org.yaml").write_text(ORGANIZATION)
    (tmp_path / "budgets" / "teams" / "support.yaml").write_text(TEAM)
    return tmp_path


def reviewed(kt: Run, world: Path, *arguments: str, leaving_out: str = "", format_: str = "json") -> Any:
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days)]
    rows = [event(day, number) for day in days for number in range(10)]
    names = [name for name in (*COLUMNS, "workload") if name != leaving_out]
    with (world / "usage.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    shared = ("--budgets", str(world / "budgets"), "--usage", str(world / "usage.csv"), "--as-of", str(LAST))
    result = kt("review", *shared, "--format", format_, *arguments)
    assert result.code == ExitCode.DONE, result.err
    return json.loads(result.out) if format_ == "json" else result.out


def amounts(team: Mapping[str, Any]) -> dict[str, Decimal]:
    return {effect["cause"]: Decimal(effect["amount"]) for effect in team["effects"]}


def test_a_cache_that_never_improved_is_named_with_its_money(kt: Run, world: Path) -> None:
    document = reviewed(kt, world)
    (team,) = document["teams"]

    assert document["period"] == "2026-06"
    assert not document["is_partial"]
    assert team["called"] == team["effects"][0]["cause"] == "cache"
    assert sum(amounts(team).values()) == Decimal(team["difference"]) == Decimal(team["actual"]) - Decimal(team["plan"])
    assert amounts(team)["cache"] > 8 * abs(amounts(team)["demand"])
    verdict = next(each for each in team["verdicts"] if each["assumption"] == "cache_hit_rate")
    assert (verdict["observed"], verdict["distance"] < -0.1) == (0.2, True)
    assert "the cache answered fewer requests" in team["sentence"]
    assert "plan.cache_hit_rate" in team["response"]


def test_without_its_column_the_cache_is_one_amount_with_demand(kt: Run, world: Path) -> None:
    whole = amounts(reviewed(kt, world)["teams"][0])
    (team,) = reviewed(kt, world, leaving_out="cache_hit")["teams"]

    assert "cache" not in amounts(team)
    first = team["effects"][0]
    assert (first["cause"], "cache" in first["together_with"]) == ("demand", True)
    assert abs(Decimal(first["amount"]) - whole["cache"] - whole["demand"]) < Decimal("0.05") * whole["cache"]
    assert "cannot tell them apart" in team["sentence"]


def test_weeks_and_the_digest_hold_against_each_other_and_unlike_periods_are_refused(kt: Run, world: Path) -> None:
    digest = reviewed(kt, world, "--digest", "--against", "2026-W25", format_="markdown")
    assert "week 26 of 2026" in digest
    assert "othing stands out for support" in digest
    text = reviewed(kt, world, "--period", "2026-Q2", format_="text")
    assert "before-the-plan" in text
    rows = list(csv.DictReader(reviewed(kt, world, format_="csv").splitlines()))
    assert {row["team"] for row in rows} == {"support"}

    budgets = ("--budgets", str(world / "budgets"), "--usage", str(world / "usage.csv"), "--as-of", str(LAST))
    refused = kt("review", *budgets, "--period", "2026-06", "--against", "2026-W20")
    assert refused.code == ExitCode.USAGE
    assert "--against 2026-05" in refused.err
    early = kt("review", *budgets, "--period", "2025-06")
    assert "nothing is known of June 2025" in early.err
