"""The year's models, now and intended: what has not moved yet is intended still, whenever it was to have moved."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from cli.conftest import Run

ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2026, starts: 2025-12}
environments: [prod]
"""
TEAM = """\
version: 1
team: echo
plan:
  baseline_monthly: 3000.00
  provider_mix:
%s
wallets:
  prod: {team_id: team_echo, monthly: 3500.00}
"""
WHOLE = ["    - {reason: everything, from: openai/big, to: openai/small, share: 40%, by: 2026-03}"]
HALVES = [WHOLE[0].replace("40%", "20%").replace("everything", name) for name in ("chat", "search")]


def export(moved: int, *, renamed: date = date.max) -> str:
    """Return an export in which `moved` of 50 requests a day go to the small model instead since the year began.

    The large one has another name from the day `renamed` on.
    """
    rows, day = ["id,timestamp,team_id,provider,model,input_tokens,output_tokens,cost\n"], date(2025, 10, 1)
    while day < date(2026, 8, 15):
        small = 50 + (moved if day >= date(2025, 12, 1) else 0)
        big = "big" if day < renamed else "big-2026"
        for model, share, price in ((big, 100 - small, "0.90"), ("small", small, "0.09")):
            rows += [
                f"{model}{day}{n},{day}T01:00:00Z,team_echo,openai,{model},900,100,{price}\n" for n in range(share)
            ]
        day += timedelta(1)
    return "".join(rows)


@pytest.mark.parametrize("moves", [WHOLE, HALVES], ids=["one-entry", "two-of-the-same-models"])
@pytest.mark.parametrize(
    ("moved", "now", "intended"), [(0, 0.5, 0.3), (10, 0.4, 0.3), (20, 0.3, 0.3)], ids=["nothing", "half", "all"]
)
def test_what_a_move_still_owes_is_intended_after_its_last_month_too(
    kt: Run, tmp_path: Path, moves: list[str], moved: int, now: float, intended: float
) -> None:
    (tmp_path / "budgets" / "teams").mkdir(parents=True)
    (tmp_path / "budgets" / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
    (tmp_path / "budgets" / "teams" / "echo.yaml").write_text(TEAM % "\n".join(moves), encoding="utf-8")
    (tmp_path / "usage.csv").write_text(export(moved), encoding="utf-8")
    usage = ("--usage", tmp_path / "usage.csv", "--as-of", "2026-08-15")
    done = kt("year", "--budgets", tmp_path / "budgets", *usage, "--format", "json")
    mix = {one["model"]: one for one in json.loads(done.out)["teams"][0]["inputs"]["mix"]}
    assert [mix[f"openai/{name}"]["now"] for name in ("big", "small")] == pytest.approx([now, 1 - now], abs=0.01)
    assert mix["openai/big"]["intended"] == pytest.approx(intended, abs=0.01)
    assert mix["openai/big"]["intended"] + mix["openai/small"]["intended"] == pytest.approx(1.0)


KEPT = TEAM % "    - {reason: all of it, from: openai/big, to: openai/small, share: 50%, since: 2026-09, by: 2026-11}"


def test_a_move_is_planned_at_what_a_token_costs_and_a_plan_that_is_kept_looks_kept(kt: Run, tmp_path: Path) -> None:
    """A token of the small model costs 40% of one of the large; half of all moves over September to November.

    So 60% of the means of 8.6%, 25.3% and 41.9% are saved of 3,000.00 each: 1,364.84. The cache, of which the plan
    says nothing, answers half of the requests to the small model, and none to the large one.
    """
    rows, day, first = (
        ["id,timestamp,team_id,provider,model,input_tokens,output_tokens,cost,cache_hit\n"],
        0,
        date(2026, 1, 1),
    )
    while (today := first + timedelta(day)) < date(2026, 11, 30):
        small = round(50 * max((today - date(2026, 9, 1)).days + 0.5, 0) / 91)
        asked = [("big", 1.0, False)] * (100 - small) + [("small", 0.4, False)] * small + [("small", 0.0, True)] * small
        rows += [
            f"{day}-{n},{today}T01:00:00Z,team_echo,openai,{model},900,100,{cost:.2f},{str(hit).lower()}\n"
            for n, (model, cost, hit) in enumerate(asked)
        ]
        day += 1
    (tmp_path / "budgets" / "teams").mkdir(parents=True)
    (tmp_path / "budgets" / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
    (tmp_path / "budgets" / "teams" / "echo.yaml").write_text(KEPT, encoding="utf-8")
    (tmp_path / "usage.csv").write_text("".join(rows), encoding="utf-8")
    usage = ("--usage", tmp_path / "usage.csv", "--as-of", "2026-11-30")
    team = json.loads(kt("year", "--budgets", tmp_path / "budgets", *usage, "--format", "json").out)["teams"][0]
    assert [step["planned"] for step in team["bridge"]["steps"] if step["lever"] == "provider_mix"] == ["-1364.84"]
    baseline = next(one for one in team["judgements"] if one["name"] == "baseline")
    assert baseline["plan"].endswith("with the provider mix so far")
    assert baseline["verdict"] == "holds"


def test_a_model_with_a_new_name_saved_nothing_and_next_years_draft_owes_its_move_whole(
    kt: Run, tmp_path: Path
) -> None:
    (tmp_path / "budgets" / "teams").mkdir(parents=True)
    (tmp_path / "budgets" / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
    (tmp_path / "budgets" / "teams" / "echo.yaml").write_text(TEAM % WHOLE[0], encoding="utf-8")
    (tmp_path / "usage.csv").write_text(export(0, renamed=date(2026, 7, 1)), encoding="utf-8")
    usage = ("--usage", tmp_path / "usage.csv", "--as-of", "2026-08-15")
    done = kt("year", "--budgets", tmp_path / "budgets", *usage, "--format", "json", "--draft", tmp_path / "next")
    team = json.loads(done.out)["teams"][0]
    step = next(step for step in team["bridge"]["steps"] if step["lever"] == "provider_mix")
    assert (step["planned"], step["weighed"]) == ("0.00", "0.00")
    mix = {one["model"]: one for one in team["inputs"]["mix"]}
    assert mix["openai/big-2026"]["intended"] == mix["openai/big-2026"]["now"]
    drafted = (tmp_path / "next" / "teams" / "echo.yaml").read_text(encoding="utf-8")
    assert "  # openai/big is not used any more and openai/small did not gain by it: " in drafted
    assert "from: openai/big, to: openai/small, share: 40%, by: 2027-11" in drafted
