"""The action at the top of this repository: one step in a workflow of somebody's own plans, and comments."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT
from forge.company import Company, install_command
from forge.github_standin import State
from forge.merge_desk import merge_desk
from forge.sandbox_desk import DAY
from forge.workflow_shell import WORKFLOWS, Runner
from ruamel.yaml import YAML

ROOT = WORKFLOWS.parents[1]
ACTION: dict[str, Any] = YAML(typ="safe").load(ROOT / "action.yml")
SETUP: dict[str, Any] = YAML(typ="safe").load(ROOT / ".github" / "actions" / "kt-budgets" / "action.yml")
GIVEN = {"KEEPTRUSTS_API_URL": "vars.KEEPTRUSTS_API_URL", "KEEPTRUSTS_API_TOKEN": "secrets.KEEPTRUSTS_READ_TOKEN"}
TEAM = "finance/ai/teams/support.yaml"


def test_it_installs_as_the_action_does_that_the_workflows_use() -> None:
    beside = str(SETUP["runs"]["steps"]).replace(
        "$GITHUB_ACTION_PATH/", "$GITHUB_ACTION_PATH/.github/actions/kt-budgets/"
    )
    theirs: list[dict[str, Any]] = YAML(typ="safe").load(beside)
    *ours, _ = copy.deepcopy(ACTION["runs"]["steps"])
    for step in ours:
        if "env" in step:
            assert step["env"].pop("VERSION") == "${{ inputs.version }}"
    where = ours[-1]["env"].pop("BUDGETS")
    assert "format('{0}/{1}', inputs.working-directory, inputs.budgets)" in where
    assert theirs[-1]["env"].pop("BUDGETS") == "${{ inputs.budgets }}"
    assert ours == theirs
    same = ("light", "python-version")
    assert {name: ACTION["inputs"][name]["default"] for name in same} == {
        name: SETUP["inputs"][name]["default"] for name in same
    }


def test_every_input_is_used_and_every_input_and_output_is_documented() -> None:
    page = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
    assert {"version", "working-directory", "budgets", "usage", "journal", "comment", "fail-on"} <= ACTION[
        "inputs"
    ].keys()
    assert {"changed", "digest", "failure_reason", "outcomes"} <= ACTION["outputs"].keys()
    for name, item in ACTION["inputs"].items():
        assert f"inputs.{name}" in str(ACTION["runs"]), name
        assert item["description"]
        assert "default" in item
        assert f"| `{name}` |" in page, name
    for name, item in ACTION["outputs"].items():
        assert item["value"] == f"${{{{ steps.plan.outputs.{name} }}}}"
        assert f"`{name}`" in page, name


@dataclass
class Stranger(Company):
    """A company that has one workflow of its own, with this action in it, and nothing else of ours."""

    with_: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=lambda: GIVEN)

    def _document(self, workflow: str, job: str) -> dict[str, Any]:
        step = ACTION["runs"]["steps"][-1]
        given = {name: f"${{{{ {value} }}}}" for name, value in self.env.items()}
        action = {**step, "env": {**given, "GITHUB_ACTION_PATH": str(ROOT), **step["env"]}}
        return {"steps": [{"uses": "actions/checkout@v5", "with": {}}, action]}

    def _asked(self, given: Mapping[str, str]) -> dict[str, str]:
        usual = {name: item["default"] for name, item in ACTION["inputs"].items()}
        with_ = {**usual, "budgets": self.budgets, "github-token": "ghs_actions", **self.with_}
        return {**super()._asked(given), **super()._asked(with_)}

    def ran(self, **with_: str) -> Runner:
        """Run the action on the merge of pull request 128, with these inputs."""
        self.with_ = {name.replace("_", "-"): value for name, value in with_.items()}
        merge = self.repository.git("rev-parse", "refs/remotes/origin/merge-128")
        event = {"pull_request": {"number": 128, "head": {"sha": self.github.pulls[128].head}}}
        return self.actions("plan.yml", "plan", commit=merge, event=event, by="pull_request")


@pytest.fixture
def stranger(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Stranger]:
    files = {"finance/ai/org.yaml": ORGANIZATION, TEAM: SUPPORT, "src/main.py": "print()\n"}
    with merge_desk(
        tmp_path, github, github_url, capsys, files=files, journal="git:origin", branch="trunk", is_applied=False
    ) as desk:
        desk.desk.variables["KT_BUDGETS_FOLDER"] = "finance/ai"
        desk.desk.apply()
        install_command(tmp_path, DAY)
        house = Stranger(tmp_path, desk.repository, github, github_url, desk.desk.sandbox, budgets="finance/ai")
        repository = desk.repository
        repository.branch("raise-support")
        repository.edit(TEAM, "10500.00", "10900.00")
        house.pushed("Raise Support")
        repository.git("switch", "--quiet", "--detach", "trunk")
        repository.git("merge", "--quiet", "--no-ff", "--no-edit", github.pulls[128].head)
        repository.git("push", "--quiet", "origin", "HEAD:refs/heads/merge-128")
        repository.git("fetch", "--quiet", "origin")
        yield house


def told(found: Runner) -> dict[str, str]:
    return {name: found.values.get(f"steps.plan.outputs.{name}", "") for name in ACTION["outputs"]}


@pytest.mark.slow
def test_one_step_in_a_fresh_repository_plans_comments_and_tells_the_steps_after_it(stranger: Stranger) -> None:
    found = stranger.ran(journal="git:origin")
    assert found.code == 0, found.log
    (comment,) = stranger.github.ours(128)
    assert "USD 400 more for " in comment
    outputs = told(found)
    plan = json.loads((found.folder / outputs["plan"]).read_text(encoding="utf-8"))
    assert (outputs["changed"], outputs["exit_code"], outputs["failure_reason"]) == ("true", "0", "")
    assert json.loads(outputs["outcomes"]) == {"planned": len(plan["changes"])}
    assert outputs["digest"] == plan["digest"]
    assert stranger.github.complaints == []

    stranger.github.comments.clear()
    found = stranger.ran(
        working_directory="finance", budgets="ai", journal="git:origin", comment="false", fail_on="changes, refused"
    )
    assert found.code == 10, found.log
    assert told(found)["plan"] == "finance/plan.json"
    assert stranger.github.ours(128) == []


@pytest.mark.slow
def test_without_a_token_the_files_are_judged_and_nothing_is_planned_and_an_input_that_means_nothing_stops_it(
    stranger: Stranger,
) -> None:
    stranger.env = {}
    found = stranger.ran()
    assert found.code == 0, found.log
    assert "nothing is planned" in found.log[-1]
    assert (stranger.github.ours(128), told(found)["digest"]) == ([], "")
    for wrong in ({"fail_on": "warnings"}, {"comment": "yes"}, {"command": "apply"}, {"working_directory": "nowhere"}):
        refused = stranger.ran(**wrong)
        (name,) = wrong
        assert refused.code == 2, refused.log
        assert f"::error::{name.replace('_', '-')} " in refused.log[-1]
