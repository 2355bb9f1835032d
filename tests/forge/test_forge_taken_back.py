"""Budgets that leave a request again: its comment says so, and shows no money that nobody would get."""

from __future__ import annotations

import json

import pytest
from forge.github_standin import answer
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

SAYS = "No budgets change any more"


def refreshed(desk: MergeDesk) -> str:
    desk.repository.git("switch", "--quiet", "main")
    assert desk.desk.kt("pr", "refresh", "--as-of", DAY, "--format", "json") == ExitCode.DONE, desk.desk.errors
    (found,) = json.loads(desk.desk.output)["pull_requests"]
    return str(found["state"])


def taken_out(desk: MergeDesk) -> None:
    """Open a request of USD 700, show it, and take that out of it again; its README stays."""
    desk.opened(128, desk.target("10500.00", "11200.00"))
    assert "USD 700" in desk.comment(128)
    pushed(desk, "11200.00", "10500.00")


def pushed(desk: MergeDesk, before: str, after: str) -> None:
    desk.repository.git("switch", "--quiet", "change-128")
    desk.repository.edit(SUPPORT_FILE, f"monthly: {before}", f"monthly: {after}")
    desk.repository.write({"README.md": f"{after}\n"})
    desk.github.push(128, desk.repository.commit("Think again"), "alice")
    desk.repository.push(128)
    desk.repository.git("switch", "--quiet", "main")


def test_a_refresh_takes_the_comment_back_once_and_a_new_plan_stands_there_again(desk: MergeDesk) -> None:
    taken_out(desk)
    assert refreshed(desk) == "no budgets change"
    assert SAYS in desk.comment(128)
    assert "USD" not in desk.comment(128)
    writes = len(desk.github.writes)
    assert refreshed(desk) == "no budgets change"
    assert len(desk.github.writes) == writes

    pushed(desk, "10500.00", "10900.00")
    desk.shown(128)
    assert "USD 400" in desk.comment(128)
    assert SAYS not in desk.comment(128)
    assert refreshed(desk) == "current"


def test_the_run_of_the_request_itself_takes_it_back_when_it_judges_approvals(desk: MergeDesk) -> None:
    taken_out(desk)
    assert desk.desk.kt("pr", "approval", "--check", "--pr", "128") == ExitCode.DONE, desk.desk.errors
    assert SAYS in desk.comment(128)


def test_what_came_in_another_way_is_taken_back_too(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11200.00"))
    desk.pushed(desk.target("10500.00", "11200.00"))
    assert refreshed(desk) == "no budgets change"
    assert SAYS in desk.comment(128)


def test_whatever_is_checked_out_the_branch_that_it_goes_into_tells(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11200.00"))
    desk.repository.git("switch", "--quiet", "change-128")
    assert desk.desk.kt("pr", "refresh", "--as-of", DAY) == ExitCode.DONE, desk.desk.errors
    assert "USD 700" in desk.comment(128)


def test_a_request_without_a_comment_gets_none(desk: MergeDesk) -> None:
    desk.opened(128, lambda: desk.repository.write({"README.md": "Hello\n"}), shown=False)
    assert refreshed(desk) == "no plan was recorded"
    assert desk.github.ours(128) == []


def test_a_request_that_is_merged_keeps_what_was_reviewed(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11200.00"))
    desk.approved(128, "lena")
    desk.merged(128)
    assert desk.desk.kt("pr", "approval", "--check", "--pr", "128") == ExitCode.DONE, desk.desk.errors
    assert "USD 700" in desk.comment(128)


@pytest.mark.parametrize("status", [403, 404])
def test_a_token_that_may_not_write_the_comment_stops_nothing(desk: MergeDesk, status: int) -> None:
    taken_out(desk)
    desk.github.fail("(PATCH|PUT) .*/(comments|notes)/.*", *[answer(status)] * 3)
    assert desk.desk.kt("pr", "approval", "--check", "--pr", "128") == ExitCode.DONE, desk.desk.errors
    assert "its comment is left as it was" in desk.desk.errors
    assert "USD 700" in desk.comment(128)


def test_one_whose_last_commit_the_forge_lost_stops_no_other_one(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11200.00"))
    desk.opened(129, desk.target("300.00", "350.00", SHADOW_FILE))
    reference = "merge-requests" if desk.desk.host.is_gitlab else "pull"
    desk.repository.git("push", "--quiet", "origin", "--delete", f"refs/{reference}/128/head")
    desk.repository.git("switch", "--quiet", "main")
    assert desk.desk.kt("pr", "refresh", "--as-of", DAY, "--format", "json") == ExitCode.DONE, desk.desk.errors
    lost, found = (item["state"] for item in json.loads(desk.desk.output)["pull_requests"])
    assert lost.startswith("cannot be planned: ")
    assert found == "current"
