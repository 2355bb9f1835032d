"""Workflow runs that are started again: their commit is an old one, and what they found out is not what holds."""

from __future__ import annotations

import json

import pytest
from forge.gitlab_state import BOT, GitLabState
from forge.merge_desk import SUPPORT_FILE, MergeDesk

from reconciler.findings import ExitCode
from reconciler.policy.plan_record import PlanRecord, read_record

ALERT = ("amount: 12500.00", "amount: 13000.00")


def records(desk: MergeDesk) -> list[PlanRecord]:
    state = desk.github
    if isinstance(state, GitLabState):
        texts = [item["body"] for item in state.comments if item["user"]["login"] == BOT]
    else:
        texts = [check["output"]["text"] for check in state.checks]
    return [record for text in texts if (record := read_record(text))]


def made_to_test(desk: MergeDesk, number: int) -> str:
    """Return the merge that GitHub makes to test a pull request."""
    desk.repository.git("switch", "--quiet", "--detach", "main")
    desk.repository.git("merge", "--quiet", "--no-edit", "--no-ff", f"change-{number}")
    commit = desk.repository.head
    desk.repository.git("switch", "--quiet", "main")
    return commit


def run(desk: MergeDesk, number: int, commit: str, *, run_id: int, attempt: int = 1) -> int:
    """Do what the plan workflow does, in a run that has `commit` checked out."""
    variables = {**desk.desk.host.of_test_merge, **desk.desk.host.of_run(run_id, attempt)}
    desk.repository.git("checkout", "--quiet", "--detach", commit)
    desk.desk.variables |= variables
    try:
        made = desk.desk.kt("plan", "--as-of", "2026-06-18", "--usage", desk.usage, "--output", "../run.json")
        assert made == ExitCode.DONE, desk.desk.errors
        return desk.desk.kt("pr", "comment", "--plan", "../run.json", "--pr", str(number))
    finally:
        for name in variables:
            desk.desk.variables[name] = ""
        desk.repository.git("switch", "--quiet", "main")


def test_a_record_names_its_run_and_what_it_was_made_from(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "12500.00"), shown=False)
    commit = made_to_test(desk, 128)
    assert run(desk, 128, commit, run_id=1001) == ExitCode.DONE, desk.desk.errors
    (record,) = records(desk)
    base = desk.repository.git("rev-parse", "main")
    assert (record.run, record.made_from, record.base) == ((1001, 1), commit, base)


def test_a_run_that_is_started_again_after_a_newer_one_overwrites_neither_comment_nor_record(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "12500.00"), shown=False)
    commit = made_to_test(desk, 128)
    assert run(desk, 128, commit, run_id=1001) == ExitCode.DONE, desk.desk.errors
    desk.desk.by_hand(300.0)
    assert run(desk, 128, commit, run_id=1002) == ExitCode.DONE, desk.desk.errors
    newest, comments = records(desk)[-1], desk.github.ours(128)
    desk.desk.by_hand(100.0)
    assert run(desk, 128, commit, run_id=1001, attempt=2) == ExitCode.DONE, desk.desk.errors
    assert f"{desk.desk.host.check}: superseded" in desk.desk.output
    assert (records(desk)[-1], desk.github.ours(128)) == (newest, comments)


def test_a_run_that_is_started_again_after_another_merge_is_refused_and_names_the_one_to_start(desk: MergeDesk) -> None:
    desk.opened(128, lambda: desk.repository.edit(SUPPORT_FILE, *ALERT), shown=False)
    old = made_to_test(desk, 128)
    assert run(desk, 128, old, run_id=1001) == ExitCode.DONE, desk.desk.errors
    desk.opened(129, desk.target("10500.00", "12500.00"))
    desk.approved(129, "lena", "bob")
    desk.merged(129)
    assert desk.apply() == ExitCode.DONE, desk.desk.errors
    assert desk.funded() == 12500.0
    before = (desk.github.ours(128), records(desk))

    assert run(desk, 128, old, run_id=1001, attempt=2) == ExitCode.STALE
    assert "merging it now gives other budgets than were planned; nothing was written" in desk.desk.errors
    start = {"GitHub": "gh workflow run plan.yml -f pull_request=128", "GitLab": "`KT_BUDGETS_PULL_REQUEST=128`"}
    assert start[desk.desk.host.name] in desk.desk.errors
    assert desk.desk.kt("pr", "check", "--plan", "../run.json", "--pr", "128") == ExitCode.STALE
    assert (desk.github.ours(128), records(desk)) == before

    assert run(desk, 128, made_to_test(desk, 128), run_id=1003) == ExitCode.DONE, desk.desk.errors
    assert "2,000" not in desk.github.ours(128)[0]


def test_a_branch_that_conflicts_by_now_is_said_to(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"), shown=False)
    old = made_to_test(desk, 128)
    desk.pushed(desk.target("10500.00", "12500.00"))
    assert run(desk, 128, old, run_id=1001) == ExitCode.STALE
    assert "it conflicts with it now" in desk.desk.errors


def test_a_base_that_moved_without_other_budgets_refuses_nothing(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "12500.00"), shown=False)
    old = made_to_test(desk, 128)
    desk.pushed(lambda: desk.repository.write({"README.md": "Hello.\n"}))
    assert run(desk, 128, old, run_id=1001) == ExitCode.DONE, desk.desk.errors


@pytest.mark.parametrize("state", ["merged", "closed"])
def test_a_run_that_is_started_again_for_what_is_over_changes_nothing_and_says_so(desk: MergeDesk, state: str) -> None:
    desk.opened(128, desk.target("10500.00", "12500.00"), shown=False)
    commit = made_to_test(desk, 128)
    assert run(desk, 128, commit, run_id=1001) == ExitCode.DONE, desk.desk.errors
    desk.approved(128, "lena", "bob")
    if state == "merged":
        desk.merged(128)
        assert desk.apply() == ExitCode.DONE, desk.desk.errors
    else:
        desk.github.pulls[128].state = "closed"
    before = len(desk.github.writes)
    assert run(desk, 128, commit, run_id=1001, attempt=2) == ExitCode.DONE, desk.desk.errors
    assert f"{desk.desk.host.request} 128 is {state}" in desk.desk.output
    assert desk.desk.kt("pr", "check", "--plan", "../run.json", "--pr", "128", "--format", "json") == ExitCode.DONE
    assert json.loads(desk.desk.output)["check"] == "left alone"
    assert len(desk.github.writes) == before


def test_an_old_run_of_apply_that_is_started_again_tells_what_it_applied_since(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11200.00"), shown=False)
    assert run(desk, 128, made_to_test(desk, 128), run_id=7005) == ExitCode.DONE, desk.desk.errors
    desk.approved(128, "lena")
    desk.merged(128)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 11200.0
    assert "Checked afterwards: Keeptrusts is as the YAML says. Approved by lena." in desk.comment()
