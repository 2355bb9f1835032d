"""Another repository calls the one workflow: a folder of a monorepo, a branch called trunk, every way to merge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT
from forge.company import Company, install_command
from forge.github_standin import State
from forge.merge_desk import MergeDesk, merge_desk
from forge.sandbox_desk import DAY
from forge.workflow_shell import Runner

pytestmark = pytest.mark.slow
FOLDER = "finance/ai"
TEAM = f"{FOLDER}/teams/support.yaml"
STARTED = "asked by alice in pull request 128: https://github.test/c"


@pytest.fixture
def company(
    tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[MergeDesk, Company]]:
    files = {f"{FOLDER}/org.yaml": ORGANIZATION, TEAM: SUPPORT, "src/main.py": "print()\n"}
    with merge_desk(
        tmp_path, github, github_url, capsys, files=files, journal="git:origin", branch="trunk", is_applied=False
    ) as desk:
        desk.desk.variables["KT_BUDGETS_FOLDER"] = FOLDER
        desk.desk.apply()
        install_command(tmp_path, DAY)
        yield desk, Company(tmp_path, desk.repository, github, github_url, desk.desk.sandbox, one=FOLDER)


def proposed(desk: MergeDesk, company: Company) -> None:
    """Open pull request 128, which raises Support, and let it be planned."""
    desk.repository.branch("raise-support")
    desk.repository.edit(TEAM, "10500.00", "10900.00")
    company.pushed("Raise Support")
    planned = company.planned()
    assert planned.code == 0, planned.log


def ran(
    company: Company,
    workflow: str,
    job: str,
    by: str,
    *,
    inputs: dict[str, str] | None = None,
    code: int = 0,
    **event: Any,
) -> Runner:
    tip = company.repository.git("rev-parse", "trunk")
    found = company.actions(workflow, job, commit=tip, event=event, by=by, inputs=inputs)
    assert found.code == code, found.log
    return found


@pytest.mark.parametrize("how", ["squash", "rebase", "merge"])
def test_a_raise_goes_from_its_pull_request_to_the_ledger(company: tuple[MergeDesk, Company], how: str) -> None:
    desk, house = company
    github = desk.github
    proposed(desk, house)
    assert "gets USD 400 more" in github.ours(128)[0]

    github.review(128, "lena")
    reviewed = {"number": 128, "head": {"sha": github.pulls[128].head}}
    ran(house, "approval.yml", "judge", "pull_request_review", pull_request=reviewed)
    gates = [check["conclusion"] for check in github.checks if check["name"] == "kt-budgets / approval"]
    assert gates[-1] == "success"

    desk.merged(128, how)
    applied = ran(house, "apply.yml", "money", "push")
    (landing,) = json.loads((applied.folder / "merges.json").read_text(encoding="utf-8"))["landings"]
    assert (landing["pull_request"], landing["status"]) == (128, "applied")
    assert desk.funded() == 10900.0

    for workflow, job in (("fund.yml", "money"), ("drift.yml", "drift"), ("refresh.yml", "refresh")):
        ran(house, workflow, job, "schedule")
    assert (desk.funded(), github.issues) == (10900.0, [])
    assert github.complaints == []


def test_whatever_asks_for_a_workflow_names_the_one_that_is_there_and_what_it_is_to_do(
    company: tuple[MergeDesk, Company], tmp_path: Path
) -> None:
    desk, house = company
    github = desk.github
    proposed(desk, house)
    desk.merged(128)
    install_command(tmp_path, "2026-06-19")
    ran(house, "drift.yml", "drift", "schedule")
    (issue,) = github.issues
    page = "https://github.test/acme/ai-budgets/actions/workflows/budgets.yml"
    assert (
        f"(Run workflow: [budgets.yml]({page}), with `do` = `apply`, `options` = `pull_request=128`)" in issue["body"]
    )
    assert "apply.yml" not in issue["body"]

    github.roles["alice"] = "write"
    alice = {"login": "alice", "type": "User"}
    comment = {"id": 73, "user": alice, "body": "/kt-budgets resume", "html_url": "https://github.test/c"}
    about = {"number": 128, "pull_request": {"url": "x"}}
    ran(house, "comment.yml", "answer", "issue_comment", action="created", issue=about, comment=comment)
    ((started, asked),) = github.dispatches
    assert started == "budgets.yml"
    assert asked["inputs"] == {"do": "resume", "options": f"reason={STARTED}"}
    assert page in github.ours(128)[-1]

    given = dict(item.split("=", 1) for item in asked["inputs"]["options"].split("; "))
    resumed = ran(house, "resume.yml", "money", "workflow_dispatch", inputs=given, code=4)
    assert resumed.finished[1:3] == ["Resume what was interrupted", "Apply what was merged"]
    refused = ran(house, "apply.yml", "money", "workflow_dispatch", inputs={"pull_request": "128"}, code=4)
    (landing,) = json.loads((refused.folder / "merges.json").read_text(encoding="utf-8"))["landings"]
    assert (landing["pull_request"], landing["status"]) == (128, "refused")
    assert not (refused.folder / "run.json").exists(), "one thing was asked for, and another was done as well"
