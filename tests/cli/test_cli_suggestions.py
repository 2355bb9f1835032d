"""`--suggestions`: what validate can cure and recommend knows better, as lines to take one by one."""

from __future__ import annotations

import json
import re
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run
from cli.outlook_world import FINANCE, SUPPORT, World, make_world, write_budgets
from jsonschema import Draft7Validator

SCHEMA = Path(__file__).parents[2] / "schemas" / "suggestions.schema.json"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(tmp_path: Path, shared: World) -> World:
    own = World(tmp_path)
    write_budgets(own)
    own.usage.symlink_to(shared.usage)
    return own


def read(file: Path) -> dict[str, Any]:
    """Return a file of suggestions; it is as its published schema says."""
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(document)
    return document


def take(top: Path, changes: list[dict[str, Any]]) -> None:
    """Write suggestions into their files, from the last line to the first."""
    for change in sorted(changes, key=lambda change: -change["line"]):
        file = top / change["path"]
        lines = file.read_text(encoding="utf-8").split("\n")
        assert "\n".join(lines[change["start_line"] - 1 : change["line"]]) == change["original"]
        lines[change["start_line"] - 1 : change["line"]] = change["replacement"].split("\n")
        file.write_text("\n".join(lines), encoding="utf-8")


def test_what_validate_suggests_makes_the_files_valid(world: World, kt: Run, tmp_path: Path) -> None:
    world.team("support").write_text(SUPPORT.replace("amount:", "amont:"), encoding="utf-8")
    world.team("finance").write_text(FINANCE.replace("2500.00}", '"2,500.00"}'), encoding="utf-8")
    file = tmp_path / "cures.json"
    done = kt("validate", "--budgets", world.budgets, "--suggestions", file, "--format", "json")

    assert done.code == 3
    assert f"{file}: 2 suggested changes" in done.err
    assert json.loads(done.out)["format"] == "kt-budgets.findings/1"
    document = read(file)
    assert document["command"] == "kt-budgets validate"
    take(
        tmp_path,
        [{**item, "path": world.budgets.joinpath(*Path(item["path"]).parts[-2:])} for item in document["suggestions"]],
    )
    assert kt("validate", "--budgets", world.budgets).code == 0
    assert world.team("support").read_text(encoding="utf-8") == SUPPORT


def test_valid_files_leave_nothing_to_suggest(world: World, kt: Run, tmp_path: Path) -> None:
    file = tmp_path / "cures.json"

    assert kt("validate", "--budgets", world.budgets, "--suggestions", file).code == 0
    assert read(file)["suggestions"] == []


