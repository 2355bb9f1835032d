"""What Keeptrusts holds and git never declared: it is listed, it stays, and it stops nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from memory_keeptrusts import BUDGETS, SCHEDULES
from memory_over_http import World, over_http

Run = Callable[..., "CompletedProcess[str]"]
AT = ("--as-of", "2026-06-18")
USAGE = ("--usage", "usage.csv")


def alert(id: str, name: Any, **other: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "scope": {"type": "team", "id": "t-alpha"},
        "amount": Decimal("800"),
        "currency": "USD",
        "period": "monthly",
        "alert_percentages": [80],
        "hard_limit": False,
        **other,
    }


STRANGE = [
    alert("b01", "fraction", alert_percentages=[Decimal("79.50"), 100]),
    alert("b02", "two\nlines"),
    alert("b03", "n" * 300),
    alert("b04", "euros", currency="EUR"),
    alert("b05", "quarterly", period="quarterly"),
    alert("b06", "project", scope={"type": "project", "id": "p 1"}),
    alert("b07", "negative", amount=Decimal("-5")),
    alert("b08", "many", alert_percentages=[0, 5000]),
    alert("b09", "twin"),
    alert("b10", "twin", amount=Decimal("900")),
    alert("b11", "no amount", amount=None),
    alert("b12", "credits", currency="CREDITS"),
    alert("b13", "objects", alert_percentages=[{"at": 80}]),
    alert("b14", "soft", hard_limit="soft"),
    alert("b15", None),
    alert("b16", "nowhere", scope=None),
    alert("b17", "vast", amount=Decimal("1e20")),
    alert("b18", {"en": "named"}),
    {key: value for key, value in alert("", "no id").items() if key != "id"},
]


@pytest.fixture
def world() -> World:
    teams = ("t-alpha", "t-alpha-dev", "t-beta", "t-gamma")
    found = World(teams={team: team for team in teams})
    for team in teams:
        found.enter(team, "allocate", Decimal("10"), at="2026-06-01T00:00:00Z")
    return found


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with over_http(world) as url:
        yield url


def planned(kt: Run, url: str, folder: Path, *options: str) -> dict[str, Any]:
    done = kt(url, "plan", *options, *AT, *USAGE)
    assert done.returncode == 0, done.stdout + done.stderr
    document: dict[str, Any] = json.loads((folder / "plan.json").read_text())
    return document


def test_what_yaml_cannot_express_stops_no_command(kt: Run, url: str, folder: Path, world: World) -> None:
    changes = planned(kt, url, folder, "--first-apply")["changes"]
    world.stores[BUDGETS] = {str(number): item for number, item in enumerate(STRANGE)}
    before = json.dumps(world.budgets, default=str)
    plan = planned(kt, url, folder, "--first-apply")
    assert plan["changes"] == changes
    assert len([item for item in plan["unmanaged"] if item["kind"] == "billing_budget"]) == len(STRANGE)
    assert kt(url, "forecast", *AT, *USAGE).returncode == 0
    assert kt(url, "recommend", *AT, *USAGE).returncode == 0
    for format_ in ("text", "markdown", "html", "json"):
        assert kt(url, "show", "plan.json", "--format", format_).returncode == 0
    applied = kt(url, "apply", "--first-apply", "--plan", "plan.json", *AT)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert kt(url, "drift", *AT).returncode == 0
    kept = {number: item for number, item in world.budgets.items() if not str(item.get("id")).startswith("new_")}
    assert json.dumps(kept, default=str) == before


def test_each_thing_that_yaml_cannot_declare_is_listed_with_the_reason(
    kt: Run, url: str, folder: Path, world: World
) -> None:
    world.stores[BUDGETS] = {str(number): item for number, item in enumerate(STRANGE)}
    reasons = {item["name"]: item["reason"] for item in planned(kt, url, folder)["unmanaged"]}
    assert reasons["fraction"] == "YAML cannot declare its alert percentages 79.5%, 100%"
    assert reasons["euros"] == "YAML cannot declare it is in EUR"
    assert reasons["quarterly"] == "YAML cannot declare its period quarterly"
    assert reasons["project"] == "YAML cannot declare its scope project p 1"
    assert reasons["no amount"] == "not read: `amount` is missing"
    assert reasons["credits"] == "not read: `currency` is no currency"
    assert reasons["twin"] == "b10, one of several of that name"
    assert "budget project" in kt(url, "show", "plan.json").stdout


def test_a_strange_export_schedule_stops_nothing(kt: Run, url: str, folder: Path, world: World) -> None:
    world.stores[SCHEDULES] = {
        "s1": {"id": "s1", "name": "odd", "cron": "every full moon", "enabled": True},
        "s2": {"id": "s2", "name": "broken", "enabled": "yes"},
        "s3": {"id": "s3", "cron": "0 6 * * MON"},
    }
    found = planned(kt, url, folder)
    listed = {(item["kind"], item["name"]): item["reason"] for item in found["unmanaged"]}
    assert listed["export_schedule", "odd"] == "YAML cannot declare its cron and its window and its s3"
    assert listed["export_schedule", "broken"] == "not read: `enabled` is neither true nor false"
    assert listed["export_schedule", "s3"] == "not read: `name` is missing"


def test_an_undeclared_alert_stays_in_every_output(kt: Run, url: str, folder: Path, world: World) -> None:
    (folder / "budgets" / "teams" / "alpha.yaml").write_text(
        "version: 1\nteam: alpha\nwallets:\n  prod: {team_id: t-alpha, monthly: 1000.00}\n"
    )
    world.stores[BUDGETS] = {"b1": alert("b1", "theirs", amount=Decimal("600"))}
    (forecast,) = (item for item in planned(kt, url, folder)["impact"] if item["wallet"] == "t-alpha")
    (theirs,) = forecast["alerts"]
    assert not theirs["declared"]
    assert theirs["live"]["probability"] > 0
    assert theirs["desired"]["probability"] > 0
    for format_ in ("text", "markdown", "html"):
        shown = kt(url, "show", "plan.json", "--format", format_).stdout
        assert "not in git, stays" in " ".join(shown.split()), format_
        assert "none" not in shown.split("alpha / prod")[1].split("beta / prod")[0], format_


def test_an_alert_that_git_dropped_still_vanishes(kt: Run, url: str, folder: Path, world: World) -> None:
    first = kt(url, "plan", *AT, *USAGE)
    assert first.returncode == 0, first.stderr
    assert kt(url, "apply", "--plan", "plan.json", *AT).returncode == 0
    alpha = folder / "budgets" / "teams" / "alpha.yaml"
    alpha.write_text(alpha.read_text().partition("billing_budgets:")[0])
    plan = planned(kt, url, folder)
    assert [change["kind"] for change in plan["changes"]] == ["delete_billing_budget"] * 2
    (forecast,) = (item for item in plan["impact"] if item["wallet"] == "t-alpha")
    assert {(item["declared"], item["desired"]) for item in forecast["alerts"]} == {(True, None)}
    done = kt(url, "forecast", *AT, *USAGE, "--format", "json")
    (again,) = (item for item in json.loads(done.stdout)["wallets"] if item["wallet"] == "t-alpha")
    assert {(item["declared"], item["desired"]) for item in again["alerts"]} == {(True, None)}


def test_a_declared_alert_that_cannot_be_understood_is_neither_doubled_nor_taken_out_of_the_yaml(
    kt: Run, url: str, folder: Path, world: World
) -> None:
    assert kt(url, "plan", *AT, *USAGE).returncode == 0
    assert kt(url, "apply", "--plan", "plan.json", *AT).returncode == 0
    (ours,) = (item for item in world.budgets.values() if item["name"] == "changed")
    ours["hard_limit"] = "soft"
    before = (folder / "budgets" / "teams" / "alpha.yaml").read_text()
    plan = planned(kt, url, folder)
    assert plan["changes"] == []
    assert [finding["code"] for finding in plan["findings"] if "unclear" in finding["code"]] == [
        "unclear-billing-budget"
    ]
    drift = kt(url, "drift", *AT, "--accept", "--format", "json")
    assert drift.returncode == 11
    assert [item["class"] for item in json.loads(drift.stdout)["items"] if item["team"] == "alpha"] == ["changed"]
    assert (folder / "budgets" / "teams" / "alpha.yaml").read_text() == before


def test_of_two_alerts_alike_nothing_is_written_whoever_asks_and_the_sentence_says_the_way_out(
    kt: Run, url: str, folder: Path, world: World
) -> None:
    twins = {id: alert(id, "changed", amount=Decimal(amount)) for id, amount in (("b1", "600"), ("b2", "700"))}
    world.stores[BUDGETS] = dict(twins)
    assert "create_billing_budget:changed" not in [
        f"{change['kind']}:{change.get('key', '').rpartition('/')[-1]}"
        for change in planned(kt, url, folder)["changes"]
    ]
    assert kt(url, "apply", "--plan", "plan.json", *AT).returncode == 7
    assert {id: world.budgets[id] for id in twins} == twins
    before = (folder / "budgets" / "teams" / "alpha.yaml").read_text()
    drift = kt(url, "drift", *AT)
    told = " ".join(drift.stdout.split())
    assert drift.returncode == 11
    assert "is there 2 times, as b1 and b2, and nothing tells which of them is meant; it is left alone. Next: " in told
    accepted = kt(url, "drift", *AT, "--accept")
    assert accepted.returncode == 11
    assert "that one is then git's." in accepted.stderr
    assert "git's. Edit the YAML by hand" not in accepted.stderr
    (folder / "budgets" / "teams" / "alpha.yaml").write_text(before)
    forecast = kt(url, "forecast", *AT, *USAGE, "--format", "json")
    (alpha,) = (item for item in json.loads(forecast.stdout)["wallets"] if item["wallet"] == "t-alpha")
    assert "600.00" in [each["amount"] for each in alpha["alerts"] if not each["declared"]]
    del world.stores[BUDGETS]["b2"]
    assert kt(url, "plan", *AT, *USAGE).returncode == 0
    assert kt(url, "apply", "--plan", "plan.json", *AT).returncode == 0
    assert world.budgets["b1"]["alert_percentages"] == [50, 90]


def test_a_fraction_of_a_declared_alert_is_a_difference_that_apply_puts_right(
    kt: Run, url: str, folder: Path, world: World
) -> None:
    assert kt(url, "plan", *AT, *USAGE).returncode == 0
    assert kt(url, "apply", "--plan", "plan.json", *AT).returncode == 0
    (ours,) = (item for item in world.budgets.values() if item["name"] == "changed")
    ours["alert_percentages"] = [Decimal("79.50"), 90]
    (change,) = planned(kt, url, folder)["changes"]
    assert change["before"]["alert_percentages"] == ["79.5", 90]
    assert "79.5%, 90% -> 50%, 90%" in kt(url, "show", "plan.json").stdout
    assert kt(url, "apply", "--plan", "plan.json", *AT).returncode == 0
    assert [item["alert_percentages"] for item in world.budgets.values() if item["name"] == "changed"] == [[50, 90]]


def test_a_renamed_alert_is_deleted_before_the_new_one_is_created(
    kt: Run, url: str, folder: Path, world: World
) -> None:
    for name in ("changed", "before", "zebra"):
        alpha = folder / "budgets" / "teams" / "alpha.yaml"
        if name != "changed":
            alpha.write_text(
                alpha.read_text().replace("name: changed" if name == "before" else "name: before", f"name: {name}")
            )
        assert kt(url, "plan", *AT, *USAGE).returncode == 0
        world.writes.clear()
        done = kt(url, "apply", "--plan", "plan.json", *AT)
        assert done.returncode == 0, done.stdout + done.stderr
        if name != "changed":
            assert [method for method, *_ in world.writes] == ["DELETE", "POST"]


@pytest.mark.parametrize(("currency", "period"), [("EUR", "monthly"), ("JPY", "daily")])
@pytest.mark.parametrize("is_hard", [True, False])
def test_no_spend_is_held_against_a_billing_budget_in_another_currency(
    kt: Run, url: str, folder: Path, world: World, currency: str, period: str, is_hard: bool
) -> None:
    """Of 60 dollars, a third of what is spent already, the one in dollars would have stopped everything."""
    (before,) = (item for item in planned(kt, url, folder)["impact"] if item["wallet"] == "t-alpha")
    theirs = alert("b1", "theirs", amount=Decimal(60), currency=currency, period=period, hard_limit=is_hard)
    world.stores[BUDGETS] = {"b1": theirs}
    plan = planned(kt, url, folder)
    (after,) = (item for item in plan["impact"] if item["wallet"] == "t-alpha")
    assert {**after, "notices": []} == {**before, "notices": []}
    (said,) = (one for one in plan["findings"] if one["code"] == "billing-budget-currency")
    what = "hard limit" if is_hard else "billing budget"
    assert said["message"].startswith(f"alpha/prod is watched by the {what} theirs of {currency} 60.00, which is in no")
    shown = kt(url, "show", "plan.json").stdout
    assert "Something unusual in the usage of alpha" not in shown
    for command in ("forecast", "recommend"):
        told = kt(url, command, *AT, *USAGE)
        assert "billing-budget-currency" in told.stdout + told.stderr, command
    theirs["currency"] = "USD"
    (counted,) = (item for item in planned(kt, url, folder)["impact"] if item["wallet"] == "t-alpha")
    assert len(counted["alerts"]) == len(after["alerts"]) + 1, "the cure that is told"


def test_an_alert_of_git_that_is_in_another_currency_today_counts_as_git_wants_it(
    kt: Run, url: str, folder: Path, world: World
) -> None:
    assert kt(url, "plan", *AT, *USAGE).returncode == 0
    assert kt(url, "apply", "--plan", "plan.json", *AT).returncode == 0
    (ours,) = (item for item in world.budgets.values() if item["name"] == "changed")
    ours["currency"] = "EUR"
    plan = planned(kt, url, folder)
    (forecast,) = (item for item in plan["impact"] if item["wallet"] == "t-alpha")
    watched = [item for item in forecast["alerts"] if item["name"] == "changed"]
    assert [item["live"] for item in watched] == [None] * len(watched)
    assert all(item["desired"] for item in watched)
    assert plan["changes"], "and the plan puts the currency right"
