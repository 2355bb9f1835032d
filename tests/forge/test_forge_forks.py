"""Change requests from forks: recorded as any other where the forge lets them be, else once they are merged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from forge.gitlab_state import GitLabState
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, Edit, MergeDesk, check
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

ON_GITLAB = pytest.mark.parametrize("host", ["gitlab"], indirect=True)
WHY = "This comes from a fork, where GitLab takes no status: it is recorded and approved once it is merged"


def from_fork(desk: MergeDesk, edit: Edit, number: int = 128) -> None:
    desk.opened(number, edit, author="mallory", shown=False).fork = "mallory/ai-budgets"
    desk.github.public_forks = {"mallory/ai-budgets"}


def show(desk: MergeDesk, code: ExitCode = ExitCode.DONE) -> None:
    desk.repository.git("switch", "--quiet", "main")
    assert desk.desk.kt("pr", "show", "--as-of", DAY, "--usage", desk.usage) == code, desk.desk.errors


def gate(desk: MergeDesk, number: int = 128) -> dict[str, Any]:
    said = desk.desk.kt("pr", "approval", "--check", "--pr", str(number), "--format", "json")
    assert said == ExitCode.DONE, desk.desk.output + desk.desk.errors
    (found,) = json.loads(desk.desk.output)["pull_requests"]
    return dict(found)


def records(desk: MergeDesk) -> list[str]:
    return [note["body"] for note in desk.github.comments if "kt-budgets:record" in note["body"]]


def statuses(desk: MergeDesk) -> list[dict[str, Any]]:
    assert isinstance(desk.github, GitLabState)
    return desk.github.statuses


def test_one_of_a_fork_is_shown_and_judged_without_a_failure_however_often(desk: MergeDesk) -> None:
    from_fork(desk, desk.target("10500.00", "10900.00"))
    desk.opened(129, desk.target("300.00", "310.00", SHADOW_FILE), shown=False)
    for run in range(3):
        desk.desk.variables |= desk.desk.host.of_run(1000 + run)
        show(desk)
        assert desk.desk.kt("pr", "approval", "--check") == ExitCode.DONE, desk.desk.output
    assert "USD 400" in desk.comment(128)
    assert check(desk, desk.github.pulls[129].head)["conclusion"] == "action_required"
    desk.approved(128, "lena")
    found = gate(desk)
    on_gitlab = desk.desk.host.is_gitlab
    assert (found["state"], found["check"]) == (("waiting", "in a fork") if on_gitlab else ("approved", "published"))
    assert desk.comment(128).count(WHY) == on_gitlab


@ON_GITLAB
def test_one_of_a_fork_leaves_no_record_and_says_how_it_is_approved(desk: MergeDesk) -> None:
    from_fork(desk, desk.target("10500.00", "10900.00"))
    for run in range(3):
        desk.desk.variables |= desk.desk.host.of_run(1000 + run)
        show(desk)
    assert "no status" not in desk.desk.errors
    assert (records(desk), statuses(desk)) == ([], [])
    (comment,) = desk.github.ours(128)
    assert WHY in comment
    assert "by a thumb up" in comment
    assert "push its branch into the project itself" in comment
    (problem,) = gate(desk)["problems"]
    assert WHY.lower() == problem["message"].lower()
    assert "start it by hand" not in problem["cure"]
    assert "push its branch into the project itself" in problem["cure"]


@ON_GITLAB
def test_one_of_a_fork_is_told_by_each_command_and_refused_by_none(desk: MergeDesk) -> None:
    from_fork(desk, lambda: desk.repository.edit(SUPPORT_FILE, "monthly:", "montly:"))
    show(desk)
    assert WHY in desk.comment(128)
    found = gate(desk)
    assert (found["state"], found["check"]) == ("refused", "in a fork")
    from_fork(desk, lambda: desk.repository.write({"README.md": "Hello\n"}), 129)
    found = gate(desk, 129)
    assert (found["title"], found["check"]) == ("No budgets change", "in a fork")

    from_fork(desk, desk.target("300.00", "310.00", SHADOW_FILE), 130)
    desk.shown(130)
    assert "status: in a fork" in desk.desk.output
    plan = ("--plan", "../pr.json", "--pr", "130")
    desk.repository.git("switch", "--quiet", "change-130")
    assert desk.desk.kt("pr", "check", *plan, "--format", "json") == ExitCode.DONE, desk.desk.errors
    assert json.loads(desk.desk.output)["check"] == "in a fork"
    assert (records(desk), statuses(desk)) == ([], [])


@ON_GITLAB
@pytest.mark.parametrize("how", ["merge", "squash"])
def test_what_is_merged_from_a_fork_is_recorded_approved_and_applied_then(desk: MergeDesk, how: str) -> None:
    from_fork(desk, desk.target("10500.00", "10900.00"))
    show(desk)
    desk.approved(128, "lena")
    desk.merged(128, how)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.funded() == 10500.0
    assert len(records(desk)) == 1
    assert "by a thumb up" in desk.comment(128)
    assert desk.told() == ExitCode.REFUSED, "what was approved before it was recorded counts for nothing"
    assert len(records(desk)) == 1

    desk.approved(128, "lena")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10900.0
    assert "Approved by lena" in desk.comment(128)
    assert WHY not in desk.comment(128)
