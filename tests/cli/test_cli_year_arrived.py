"""The year and its review where plans have arrived, teams began or left, and batches come each month."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run

from reconciler.source.load import load

ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2026, starts: 2025-12}
annual_target: 30000.00
environments: [prod, dev]
"""
LAST = date(2026, 11, 29)
Daily = Callable[[date], float]
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def organization(tmp_path: Path, kt: Run) -> Callable[..., Ask]:
    """Write teams, each its YAML and what it spends a day, and return how a command is asked for its document."""

    def written(**teams: tuple[str, Daily]) -> Ask:
        (tmp_path / "budgets" / "teams").mkdir(parents=True)
        (tmp_path / "budgets" / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
        rows = ["id,timestamp,team_id,provider,model,input_tokens,output_tokens,cost,metadata\n"]
        for name, (text, daily) in teams.items():
            if text:
                (tmp_path / "budgets" / "teams" / f"{name}.yaml").write_text(f"version: 1\nteam: {name}\n{text}")
            rows += _rows(name, daily)
        (tmp_path / "usage.csv").write_text("".join(rows), encoding="utf-8")

        def asked(command: str, *options: str, as_of: str = "2026-11-30") -> dict[str, Any]:
            usage = ("--usage", tmp_path / "usage.csv", "--as-of", as_of)
            done = kt(command, "--budgets", tmp_path / "budgets", *usage, "--format", "json", *options)
            assert done.code == 0, done.err
            read: dict[str, Any] = json.loads(done.out)
            return read

        return asked

    return written


def _rows(name: str, daily: Daily) -> Iterator[str]:
    day = date(2025, 10, 1)
    while day <= LAST:
        if (cost := daily(day)) > 0:
            metadata = '"{""workload"": ""chat""}"'
            yield f"{name}-{day},{day}T09:00:00Z,team_{name},openai,gpt-4o,1000,100,{cost:.2f},{metadata}\n"
        day += timedelta(1)


def wallet(name: str, monthly: str) -> str:
    return f"wallets: {{prod: {{team_id: team_{name}, monthly: {monthly}}}}}\n"


PILOT = "plan: {planned_demand: [{reason: pilot, monthly: 1500.00, from: 2026-04}]}\n"


def pilot(day: date) -> float:
    return 50.0 if day >= date(2026, 4, 9) else 0.0


def test_what_has_arrived_is_in_the_plan_once(organization: Callable[..., Ask]) -> None:
    growth = "plan: {growth: [{reason: rollout, rate: 20%, from: 2026-06}]}\n"
    ask = organization(
        delta=(PILOT + wallet("delta", "1600.00"), pilot),
        echo=(growth + wallet("echo", "3700.00"), lambda day: 120.0 if day >= date(2026, 6, 1) else 100.0),
    )
    delta, echo = ask("year")["teams"]
    assert (delta["baseline_monthly"], delta["baseline_source"]) == ("50.00", "usage")
    assert Decimal(delta["bridge"]["planned"]) == 8 * 50 + 8 * 1500, "nobody used it before April"
    assert (echo["baseline_monthly"], echo["bridge"]["planned"]) == ("3100.00", f"{6 * 3100 + 6 * 3720}.00")
    middle = float(ask("year")["total"]["forecast"]["quantiles"]["0.5"])
    planned = sum(float(team["bridge"]["planned"]) for team in (delta, echo))
    assert planned == pytest.approx(middle, rel=0.03)


def test_a_team_that_is_nothing_but_its_pilot_is_held_against_its_pilot(organization: Callable[..., Ask]) -> None:
    ask = organization(
        delta=(PILOT + wallet("delta", "1600.00"), pilot), other=(wallet("other", "100.00"), lambda _: 1.0)
    )
    found = {team["team"]: team for team in ask("review", "--period", "2026-10")["teams"]}
    assert abs(Decimal(found["delta"]["difference"])) < 40, "31 days of 50 against 1,500 and the rest of its base"
    assert Decimal(found["delta"]["kinds"]["invested"]) == 1500


def test_what_a_team_spent_that_left_is_in_the_year_and_in_no_figure_of_a_review(
    organization: Callable[..., Ask], kt: Run, tmp_path: Path
) -> None:
    ask = organization(
        fox=("state: absent\n" + wallet("fox", "3100.00"), lambda day: 100.0 if day < date(2026, 8, 1) else 0.0),
        golf=(wallet("golf", "1000.00"), lambda _: 30.0),
    )
    found = ask("year", "--draft", str(tmp_path / "next"))
    total = found["total"]
    assert total["gone"] == [{"team_id": "team_fox", "spent": "24300.00"}]
    assert (total["wallets"], total["gone_spent"], total["left"]) == ("11050.00", "24300.00", "-5350.00")
    texts = " ".join(
        kt(
            "year", "--budgets", tmp_path / "budgets", "--usage", tmp_path / "usage.csv", "--as-of", "2026-11-30"
        ).out.split()
    )
    assert (
        "The wallets of 1 team may spend USD 11,050.00 over the year and 1 wallet of teams that left spent 24,300.00 in"
        " it: together 5,350.00 above the annual target of 30,000.00."
    ) in texts
    assert "Both come to 35,350, " in texts
    drafted = load(tmp_path / "next").desired
    assert drafted is not None
    year = sum(
        (each.setting.over(drafted.organization.fiscal_year.value.periods) for each in drafted.wallets.values()),
        Decimal(0),
    )
    assert drafted.organization.annual_target == year, "nothing of this year's target was left"
    quarter = ask("review", "--period", "2026-Q3", "--against", "2026-Q2")
    assert quarter["uncovered"] == [{"team_id": "team_fox", "spent": "3100.00"}]
    notices = [notice["message"] for notice in ask("forecast")["notices"]]
    assert not [each for each in notices if "fox" in each], "that it has no money is what git wants"


OTHER: dict[str, tuple[str, Daily]] = {"more": (wallet("more", "400.00"), lambda _: 10.0)}
"""A team that goes on: without anybody, the usage would end on the day on which the others stop."""


def until_october(day: date) -> float:
    return 40.0 if day < date(2026, 10, 6) else 0.0


def test_a_team_that_likely_stopped_costs_nothing_now_nor_next_year(
    organization: Callable[..., Ask], tmp_path: Path
) -> None:
    """It cost 1,240 in August, 1,200 in September and 200 in October, and has spent nothing for 55 days."""
    alert = "billing_budgets: [{name: left, amount: 1200.00, environment: prod}]\n"
    ask = organization(left=(PILOT + wallet("left", "1500.00") + alert, until_october), **OTHER)
    team, _ = ask("year", "--draft", str(tmp_path / "next"))["teams"]
    (prod,) = team["inputs"]["wallets"]
    assert (team["baseline_monthly"], team["baseline_source"]) == ("0.00", "usage")
    assert (team["inputs"]["run_rate"], team["inputs"]["usual_rate"], prod["run_rate"]) == ("0.00", "0.00", "0.00")
    assert prod["stopped"].startswith("silent since 2026-10-06, 9")
    drafted = load(tmp_path / "next").desired
    assert drafted is not None
    left = drafted.teams["left"]
    assert left.plan.planned_demand == ()
    assert [left.plan.baseline_monthly, left.wallets["prod"].monthly] == [Decimal(0), Decimal(0)]
    assert left.billing_budgets[0].amount == Decimal(1200)
    text = (tmp_path / "next" / "teams" / "left.yaml").read_text(encoding="utf-8")
    assert "# silent since 2026-10-06, 9" in text
    assert "that it has stopped; 1,500.00 this year\n" in text


def test_what_goes_on_of_a_team_counts_without_its_wallet_that_stopped(
    organization: Callable[..., Ask], tmp_path: Path
) -> None:
    """The wallet that goes on costs 10.00 a day: 310, 300 and 310 in the last whole months."""
    wallets = "wallets:\n  prod: {team_id: team_both, monthly: 400.00}\n  dev: {team_id: team_old, monthly: 1500.00}\n"
    ask = organization(both=(wallets, lambda _: 10.0), old=("", until_october))
    (team,) = ask("year", "--draft", str(tmp_path / "next"))["teams"]
    inputs = team["inputs"]
    assert (inputs["run_rate"], inputs["usual_rate"], team["baseline_monthly"]) == ("310.00", "310.00", "310.00")
    assert [(one["run_rate"], bool(one["stopped"])) for one in inputs["wallets"]] == [("310.00", False), ("0.00", True)]
    drafted = load(tmp_path / "next").desired
    assert drafted is not None
    assert [one.monthly for one in drafted.teams["both"].wallets.values()] == [Decimal(310), Decimal(0)]


def test_wallets_of_a_year_are_not_held_against_a_forecast_of_a_part_of_it(
    organization: Callable[..., Ask], kt: Run, tmp_path: Path
) -> None:
    organization(golf=(wallet("golf", "1000.00"), lambda day: 30.0 if day >= date(2026, 9, 1) else 0.0))
    said = kt("year", "--budgets", tmp_path / "budgets", "--usage", tmp_path / "usage.csv", "--as-of", "2026-11-30").out
    assert "without what was spent before 2026-09-01" in " ".join(said.split())
    assert "middle forecast" not in said


def test_a_batch_of_each_month_is_no_day_that_ran_away(organization: Callable[..., Ask]) -> None:
    def closing(day: date) -> float:
        return 490.0 if (day + timedelta(1)).day == 1 else 90.0

    ask = organization(
        gale=("plan: {baseline_monthly: 3150.00}\n" + wallet("gale", "3400.00"), closing),
        hail=(
            "plan: {baseline_monthly: 2750.00}\n" + wallet("hail", "3400.00"),
            lambda day: 490.0 if day in {date(2026, 10, 12), date(2026, 2, 12)} else 90.0,
        ),
    )
    found = {team["team"]: team for team in ask("review", "--period", "2026-10")["teams"]}
    effects = {name: {one["cause"]: Decimal(one["amount"]) for one in team["effects"]} for name, team in found.items()}
    assert "one_off" not in effects["gale"] or not effects["gale"]["one_off"]
    assert effects["hail"]["one_off"] == 400


def test_a_season_of_the_draft_is_as_far_above_the_usual_of_its_month_as_this_years(
    organization: Callable[..., Ask], tmp_path: Path
) -> None:
    steps = "[{amount: 1000.00, from: 2025-12}, {amount: 1500.00, from: 2026-06}]"
    seasons = "2026-01: +50%, 2026-08: +20%, 2026-11: {amount: 0.00, demand: +30%}"
    none = "2026-09: 1500.00, 2026-10: {amount: 99.00, demand: usual}"
    text = f"wallets:\n  prod: {{team_id: team_fox, monthly: {steps}, overrides: {{{seasons}, {none}}}}}\n"
    ask = organization(fox=(text, lambda day: 46.0 if day >= date(2026, 6, 1) else 30.0))
    ask("year", "--draft", str(tmp_path / "next"))
    drafted = load(tmp_path / "next").desired
    assert drafted is not None
    (setting,) = (each.setting for each in drafted.wallets.values())
    usual = Decimal(str(setting.monthly))
    ratios = {str(month): round(Decimal(str(amount)) / usual, 2) for month, amount in setting.overrides.items()}
    assert ratios == {"2027-01": Decimal("1.50"), "2027-08": Decimal("1.20"), "2027-11": Decimal("1.30")}


def test_what_stands_out_of_a_single_workload_is_all_of_it(organization: Callable[..., Ask]) -> None:
    def level(day: date) -> float:
        return 80.0 + (10.0 if day.month == 7 and day.year == 2026 else 0.0) + day.toordinal() % 3

    ask = organization(fox=(wallet("fox", "3100.00"), level))
    (team,) = ask("year")["teams"]
    (found,) = team["anomalies"]
    assert (found["month"], found["share"]) == ("2026-07", 1.0)


def test_the_dearest_month_of_a_workload_is_held_against_the_months_since_it_began(
    organization: Callable[..., Ask],
) -> None:
    """Each day since April costs 40.00, so that no month is dearer than another; before, there was no such workload."""
    ask = organization(late=(wallet("late", "1500.00"), lambda day: 40.0 if day >= date(2026, 4, 1) else 0.0), **OTHER)
    (season,) = ask("year")["teams"][0]["inputs"]["seasons"]
    assert (season["peak"], season["peak_share"]) == ("2026-04", 1.0)


def test_a_team_whose_plan_begins_next_month_is_in_the_year_and_needs_nothing_yet(
    organization: Callable[..., Ask],
) -> None:
    plan = "plan: {planned_demand: [{reason: launch, monthly: 6000.00, from: 2026-08}]}\n"
    steps = "[{amount: 0.00, from: 2025-12}, {amount: 5000.00, from: 2026-08}]"
    ask = organization(
        echo=(wallet("echo", "1000.00"), lambda _: 30.0), nova=(plan + wallet("nova", steps), lambda _: 0.0)
    )
    before, after = (ask("forecast", as_of=day) for day in ("2026-07-20", "2026-08-01"))
    early, late = (float(each["year"]["quantiles"]["0.5"]) for each in (before, after))
    assert early == pytest.approx(late, rel=0.01)
    assert early > 4 * 6000
    assert before["year"]["left_out"] == []
    (nova,) = (each for each in before["wallets"] if each["team"] == "nova")
    assert set(nova["month_end"]["quantiles"].values()) == {"0.00"}
    assert nova["months"][0]["quantiles"]["0.5"] == "6000.00"
    advised = ask("recommend", as_of="2026-07-20")
    assert [each["team"] for each in advised["targets"]] == ["echo"], "what it needs before it begins nothing tells"
