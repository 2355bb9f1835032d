"""What a pull request is shown as is what merging it gives, however far its branch is behind and however files end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT, BudgetRepository
from forge.github_standin import Pull, State
from forge.sandbox_desk import DAY, SandboxDesk, sandbox_desk

from reconciler.findings import ExitCode

SHADOW = "version: 1\nteam: shadow\nwallets:\n  prod: {team_id: team_shadow, monthly: 300.00}\n"
FILES = {
    "budgets/org.yaml": ORGANIZATION,
    "budgets/teams/support.yaml": SUPPORT,
    "budgets/teams/shadow.yaml": SHADOW,
}


def repository_of(place: Path, **files: str) -> BudgetRepository:
    return BudgetRepository.create(place, {**FILES, **files})


@pytest.fixture
def desk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    github: State,
    github_url: str,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[SandboxDesk]:
    """Yield a desk with two teams, applied; the repository may have attributes."""
    repository = repository_of(tmp_path, **getattr(request, "param", {}))
    repository.git("rm", "--cached", "-r", "--quiet", ".")
    repository.git("reset", "--quiet", "--hard")
    with sandbox_desk(repository, github, github_url, capsys) as made:
        made.apply()
        yield made


def planned(desk: SandboxDesk, code: ExitCode = ExitCode.DONE, /, **variables: str) -> dict[str, Any]:
    usage = str(desk.repository.folder.parent / "usage.csv")
    desk.variables |= variables
    assert desk.kt("plan", "--as-of", DAY, "--usage", usage, "--output", "../pr.json") == code, desk.errors
    if code is not ExitCode.DONE:
        return {}
    return dict(json.loads((desk.repository.folder.parent / "pr.json").read_text(encoding="utf-8")))


def main_moves(desk: SandboxDesk, name: str, old: str, new: str) -> None:
    """Merge something else into main, apply it, and go back to the branch."""
    desk.variables.pop("GITHUB_BASE_REF", None)
    desk.repository.git("switch", "--quiet", "main")
    desk.repository.edit(name, old, new)
    desk.repository.commit("Something else")
    desk.repository.git("push", "--quiet", "origin", "main")
    desk.apply()
    desk.repository.git("switch", "--quiet", "change")


def amounts(plan: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {change["wallet"]: (change["kind"], change["amount"]) for change in plan["changes"] if "wallet" in change}


@pytest.mark.parametrize(
    "variables",
    [{"GITLAB_CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}, {"GITHUB_BASE_REF": "main"}],
    ids=["gitlab", "github"],
)
def test_a_branch_behind_main_takes_nothing_back_that_main_got_since(
    desk: SandboxDesk, variables: dict[str, str]
) -> None:
    desk.opened("[80, 100]", "[70, 100]")
    main_moves(desk, "budgets/teams/support.yaml", "10500.00", "11000.00")
    desk.variables |= variables
    plan = planned(desk)
    assert amounts(plan) == {}
    assert [change["kind"] for change in plan["changes"]] == ["update_billing_budget"]
    assert plan["scope"]["teams"] == ["support"]
    head, base = desk.repository.head, desk.repository.git("rev-parse", "main")
    assert (plan["source"]["commit"], plan["source"]["head"], plan["source"]["base"]) == (head, head, base)
    assert plan["changes"][0]["position"].startswith("budgets/teams/support.yaml:")
    assert "main moved on since this branch left it" in desk.errors
    assert desk.repository.git("worktree", "list").count("\n") == 0
    assert desk.repository.git("status", "--porcelain") == ""


def test_a_change_of_the_organization_behind_main_takes_nothing_back_either(desk: SandboxDesk) -> None:
    desk.repository.branch("change")
    desk.repository.edit("budgets/org.yaml", "owners:", "annual_target: 900000.00\nowners:")
    desk.repository.commit("A target")
    main_moves(desk, "budgets/teams/shadow.yaml", "300.00", "400.00")
    plan = planned(desk, GITLAB_CI="true", CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    assert plan["changes"] == []
    assert [item["name"] for item in plan["later"]["expectations"]] == ["annual target"]


def test_a_branch_that_main_was_merged_into_is_no_test_merge(desk: SandboxDesk) -> None:
    desk.opened("[80, 100]", "[70, 100]")
    main_moves(desk, "budgets/teams/support.yaml", "10500.00", "11000.00")
    desk.repository.git("merge", "--quiet", "--no-edit", "origin/main")
    plan = planned(desk, GITHUB_BASE_REF="main")
    assert (plan["source"]["head"], plan["source"]["base"]) == (None, None)
    main_moves(desk, "budgets/teams/support.yaml", "11000.00", "11500.00")
    plan = planned(desk, GITHUB_BASE_REF="main")
    assert amounts(plan) == {}
    assert plan["source"]["head"] == desk.repository.head


def test_a_merge_that_a_run_by_hand_made_is_named_by_its_parents(desk: SandboxDesk) -> None:
    desk.opened("10500.00", "10600.00")
    head = desk.repository.head
    desk.repository.git("switch", "--quiet", "main")
    base = desk.repository.head
    by_hand = {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF_NAME": "main"}
    desk.repository.git("merge", "--quiet", "--no-ff", "--no-edit", "change")
    source = planned(desk, **by_hand)["source"]
    assert (source["head"], source["base"]) == (head, base)
    desk.repository.git("push", "--quiet", "origin", "main")
    source = planned(desk, **by_hand)["source"]
    assert (source["commit"], source["head"], source["base"]) == (desk.repository.head, None, None)


def test_a_branch_that_cannot_be_merged_is_refused_with_the_cure(desk: SandboxDesk) -> None:
    desk.opened("10500.00", "12000.00")
    main_moves(desk, "budgets/teams/support.yaml", "10500.00", "11000.00")
    planned(desk, ExitCode.REFUSED, GITLAB_CI="true", CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    assert "main moved on since this branch left it, and the two cannot be merged here" in desk.errors
    assert "git merge origin/main" in desk.errors


def test_a_branch_is_planned_as_it_is_where_main_moved_elsewhere(desk: SandboxDesk) -> None:
    desk.opened("10500.00", "12000.00")
    desk.repository.git("switch", "--quiet", "main")
    desk.repository.write({"README.md": "Budgets\n"})
    desk.repository.commit("Words")
    desk.repository.git("push", "--quiet", "origin", "main")
    desk.repository.git("switch", "--quiet", "change")
    plan = planned(desk, GITLAB_CI="true", CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    assert amounts(plan) == {"team_support": ("allocate", "1500.00")}
    assert plan["source"]["head"] is None
    assert "moved on" not in desk.errors


@pytest.mark.parametrize("desk", [{".gitattributes": "*.yaml text eol=crlf\n"}], indirect=True)
def test_an_approved_merge_is_applied_where_checkouts_end_lines_with_cr_lf(desk: SandboxDesk) -> None:
    desk.repository.branch("change")
    path = desk.repository.budgets / "teams" / "support.yaml"
    assert b"\r\n" in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(b"10500.00", b"10600.00"))
    desk.github.members |= {("acme/support-leads", "lena")}
    base = desk.repository.git("rev-parse", "main")
    commit = desk.repository.commit("Change")
    desk.repository.push(128)
    desk.github.pulls[128] = Pull(128, "alice", [(commit, "alice")], base, head_ref="change", patches={})
    planned(desk, GITHUB_BASE_REF="main")
    assert desk.kt("pr", "comment", "--plan", "../pr.json", "--pr", "128") == 0, desk.errors
    del desk.variables["GITHUB_BASE_REF"]
    desk.github.review(128, "lena")
    merge = desk.repository.merge("change")
    desk.github.merge(128, merge)
    planned(desk, GITHUB_EVENT_NAME="push", GITHUB_SHA=merge)
    code = desk.kt("apply", "--as-of", DAY, "--plan", "../pr.json", "--require-approval")
    assert code == ExitCode.DONE, desk.errors
    blob = subprocess.run(["git", "cat-file", "-p", "HEAD:budgets/teams/support.yaml"], capture_output=True, check=True)
    assert b"\r\n" not in blob.stdout