def test_paths_are_from_the_top_of_the_repository(world: World, kt: Run, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    file = tmp_path / "recommended.json"
    done = kt("recommend", *world.options(), "--wallet", "support/prod", "--suggestions", file)

    assert done.code == 0, done.err
    where = world.team("support").relative_to(tmp_path).as_posix()
    assert {item["path"] for item in read(file)["suggestions"]} == {where}


def test_what_recommend_suggests_is_what_it_would_write(world: World, kt: Run, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    file = tmp_path / "recommended.json"
    done = kt("recommend", *world.options(), "--suggestions", file, "--format", "json")

    assert done.code == 0, done.err
    assert world.team("support").read_text(encoding="utf-8") == SUPPORT
    document = read(file)
    assert document["command"] == "kt-budgets recommend"
    take(tmp_path, document["suggestions"])
    taken = {name: world.team(name).read_text(encoding="utf-8") for name in ("support", "finance")}
    targets = {f"{one['team']}/{one['environment']}": one["target"] for one in json.loads(done.out)["targets"]}
    assert f"overrides: {{2026-06: {{amount: {targets['support/prod']}, demand: usual}}}}}}   #" in taken["support"]
    write_budgets(world)
    assert kt("recommend", *world.options(), "--write").code == 0
    assert taken == {name: world.team(name).read_text(encoding="utf-8") for name in taken}


def test_the_reason_has_the_figures(world: World, kt: Run, tmp_path: Path) -> None:
    file = tmp_path / "recommended.json"
    kt("recommend", *world.options(), "--wallet", "support/prod", "--reaction-days", "8", "--suggestions", file)

    target, alert = read(file)["suggestions"]
    new = Decimal(target["replacement"].split("2026-06: {amount: ")[1].partition(",")[0])
    assert (target["key"], target["before"]) == ("wallets.prod.overrides", "")
    assert target["reason"].startswith("support / prod: with USD 9,000.00 it lasts June 2026 with probability")
    assert f"with USD {new:,.2f} with 9" in target["reason"]
    assert alert["key"] == "billing_budgets[0].amount"
    assert alert["reason"].startswith("support-monthly: 8 days before the money is gone, spend has reached USD")


def test_a_value_that_cannot_be_edited_in_place_is_left_out(world: World, kt: Run, tmp_path: Path) -> None:
    world.team("finance").write_text(FINANCE.replace("2500.00}", "&june 2500.00, 2026-07: *june}"), encoding="utf-8")
    file = tmp_path / "recommended.json"
    done = kt("recommend", *world.options(), "--suggestions", file)

    assert done.code == 0, done.err
    assert {Path(item["path"]).stem for item in read(file)["suggestions"]} == {"support"}
    said = " ".join(done.out.split())
    assert re.search(
        r"not suggested: budgets/teams/finance\.yaml:\d+:\d+: .*;"
        r" write `wallets\..*: {amount: [0-9.]+, demand: 2500.00}` by hand",
        said,
    )
    kept = json.loads(kt("recommend", *world.options(), "--suggestions", file, "--format", "json").out)["kept"]
    assert [one for one in kept if "by hand" in one]
    assert all(one in said for one in kept)


def test_two_figures_in_one_line_are_one_suggestion(world: World, kt: Run, tmp_path: Path) -> None:
    first, second = (line for line in SUPPORT.splitlines() if "team_id" in line)
    joined = f"wallets: {{{first.partition('#')[0].strip()}, {second.partition('#')[0].strip()}}}"
    text = re.sub(r"wallets:.*\n", "", SUPPORT).replace(f"{first}\n", f"{joined}\n").replace(f"{second}\n", "")
    world.team("support").write_text(text, encoding="utf-8")
    file = tmp_path / "recommended.json"
    done = kt("recommend", *world.options(), "--wallet", "support", "--suggestions", file)

    assert done.code == 0, done.err
    (both,) = [item for item in read(file)["suggestions"] if "wallets" in item["key"]]
    assert both["key"] == "wallets.prod.overrides, wallets.dev.overrides"
    assert both["reason"].count("it lasts June 2026") == 2


def saved(kt: Run, world: World, tmp_path: Path) -> Path:
    file = tmp_path / "plan.json"
    done = kt(
        *("plan", "--budgets", world.budgets, "--usage", world.usage, "--as-of", "2026-06-18"),
        *("--sandbox", "--output", file),
    )
    assert done.code in (0, 4), done.err
    return file


def test_with_a_plan_only_what_it_changes_is_looked_at(world: World, kt: Run, tmp_path: Path) -> None:
    plan = saved(kt, world, tmp_path)
    document = json.loads(plan.read_text(encoding="utf-8"))
    file = tmp_path / "recommended.json"
    document["changes"] = [change for change in document["changes"] if change.get("wallet") == "team_finance"]
    plan.write_text(json.dumps(resealed(document)), encoding="utf-8")
    done = kt(
        *("recommend", "--budgets", world.budgets, "--usage", world.usage, "--plan", plan),
        *("--suggestions", file, "--format", "json"),
    )

    assert done.code == 0, done.err
    assert [target["wallet"] for target in json.loads(done.out)["targets"]] == ["team_finance"]
    assert {item["key"] for item in read(file)["suggestions"]} == {"wallets.prod.overrides.2026-06"}


def test_a_plan_that_changes_nothing_asks_for_nothing(world: World, kt: Run, tmp_path: Path) -> None:
    plan = saved(kt, world, tmp_path)
    document = json.loads(plan.read_text(encoding="utf-8"))
    plan.write_text(json.dumps(resealed({**document, "changes": []})), encoding="utf-8")
    file = tmp_path / "recommended.json"
    done = kt("recommend", "--budgets", world.budgets, "--usage", "/nowhere.csv", "--plan", plan, "--suggestions", file)

    assert done.code == 0, done.err
    assert "the plan changes no wallet and no alert" in done.err
    assert read(file)["suggestions"] == []


def resealed(document: dict[str, Any]) -> dict[str, Any]:
    """Return a plan that was edited with the digest that it then has."""
    from reconciler.model.plan import Plan, sealed

    made: dict[str, Any] = json.loads(sealed(Plan.model_validate(document)).text())
    return made


def test_writing_and_suggesting_contradict_each_other(world: World, kt: Run, tmp_path: Path) -> None:
    done = kt("recommend", *world.options(), "--write", "--suggestions", tmp_path / "x.json")

    assert done.code == 2
    assert "contradict each other" in done.err
