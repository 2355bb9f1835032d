"""A hint about single months that is followed to the letter answers its question, and brings up no other one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from memory_over_http import World, over_http

pytestmark = pytest.mark.slow

DAY = ("--as-of", "2026-06-18", "--usage", "usage.csv")
HINT = re.compile(r"`(2026-0[67]: [^`]*)`")


@pytest.fixture
def state(folder: Path) -> World:
    """A wallet that somebody gave June's money by hand in May, and that spends 40 a day, as its plan says."""
    for name in ("alpha", "beta"):
        (folder / "budgets" / "teams" / f"{name}.yaml").unlink()
    write(folder, "monthly: 1500.00")
    lines = (
        f"e{month}{day},2026-{month:02d}-{day:02d}T12:00:00Z,t-gamma,openai,gpt-4o,40.00\n"
        for month in range(1, 7)
        for day in range(1, 29 if month < 6 else 18)
    )
    (folder / "usage.csv").write_text("id,timestamp,team_id,provider,model,cost\n" + "".join(lines))
    state = World(teams={"t-gamma": "t-gamma"})
    state.enter("t-gamma", "allocate", Decimal(1500), "June 2026 operating budget", at="2026-05-29T09:00:00Z")
    return state


def write(folder: Path, money: str) -> None:
    (folder / "budgets" / "teams" / "gamma.yaml").write_text(
        "version: 1\nteam: gamma\nplan: {baseline_monthly: 1217.00}\nwallets:\n"
        f"  prod: {{team_id: t-gamma, {money}}}\n"
    )


def planned(kt: Callable[..., Any], url: str, folder: Path) -> dict[str, Any]:
    done = kt(url, "plan", *DAY)
    assert done.returncode == 0, done.stderr
    plan: dict[str, Any] = json.loads((folder / "plan.json").read_text())
    return plan


def followed(kt: Callable[..., Any], url: str, folder: Path, code: str) -> dict[str, Any]:
    """Return the plan once the override is written that the hint of the only finding of this kind names first."""
    (finding,) = (each for each in planned(kt, url, folder)["findings"] if each["code"] == code)
    answer = HINT.search(finding["hint"])
    assert answer is not None
    write(folder, f"monthly: 1500.00, overrides: {{{answer[1]}}}")
    return planned(kt, url, folder)


def review(kt: Callable[..., Any], url: str) -> Any:
    return json.loads(kt(url, "review", *DAY, "--format", "json").stdout)["teams"]


def draft(kt: Callable[..., Any], url: str, folder: Path, name: str) -> str:
    assert kt(url, "year", *DAY, "--draft", name).returncode == 0
    return (folder / name / "teams" / "gamma.yaml").read_text()


def test_june_s_money_of_may_is_june_s_once_and_june_stays_what_it_was_planned_to_be(
    kt: Callable[..., Any], folder: Path, state: World
) -> None:
    with over_http(state) as url:
        reviewed, drafted = review(kt, url), draft(kt, url, folder, "before")
        plan = followed(kt, url, folder, "whose-month")
        assert [change for change in plan["changes"] if "wallet" in change] == []
        assert {each["code"] for each in plan["findings"]} & {"whose-month", "wallets-below-plan"} == set()
        assert kt(url, "validate").stderr == "2 files: no findings\n"
        assert review(kt, url) == reviewed
        assert draft(kt, url, folder, "after") == drafted
        year = json.loads(kt(url, "year", *DAY, "--format", "json").stdout)
    (wallets,) = (row for row in year["teams"][0]["judgements"] if row["name"] == "wallets")
    assert (wallets["plan"], wallets["verdict"]) == ("USD 1,500", "fits")


def test_a_plain_override_of_a_funded_month_is_told_how_to_say_that_its_demand_is_usual(
    kt: Callable[..., Any], folder: Path, state: World
) -> None:
    write(folder, "monthly: 1500.00, overrides: {2026-06: 0.00}")
    with over_http(state) as url:
        plan = followed(kt, url, folder, "wallets-below-plan")
    assert [change for change in plan["changes"] if "wallet" in change] == []
    assert "wallets-below-plan" not in {each["code"] for each in plan["findings"]}


@pytest.mark.parametrize("season", ["", ", overrides: {2026-06: +50%}"])
def test_money_that_is_recommended_for_this_month_alone_is_no_plan_and_no_season(
    kt: Callable[..., Any], folder: Path, state: World, season: str
) -> None:
    write(folder, f"monthly: 300.00{season}")
    with over_http(state) as url:
        reviewed, drafted = review(kt, url), draft(kt, url, folder, "before")
        assert kt(url, "recommend", *DAY, "--offline", "--write").returncode == 0
        text = (folder / "budgets" / "teams" / "gamma.yaml").read_text()
        demand = "+50%" if season else "usual"
        assert re.search(rf"2026-06: {{amount: [0-9.]+, demand: {re.escape(demand)}}}", text), text
        assert review(kt, url) == reviewed
        after = draft(kt, url, folder, "after")
    assert ("2027-06" in after) == bool(season)
    assert after == drafted
