"""The scan workflow, by its own script: findings are handed to code scanning, and only what is no finding fails it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import forked_command
import pytest
from forge.workflow_shell import Runner

BUDGETS = Path(__file__).resolve().parents[2] / "budgets"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    checkout = tmp_path / "checkout"
    shutil.copytree(BUDGETS, checkout / "budgets")
    command = tmp_path / "bin" / "kt-budgets"
    forked_command.install(command)
    return Runner(checkout, {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}, {})


def test_findings_are_handed_over_and_do_not_fail_it(runner: Runner) -> None:
    team = runner.folder / "budgets" / "teams" / "support.yaml"
    team.write_text(team.read_text(encoding="utf-8").replace("12000.00", "12000.005"), encoding="utf-8")
    assert runner.run("scan.yml", "scan") == 0, runner.log
    (run,) = json.loads((runner.folder / "findings.sarif").read_text(encoding="utf-8"))["runs"]
    places = [item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in run["results"]]
    assert places == ["budgets/teams/support.yaml"]


def test_budgets_without_findings_close_what_was_found_before(runner: Runner) -> None:
    assert runner.run("scan.yml", "scan") == 0, runner.log
    (run,) = json.loads((runner.folder / "findings.sarif").read_text(encoding="utf-8"))["runs"]
    assert run["results"] == []


def test_what_is_no_finding_fails_it(runner: Runner) -> None:
    (runner.folder / "findings.sarif").mkdir()
    assert runner.run("scan.yml", "scan") not in (0, 3)
