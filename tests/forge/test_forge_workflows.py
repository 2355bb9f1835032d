"""The workflows: least permissions, pinned actions, no expression in a shell, nothing for forks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from forge.actionlint import findings
from forge.workflow_expressions import filled
from forge.workflow_shell import WORKFLOWS, load
from ruamel.yaml import YAML

ROOT = WORKFLOWS.parents[1]
ACTIONS = [ROOT / "action.yml", *sorted(WORKFLOWS.parent.glob("actions/*/action.yml"))]
NAMES = sorted(path.name for path in WORKFLOWS.glob("*.yml"))
BUDGETS = [name for name in NAMES if name not in ("budgets.yml", "ci.yml", "release.yml")]
_PINNED = re.compile(r"uses: ([\w.-]+/[\w./-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in document["jobs"].values() for step in job["steps"]]


def test_the_workflows_of_the_loop_are_there() -> None:
    wanted = {"plan", "approval", "apply", "resume", "fund", "drift", "refresh", "digest", "notify", "ci"}
    assert {f"{name}.yml" for name in wanted} <= set(NAMES)


@pytest.mark.parametrize("path", [*(WORKFLOWS / name for name in NAMES), *ACTIONS], ids=str)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if "uses:" in line and "uses: ./" not in line:
            assert _PINNED.search(line.strip().removeprefix("- ")), line


@pytest.mark.parametrize("name", NAMES)
def test_no_expression_reaches_a_shell(name: str) -> None:
    for step in steps(load(name)):
        assert "${{" not in step.get("run", "")
        assert "eval" not in step.get("run", "")


@pytest.mark.parametrize("path", ACTIONS, ids=str)
def test_no_expression_reaches_a_shell_of_an_action(path: Path) -> None:
    for step in YAML(typ="safe").load(path)["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("name", NAMES)
def test_permissions_are_none_unless_a_job_asks(name: str) -> None:
    document = load(name)
    assert document["permissions"] == {}
    assert all("permissions" in job and "timeout-minutes" in job for job in document["jobs"].values())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_runs_with_secrets_for_a_fork(name: str) -> None:
    document = load(name)
    triggers = document["on"]
    assert "pull_request_target" not in triggers
    assert "workflow_run" not in triggers
    if "pull_request" in triggers:
        for job in document["jobs"].values():
            assert "secrets." not in str(job) or "head.repo.full_name == github.repository" in job["if"]


@pytest.mark.parametrize("name", NAMES)
def test_checkouts_leave_no_credentials_behind(name: str) -> None:
    for step in steps(load(name)):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_a_pull_request_that_is_moved_is_planned_again_and_one_that_is_described_anew_ends_no_run() -> None:
    document = load("plan.yml")
    assert "edited" in document["on"]["pull_request"]["types"]
    for job in document["jobs"].values():
        assert "github.event.action != 'edited' || github.event.changes.base != null" in job["if"]
    described = "github.event.action == 'edited' && github.event.changes.base == null && '-described'"
    assert described in document["concurrency"]["group"]


def test_no_branch_is_written_down_by_name() -> None:
    for name in BUDGETS:
        for trigger in load(name)["on"].values():
            assert "branches" not in (trigger or {})
        for job in load(name)["jobs"].values():
            if "push" in load(name)["on"]:
                assert "refs/heads/{0}', github.event.repository.default_branch" in job["if"]
                assert "concurrency" not in load(name), "a push elsewhere would cancel what waits"


def test_no_server_is_written_down_by_name() -> None:
    for name in BUDGETS:
        text = (WORKFLOWS / name).read_text(encoding="utf-8")
        assert re.findall(r"[\w.]*github\.com|https?:", re.sub(r"(?m)^ *#.*$", "", text)) == []


def test_no_workflow_has_a_credential_helper_of_its_own() -> None:
    for name in BUDGETS:
        assert "credential" not in re.sub("persist-credentials", "", (WORKFLOWS / name).read_text(encoding="utf-8"))


def test_a_token_of_the_app_is_made_for_the_job_and_can_only_read() -> None:
    for name in BUDGETS:
        for step in steps(load(name)):
            if step.get("uses", "").startswith("actions/create-github-app-token@"):
                asked = {key: value for key, value in step["with"].items() if key.startswith("permission-")}
                assert set(asked.values()) == {"read"}
                assert asked.keys() <= {
                    "permission-checks",
                    "permission-contents",
                    "permission-members",
                    "permission-pull-requests",
                }


def test_no_token_of_github_is_a_stored_secret_but_the_one_that_reads_teams_that_the_app_does_not_see() -> None:
    for name in BUDGETS:
        stored = set(re.findall(r"secrets\.(\w+)", (WORKFLOWS / name).read_text(encoding="utf-8")))
        keys = {"KEEPTRUSTS_READ_TOKEN", "KEEPTRUSTS_BILLING_TOKEN", "BUDGETS_APP_PRIVATE_KEY"}
        assert stored <= {*keys, "KT_BUDGETS_WEBHOOK", "BUDGETS_MEMBERS_TOKEN"}


@pytest.mark.parametrize("name", ["plan", "approval", "comment", "drift", "notify", "apply", "resume"])
@pytest.mark.parametrize("given", ["", "ghp_ada"])
def test_whoever_asks_for_members_takes_the_token_that_is_given_for_it_else_what_it_took_before(
    name: str, given: str
) -> None:
    app = {"app": {"outputs": {"token": "ghs_reader"}}}
    known = {"secrets": {"BUDGETS_MEMBERS_TOKEN": given}, "steps": app, "github": {"token": "ghs_run"}}
    (taken,) = (
        {each: filled(step["env"].get(each, ""), known) for each in ("KT_BUDGETS_MEMBERS_TOKEN", "GITHUB_TOKEN")}
        for step in steps(load(f"{name}.yml"))
        if "KT_BUDGETS_MEMBERS_TOKEN" in step.get("env", {})
    )
    without = "ghs_run" if name == "notify" else "ghs_reader"
    assert (taken["KT_BUDGETS_MEMBERS_TOKEN"] or taken["GITHUB_TOKEN"]) == (given or without)


def test_the_token_that_moves_money_is_in_the_protected_environment_alone() -> None:
    for name in BUDGETS:
        for job in load(name)["jobs"].values():
            if "BILLING_TOKEN" in str(job):
                assert job["environment"] == "budgets"


def test_no_run_that_moves_money_takes_the_place_of_another_workflow_s() -> None:
    queues = [
        (job.get("concurrency") or load(name)["concurrency"])
        for name in BUDGETS
        for job in load(name)["jobs"].values()
        if "BILLING_TOKEN" in str(job)
    ]
    assert len({queue["group"] for queue in queues}) == len(queues) == 3
    assert not any(queue["cancel-in-progress"] for queue in queues)


@pytest.mark.parametrize("name", ["apply.yml", "resume.yml"])
def test_a_run_that_is_started_again_looks_at_the_branch_as_it_is_now(name: str) -> None:
    (job,) = load(name)["jobs"].values()
    assert job["steps"][0]["with"]["ref"] == "${{ github.ref_name }}"


def test_pull_requests_get_a_token_that_can_only_read_keeptrusts() -> None:
    assert "BILLING" not in (WORKFLOWS / "plan.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*(WORKFLOWS / name for name in NAMES), *ACTIONS], ids=str)
def test_scripts_are_valid_for_the_shell(path: Path) -> None:
    document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    for step in document["runs"]["steps"] if "runs" in document else steps(document):
        if "run" in step:
            done = subprocess.run(["bash", "-n", "-c", step["run"]], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


def tool(name: str) -> str:
    """Return a program that is installed beside this Python or on the path; without it, the test is skipped."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return found or pytest.skip(f"{name} is not installed")


