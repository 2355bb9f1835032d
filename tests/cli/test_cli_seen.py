"""What a wallet's history shows beyond level and calendar, in every command that looks ahead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli.conftest import Run
from cli.outlook_world import DAYS, World, steady, write_budgets, write_usage

from reconciler.app.schemas import schemas

SILENT_DAYS = 16
COMMANDS = {
    "forecast": (),
    "year": (),
    "recommend": ("--offline",),
    "whatif": ("--wallet", "support/prod=5000"),
}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A wallet that has stopped, and others that go on."""
    world = World(tmp_path_factory.mktemp("stopped"))
    write_budgets(world)
    levels = {
        "team_support": lambda day: 300.0 if day < DAYS - SILENT_DAYS else 0.0,
        "team_support_dev": steady(30.0),
        "team_finance": steady(90.0),
    }
    write_usage(world.usage, levels)
    return world


@pytest.mark.parametrize("command", COMMANDS)
def test_a_silent_wallet_is_told_with_its_day_and_its_chance(command: str, stopped: World, kt: Run) -> None:
    options = (*stopped.options(), *COMMANDS[command])
    words = " ".join(kt(command, *options).out.split())
    assert "warning silent: support/prod has spent nothing since 2026-06-02, 16 days, longer than ever before" in words
    assert words.count("warning silent") == 1
    assert "hint: if it has stopped, lower its target" in words

    document: dict[str, Any] = json.loads(kt(command, *options, "--format", "json").out)
    jsonschema.validate(document, schemas()[f"{command}.schema.json"])
    seen = [notice for notice in document["notices"] if notice["code"] == "silent"]
    assert len(seen) == 1
    assert (seen[0]["team"], seen[0]["environment"], seen[0]["since"]) == ("support", "prod", "2026-06-02")
    assert seen[0]["factor"] == 0
    assert 0.6 < seen[0]["probability"] < 0.9
    others = [notice for notice in document["notices"] if notice["code"] != "silent"]
    assert all(notice["team"] is None and notice["probability"] is None for notice in others)


def test_the_forecast_names_it_below_the_table_and_expects_nothing_more(stopped: World, kt: Run) -> None:
    told = kt("forecast", *stopped.options())
    assert "Something unusual in the usage of support / prod: see the warnings." in " ".join(told.out.split())
    wallets = json.loads(kt("forecast", *stopped.options(), "--format", "json").out)["wallets"]
    wallet = next(one for one in wallets if (one["team"], one["environment"]) == ("support", "prod"))
    assert wallet["month_end"]["quantiles"]["0.5"] == wallet["spend_to_date"]
    assert [notice["code"] for notice in wallet["notices"]] == ["silent"]
    assert all(not one["notices"] for one in wallets if one is not wallet)


def test_what_if_tells_of_the_wallets_that_it_is_about_alone(stopped: World, kt: Run) -> None:
    assert "warning silent" not in kt("whatif", *stopped.options(), "--wallet", "finance/prod=5000").out


@pytest.mark.parametrize("format_", ["markdown", "html", "text"])
def test_the_plan_warns_of_it_in_every_format(format_: str, stopped: World, kt: Run, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    done = kt("plan", *stopped.options(), "--sandbox", "--output", plan)
    assert done.code == 0, done.err
    shown = " ".join(kt("show", plan, "--format", format_).out.split())
    pages = 2 if format_ == "html" else 1  # the first page, and that of its team
    assert shown.count("has spent nothing since") == pages
    assert "Something unusual in the usage of" in shown
    impact = json.loads(plan.read_text(encoding="utf-8"))["impact"]
    assert [notice["code"] for wallet in impact for notice in wallet["notices"]] == ["silent"]
