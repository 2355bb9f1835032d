"""What a month costs now is at the level that it has now, where that likely stays: in the year and in the draft."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run

from reconciler.model.period import Period
from reconciler.model.team import TeamBudget
from reconciler.source.load import load

ORGANIZATION = """\
version: 1
organization: org_acme
currency: EUR
fiscal_year: {name: FY26, starts: 2026-04}
environments: [prod, dev]
"""
TEAM = """\
version: 1
team: beta
plan: {baseline_monthly: 310.00%s}
wallets:
  prod: {team_id: t_prod, monthly: 900.00}
  dev: {team_id: t_dev, monthly: 900.00}
"""
AS_OF = date(2026, 10, 15)


@pytest.fixture
def drafted(kt: Run, tmp_path: Path) -> Any:
    """Return what drafts the next year of a team whose wallets cost 10 a day, and since some day what is said."""

    def run(since: date, plan: str = "", **now: float) -> tuple[dict[str, Any], TeamBudget, str]:
        rows, day = ["id,timestamp,team_id,provider,model,cost\n"], date(2026, 1, 1)
        while day < AS_OF:
            for name in ("prod", "dev"):
                cost = now.get(name, 10.0) if day >= since else 10.0
                rows.append(f"{name}{day},{day}T12:00:00Z,t_{name},openai,gpt-4o,{cost:.2f}\n")
            day += timedelta(1)
        (tmp_path / "budgets" / "teams").mkdir(parents=True)
        (tmp_path / "budgets" / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
        (tmp_path / "budgets" / "teams" / "beta.yaml").write_text(TEAM % plan, encoding="utf-8")
        (tmp_path / "usage.csv").write_text("".join(rows), encoding="utf-8")
        options = ("--budgets", tmp_path / "budgets", "--usage", tmp_path / "usage.csv", "--as-of", str(AS_OF))
        done = kt("year", *options, "--format", "json", "--draft", tmp_path / "next")
        assert done.code == 0, done.err
        loaded = load(tmp_path / "next").desired
        assert loaded is not None
        inputs: dict[str, Any] = json.loads(done.out)["teams"][0]["inputs"]
        return inputs, loaded.teams["beta"], (tmp_path / "next" / "teams" / "beta.yaml").read_text(encoding="utf-8")

    return run


@pytest.mark.parametrize(
    ("cost", "words"), [(2.0, "only 20% of the usual"), (25.0, "2.5 times the usual")], ids=["fell", "rose"]
)  # fmt: skip
def test_a_level_that_likely_stays_is_what_a_month_costs_now_and_what_the_draft_funds(
    drafted: Any, cost: float, words: str
) -> None:
    inputs, team, text = drafted(date(2026, 9, 20), prod=cost)
    prod, dev = inputs["wallets"]
    assert float(prod["run_rate"]) == pytest.approx(31 * cost, rel=0.01)
    assert (dev["run_rate"], dev["shifted"]) == ("310.00", "")
    assert Decimal(inputs["run_rate"]) == team.plan.baseline_monthly
    assert float(team.wallets["prod"].usual(Period(2027, 4))) == pytest.approx(31 * cost, rel=0.02)
    told = f"has cost {words} a day since 2026-09-20 (25 days)"
    assert prod["shifted"].startswith(told)
    assert text.count(told) == 2, "of the baseline, and of the wallet"
    assert "that it stays so; what it cost before counts at that level" in text


def test_a_level_that_more_likely_passes_is_named_and_not_counted(drafted: Any, kt: Run, tmp_path: Path) -> None:
    inputs, team, text = drafted(AS_OF - timedelta(3), prod=80.0)
    options = ("--budgets", tmp_path / "budgets", "--usage", tmp_path / "usage.csv", "--as-of", str(AS_OF))
    said = " ".join(kt("year", *options).out.split())
    assert f" prod {inputs['wallets'][0]['shifted']}. " in said
    assert inputs["run_rate"] == "620.00"
    assert team.plan.baseline_monthly == 620
    assert inputs["wallets"][0]["shifted"].endswith("that it stays so; that is not counted")
    assert "times the usual a day since 2026-10-12" in text


DEMAND = ", planned_demand: [{reason: a pilot, monthly: 300.00, from: 2026-09}]"
GROWTH = ", growth: [{reason: regions, rate: 10%, from: 2026-09}]"


def test_what_a_new_level_holds_is_not_carried_on_a_second_time(drafted: Any) -> None:
    _, team, text = drafted(date(2026, 9, 20), DEMAND, prod=20.0)
    assert team.plan.baseline_monthly == pytest.approx(Decimal(930), rel=Decimal("0.01"))
    assert not team.plan.planned_demand
    assert "it began in" not in text


def test_the_new_level_of_the_smaller_part_says_nothing_of_what_the_larger_one_holds(drafted: Any) -> None:
    _, team, _ = drafted(date(2026, 9, 20), GROWTH, dev=3.0)
    assert [step.rate for step in team.plan.growth] == [Decimal("0.1")]


LIMIT = ", rate_limits: [{reason: quiet nights, daily: 8.00, from: 2026-12}]"


@pytest.mark.parametrize("form", ["text", "markdown", "csv", "json"])
def test_a_rate_limit_is_a_step_of_the_year_in_every_format(drafted: Any, kt: Run, tmp_path: Path, form: str) -> None:
    drafted(AS_OF, LIMIT)
    options = ("--budgets", tmp_path / "budgets", "--usage", tmp_path / "usage.csv", "--as-of", str(AS_OF))
    done = kt("year", *options, "--format", form)
    assert done.code == 0, done.err
    taken = 4 * 310 - 121 * 8
    assert all(each in done.out for each in ("at most 8.00 a day from 2026-12", "quiet nights", f"{taken}.00"))
    if form == "json":
        bridge = json.loads(done.out)["teams"][0]["bridge"]
        assert sum(Decimal(step["planned"]) for step in bridge["steps"]) == Decimal(bridge["wallets"])
        assert Decimal(bridge["planned"]) == 12 * 310 - taken