def test_no_finding_of_zizmor_stands() -> None:
    command = [tool("zizmor"), "--offline", "--no-progress", "--persona", "auditor"]
    command += [str(WORKFLOWS.parent), str(ACTIONS[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_finding_of_actionlint_stands(tmp_path: Path) -> None:
    assert findings([WORKFLOWS / name for name in NAMES]) == []
    broken = tmp_path / "broken.yml"
    broken.write_text((WORKFLOWS / "plan.yml").read_text(encoding="utf-8").replace("steps.plan.", "steps.nowhere."))
    (finding,) = findings([broken])
    assert "nowhere" in finding


def test_workflows_are_valid_by_their_schema() -> None:
    command = [tool("check-jsonschema"), "--builtin-schema"]
    files = [str(WORKFLOWS / name) for name in NAMES]
    for arguments in (["vendor.github-workflows", *files], ["vendor.github-actions", *map(str, ACTIONS)]):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_gitlab_example_is_valid_by_its_schema() -> None:
    example = WORKFLOWS.parent / "gitlab-ci.example.yml"
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    done = subprocess.run([*command, str(example)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", BUDGETS)
def test_a_workflows_head_lists_the_environment_the_secrets_and_the_variables_that_it_uses_and_no_others(
    name: str,
) -> None:
    text = (WORKFLOWS / name).read_text(encoding="utf-8")
    head, body = text.split("\nname: ", 1)
    used = {(kind[:-1], word) for kind, word in re.findall(r"\b(secrets|vars)\.(\w+)", body)}
    used |= {("environment", word) for word in re.findall(r"^ +environment: (\w+)$", body, re.MULTILINE)}
    kinds = {"Secret": "secret", "Variable": "var", "Environment": "environment"}
    listed = re.findall(r"^# (Secret|Variable|Environment) +(\w+) {3}\S", head, re.MULTILINE)
    assert {(kinds[kind], word) for kind, word in listed} == used
    assert len(listed) == len(used)


def test_the_secret_of_the_app_is_of_one_place_in_every_head() -> None:
    heads = [(WORKFLOWS / name).read_text(encoding="utf-8").split("\nname: ")[0] for name in BUDGETS]
    places = [re.findall(r"BUDGETS_APP_PRIVATE_KEY +(of the \w+)", head) for head in heads]
    assert {place for found in places for place in found} == {"of the repository"}


def test_a_page_names_every_secret_and_variable_and_the_address_last() -> None:
    page = (WORKFLOWS.parents[1] / "docs" / "how-to" / "github.md").read_text(encoding="utf-8")
    steps = re.findall(r"^\d\. .*(?:\n   .*)*", page, re.MULTILINE)
    text = "\n".join((WORKFLOWS / name).read_text(encoding="utf-8").split("\nname: ")[1] for name in BUDGETS)
    names = {*re.findall(r"\b(?:secrets|vars)\.(\w+)", text)} - {"KT_BUDGETS_SCAN"}
    first = [next(i for i, step in enumerate(steps) if f"`{name}`" in step) for name in sorted(names)]
    assert dict(zip(sorted(names), first, strict=True))["KEEPTRUSTS_API_URL"] == max(first)
    assert first.count(max(first)) == 1


@pytest.mark.parametrize("name", [*BUDGETS, "budgets.yml"])
def test_what_reads_the_journal_can_read_it_where_the_repository_is_private(name: str) -> None:
    """Clones keep no credentials, and git is answered with the token of the step."""
    document = load(name)
    for job in document["jobs"].values():
        for step in job["steps"]:
            runs = re.findall(r"\bkt-budgets ([a-z]+)", step.get("run", ""))
            if set(runs) - {"validate"}:
                assert "GITHUB_TOKEN" in {**document.get("env", {}), **job.get("env", {}), **step.get("env", {})}, runs
