"""The check to require: who approved, who is missing and why, bound to the plan that was shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forge.github_standin import Pull
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk, check
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

ON_GITHUB = pytest.mark.parametrize("host", ["github"], indirect=True)
"""Merge queues, and tokens that are GitHub's own."""


def gate(desk: MergeDesk, *options: str, code: ExitCode = ExitCode.DONE) -> dict[str, Any]:
    """Publish the check, and return what was said of the pull request."""
    said = desk.desk.kt("pr", "approval", "--check", "--format", "json", *options)
    assert said == code, desk.desk.output + desk.desk.errors
    (found,) = json.loads(desk.desk.output)["pull_requests"]
    return dict(found)


def says(desk: MergeDesk, words: str) -> bool:
    """Whether the check says more than its title, and `words` among it; GitLab has no room for more."""
    return desk.desk.host.is_gitlab or words in check(desk)["output"]["summary"]


def test_it_says_live_who_approved_and_who_is_missing(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "12500.00"), shown=False)
    assert gate(desk, "--pr", "128")["title"] == "No plan was shown for the last commit yet"
    assert check(desk)["conclusion"] == "action_required"
    assert says(desk, "acme/support-leads")

    desk.shown(128)
    assert gate(desk, "--pr", "128")["title"] == "Waits for acme/support-leads, acme/finance"
    desk.approved(128, "lena")
    assert gate(desk, "--pr", "128")["title"] == "Waits for acme/finance"
    assert says(desk, "USD 2,000.00 move, above USD 1,000.00")
    desk.approved(128, "bob")
    assert gate(desk, "--pr", "128")["title"] == "Approved by lena, bob"
    assert check(desk)["conclusion"] == "success"
    assert says(desk, "Approvals are of plan `")

    writes = len(desk.github.writes)
    assert gate(desk, "--pr", "128")["check"] == "unchanged"
    assert len(desk.github.writes) == writes


def test_it_says_why_an_approval_does_not_count(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"), shown=False)
    desk.approved(128, "lena")
    desk.shown(128)
    desk.approved(128, "bob")
    (missing,) = gate(desk, "--pr", "128")["missing"]
    assert missing["team"] == "support"
    assert missing["near_misses"] == ["lena approved before this plan was shown", "bob approved and is none of them"]
    assert desk.desk.host.is_gitlab or not says(desk, "@")


def test_whoever_approved_before_is_told_how_to_approve_once_more(desk: MergeDesk) -> None:
    """GitLab offers nobody a second approval: neither of a plan that is shown later nor of a later head."""
    desk.opened(128, desk.target("10500.00", "10600.00"), shown=False)
    desk.approved(128, "lena")
    desk.shown(128)
    ask = "ask @acme/support-leads to approve that commit, and run this again"
    again = "; whoever of them approved before has to revoke the approval and approve again"
    cure = ask + again * desk.desk.host.is_gitlab
    (missing,) = gate(desk, "--pr", "128")["missing"]
    assert (missing["near_misses"], missing["cure"]) == (["lena approved before this plan was shown"], cure)
    assert says(desk, cure.replace("@", ""))

    desk.approved(128, "lena")
    desk.repository.git("switch", "--quiet", "change-128")
    desk.target("10600.00", "10700.00")()
    old, head = desk.github.pulls[128].head, desk.repository.commit("More")
    desk.github.push(128, head, "alice")
    desk.repository.push(128)
    desk.repository.git("switch", "--quiet", "main")
    desk.shown(128)
    (missing,) = gate(desk, "--pr", "128")["missing"]
    assert (missing["near_misses"], missing["cure"]) == ([f"lena approved the older commit {old[:12]}"], cure)

    desk.merged(128)
    refused = desk.desk.kt("pr", "approval", "--as-of", DAY, "--merge-sha", desk.repository.head)
    assert refused == ExitCode.REFUSED, desk.desk.output
    assert "revoke" not in desk.desk.errors, "nobody can, once it is merged"
    assert ("approve that commit, by a thumb up" in desk.desk.errors) == desk.desk.host.is_gitlab


def test_where_no_owner_may_approve_it_waits_for_whoever_stands_in(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"), author="lena")
    found = gate(desk, "--pr", "128")
    assert found["title"] == "Waits for acme/finance"
    (missing,) = found["missing"]
    assert missing["owners"] == ["@acme/finance"]
    assert "@acme/support-leads has nobody who may approve what these authors wrote" in missing["message"]
    assert says(desk, "| support: its plan, wallets or alerts change | acme/finance |")

    desk.github.review(128, "bob", "CHANGES_REQUESTED")
    found = gate(desk, "--pr", "128")
    assert (found["title"], found["missing"][0]["owners"]) == ("Waits for acme/finance", ["@acme/finance"])


def test_of_very_many_who_could_stand_in_a_few_are_named(desk: MergeDesk) -> None:
    desk.github.members -= {("acme/finance", "bob"), ("acme/platform", "pat")}
    desk.github.administrators = {f"ada{number}" for number in range(9)}
    desk.opened(128, desk.target("10500.00", "10600.00"), author="lena")
    named = [f"ada{number}" for number in range(6)]
    assert gate(desk, "--pr", "128")["title"] == f"Waits for {' or '.join(named)} or 3 more"


def test_a_push_takes_the_approvals_with_it(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.approved(128, "lena")
    assert gate(desk, "--pr", "128")["state"] == "approved"
    desk.github.dismisses_stale = True
    desk.repository.git("switch", "--quiet", "change-128")
    desk.target("10600.00", "10700.00")()
    desk.github.push(128, desk.repository.commit("More"), "alice")
    desk.repository.push(128)
    desk.repository.git("switch", "--quiet", "main")
    desk.shown(128)
    assert gate(desk, "--pr", "128")["title"] == "Waits for acme/support-leads"


@pytest.mark.parametrize("what", ["another file", "a comment", "a readme among the budgets"])
def test_it_succeeds_where_no_value_of_the_budgets_changes(desk: MergeDesk, what: str) -> None:
    def edit() -> None:
        if what == "a comment":
            desk.repository.edit(SUPPORT_FILE, "what the pilot costs", "what the pilot cost")
        else:
            desk.repository.write({"src/a.txt" if what == "another file" else "budgets/README.md": "Hello\n"})

    desk.opened(128, edit, shown=False)
    assert gate(desk, "--pr", "128")["title"] == "No budgets change"
    assert check(desk)["conclusion"] == "success"


def test_files_with_errors_and_conflicts_are_refused(desk: MergeDesk) -> None:
    desk.opened(128, lambda: desk.repository.edit(SUPPORT_FILE, "monthly:", "montly:"), shown=False)
    assert "errors" in gate(desk, "--pr", "128")["title"] or "error" in gate(desk, "--pr", "128")["title"]
    assert check(desk)["conclusion"] == "failure"
    desk.opened(129, desk.target("10500.00", "10600.00"), shown=False)
    desk.pushed(desk.target("10500.00", "10900.00"))
    assert gate(desk, "--pr", "129")["title"] == "It conflicts with main"


def test_a_plan_onto_another_main_is_not_what_would_be_merged(desk: MergeDesk) -> None:
    desk.opened(128, lambda: desk.repository.edit(SUPPORT_FILE, "amount: 12500.00", "amount: 13000.00"))
    desk.approved(128, "lena")
    assert gate(desk, "--pr", "128")["state"] == "approved"
    desk.pushed(desk.target("300.00", "310.00", SHADOW_FILE))
    assert gate(desk, "--pr", "128")["state"] == "approved", "another team moved"
    desk.pushed(desk.target("10500.00", "10600.00"))
    found = gate(desk, "--pr", "128")
    assert found["state"] == "refused"
    assert "the plan of support moved since it was shown" in found["problems"][0]["message"]


def test_all_open_pull_requests_are_judged_where_none_is_named(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.opened(129, lambda: desk.repository.write({"README.md": "Hello\n"}), shown=False)
    desk.github.pulls[129].fork = "mallory/ai-budgets"
    assert desk.desk.kt("pr", "approval", "--check") == ExitCode.DONE, desk.desk.errors
    published = "in a fork" if desk.desk.host.is_gitlab else "published"
    assert desk.desk.output.splitlines() == [
        f"{desk.desk.host.request} 128: Waits for acme/support-leads (check: published)",
        "  support: its plan, wallets or alerts change: ask @acme/support-leads to approve that commit,"
        " and run this again",
        f"{desk.desk.host.request} 129: No budgets change (check: {published})",
    ]


def test_one_that_cannot_be_read_stops_no_other_one(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.github.pulls[127] = Pull(127, "alice", [("e" * 40, "alice")], desk.repository.head)
    desk.github.pulls[126] = Pull(126, "alice", [("d" * 40, "alice")], desk.repository.head, base_ref="gone")
    assert desk.desk.kt("pr", "approval", "--check") == ExitCode.DONE, desk.desk.errors
    said = [line for line in desk.desk.output.splitlines() if line.startswith(desk.desk.host.request)]
    assert f"{desk.desk.host.request} 128: Waits for acme/support-leads (check: published)" in said
    assert check(desk, "e" * 40)["conclusion"] == "failure"
    assert gate(desk, "--pr", "126")["title"] == "Gone is not known here"


@ON_GITHUB
def test_the_token_of_a_fork_can_publish_nothing_and_decides_by_its_exit_code(desk: MergeDesk) -> None:
    desk.desk.variables["GITHUB_TOKEN"] = "ghs_fork"
    desk.opened(129, lambda: desk.repository.write({"README.md": "Hello\n"}), shown=False)
    assert gate(desk, "--pr", "129")["check"] == "not allowed"
    desk.github.pulls.clear()
    desk.opened(128, desk.target("10500.00", "10600.00"), shown=False)
    assert gate(desk, "--pr", "128", code=ExitCode.REFUSED)["check"] == "not allowed"
    assert desk.github.checks == []


@ON_GITHUB
def test_members_are_read_with_a_token_of_their_own(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.approved(128, "lena")
    desk.github.reads_members = {"ghs_reader"}
    found = gate(desk, "--pr", "128")
    assert (found["state"], "members: read" in found["problems"][0]["cure"]) == ("refused", True)
    desk.desk.variables["KT_BUDGETS_MEMBERS_TOKEN"] = "ghs_reader"
    assert gate(desk, "--pr", "128")["state"] == "approved"


def queued(desk: MergeDesk, tmp_path: Path, *numbers: int, how: str = "merge", lie: int | None = None) -> str:
    """Put pull requests into a merge queue, each on top of the one before, and return the last commit."""
    repository = desk.repository
    repository.git("switch", "--quiet", "--detach", "main")
    for number in numbers:
        below = repository.head
        said = lie or number
        if how == "squash":
            repository.git("merge", "--quiet", "--squash", f"change-{number}")
            repository.commit(f"Change (#{said})")
        elif how == "rebase":
            repository.git("cherry-pick", f"main..change-{number}")
        else:
            subject = f"Merge pull request #{said} from acme/change-{number}"
            repository.git("merge", "--quiet", "--no-ff", "--message", subject, f"change-{number}")
        name = f"refs/heads/gh-readonly-queue/main/pr-{number}-{below}"
        if lie is None:
            repository.git("push", "--quiet", "origin", f"HEAD:{name}")
    head = repository.head
    event = tmp_path / "event.json"
    group = {"head_ref": f"refs/heads/gh-readonly-queue/main/pr-{numbers[-1]}-{below}", "head_sha": head}
    event.write_text(json.dumps({"merge_group": {**group, "base_sha": below}}), encoding="utf-8")
    desk.desk.variables["GITHUB_EVENT_PATH"] = str(event)
    desk.desk.variables["KEEPTRUSTS_API_TOKEN"] = ""
    repository.git("switch", "--quiet", "main")
    return head


@ON_GITHUB
@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_merge_queue_passes_what_is_approved(desk: MergeDesk, tmp_path: Path, how: str) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"), lambda: desk.repository.edit(SUPPORT_FILE, "[80", "[70"))
    desk.opened(129, desk.target("300.00", "310.00", SHADOW_FILE))
    desk.approved(128, "lena")
    desk.approved(129, "sam")
    head = queued(desk, tmp_path, 128, 129, how=how)
    assert desk.desk.kt("pr", "approval", "--check") == ExitCode.DONE, desk.desk.output + desk.desk.errors
    assert check(desk, head)["conclusion"] == "success"


@ON_GITHUB
def test_a_merge_queue_stops_one_that_is_not_approved_although_the_last_one_is(desk: MergeDesk, tmp_path: Path) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.opened(129, desk.target("300.00", "310.00", SHADOW_FILE))
    desk.approved(129, "sam")
    head = queued(desk, tmp_path, 128, 129)
    assert desk.desk.kt("pr", "approval", "--check") == ExitCode.REFUSED
    assert check(desk, head)["conclusion"] == "action_required"
    assert "pull request 128: Waits for acme/support-leads" in desk.desk.output


@ON_GITHUB
def test_a_merge_queue_stops_what_no_plan_was_recorded_for_and_passes_others(desk: MergeDesk, tmp_path: Path) -> None:
    desk.opened(128, lambda: desk.repository.write({"README.md": "Hello\n"}), shown=False)
    head = queued(desk, tmp_path, 128)
    assert desk.desk.kt("pr", "approval", "--check") == ExitCode.DONE, desk.desk.errors
    assert check(desk, head)["conclusion"] == "success"
    desk.opened(129, desk.target("300.00", "310.00", SHADOW_FILE), shown=False)
    head = queued(desk, tmp_path, 129)
    assert desk.desk.kt("pr", "approval", "--check") == ExitCode.REFUSED
    assert check(desk, head)["conclusion"] == "action_required"


@ON_GITHUB
def test_a_subject_that_names_another_pull_request_is_found_out_by_its_content(desk: MergeDesk, tmp_path: Path) -> None:
    desk.opened(127, desk.target("10500.00", "10600.00"))
    desk.approved(127, "lena")
    desk.opened(128, desk.target("10500.00", "10900.00"))
    desk.opened(129, lambda: desk.repository.write({"README.md": "Hello\n"}), shown=False)
    head = queued(desk, tmp_path, 128, 129, how="squash", lie=127)
    assert desk.desk.kt("pr", "approval", "--check") == ExitCode.REFUSED
    assert check(desk, head)["conclusion"] == "failure"
    assert "the queue made other budgets of it" in desk.desk.output.lower()


@ON_GITHUB
def test_a_merge_queue_plans_again_where_it_may_ask_keeptrusts(desk: MergeDesk, tmp_path: Path) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.approved(128, "lena")
    token = desk.desk.variables["KEEPTRUSTS_API_TOKEN"]
    queued(desk, tmp_path, 128)
    desk.desk.variables["KEEPTRUSTS_API_TOKEN"] = token
    assert desk.desk.kt("pr", "approval", "--check", "--as-of", "2026-06-18") == ExitCode.DONE, desk.desk.output
    desk.desk.by_hand(300.0)
    assert desk.desk.kt("pr", "approval", "--check", "--as-of", "2026-06-18") == ExitCode.REFUSED
    assert "the plan of support moved since it was shown" in desk.desk.output.lower()


def two_of_one_team(desk: MergeDesk, tmp_path: Path, second: Callable[[], None]) -> str:
    """Put two approved pull requests of support into a queue; return the token to ask Keeptrusts with."""
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.opened(129, second)
    desk.approved(128, "lena")
    desk.approved(129, "lena")
    token = desk.desk.variables["KEEPTRUSTS_API_TOKEN"]
    queued(desk, tmp_path, 128, 129)
    return token


@ON_GITHUB
def test_the_second_of_one_team_is_judged_on_top_of_the_first_as_it_would_be_applied(
    desk: MergeDesk, tmp_path: Path
) -> None:
    token = two_of_one_team(desk, tmp_path, lambda: desk.repository.edit(SUPPORT_FILE, "[80", "[70"))
    assert desk.desk.kt("pr", "approval", "--check") == ExitCode.REFUSED, "nobody asks Keeptrusts what both would do"
    assert "#128 is in front of it in the queue and changes support too" in desk.desk.output
    desk.desk.variables["KEEPTRUSTS_API_TOKEN"] = token
    assert desk.desk.kt("pr", "approval", "--check", "--as-of", "2026-06-18") == ExitCode.DONE, desk.desk.output
    desk.desk.by_hand(300.0)
    assert desk.desk.kt("pr", "approval", "--check", "--as-of", "2026-06-18") == ExitCode.REFUSED


@ON_GITHUB
def test_refreshing_a_queue_stops_what_was_not_shown_and_posts_a_check_for_others(
    desk: MergeDesk, tmp_path: Path
) -> None:
    token = desk.desk.variables["KEEPTRUSTS_API_TOKEN"]
    desk.opened(128, desk.target("10500.00", "10600.00"), shown=False)
    head = queued(desk, tmp_path, 128)
    desk.desk.variables["KEEPTRUSTS_API_TOKEN"] = token
    assert desk.desk.kt("pr", "refresh", "--as-of", "2026-06-18") == ExitCode.REFUSED
    assert [item["conclusion"] for item in desk.github.checks if item["head_sha"] == head] == ["failure"]
    desk.opened(129, lambda: desk.repository.write({"README.md": "Hello\n"}), shown=False)
    head = queued(desk, tmp_path, 129)
    desk.desk.variables["KEEPTRUSTS_API_TOKEN"] = token
    assert desk.desk.kt("pr", "refresh", "--as-of", "2026-06-18") == ExitCode.DONE, desk.desk.errors
    assert [item["conclusion"] for item in desk.github.checks if item["head_sha"] == head] == ["success"]


def test_a_second_request_of_the_same_commit_into_another_branch_changes_nothing_there(desk: MergeDesk) -> None:
    pull = desk.opened(128, desk.target("10500.00", "11200.00"))
    desk.repository.git("push", "--quiet", "origin", f"{pull.head}:refs/heads/scratch")
    desk.github.pulls[129] = Pull(129, "alice", pull.commits, pull.base, head_ref=pull.head_ref, base_ref="scratch")
    reference = "merge-requests" if desk.desk.host.is_gitlab else "pull"
    desk.repository.git("push", "--quiet", "origin", f"{pull.head}:refs/{reference}/129/head")
    assert gate(desk, "--pr", "128")["state"] == "waiting"
    found = gate(desk, "--pr", "129")
    assert (found["pull_request"], found["state"]) == (128, "waiting")
    assert check(desk)["conclusion"] == "action_required"

    desk.github.pulls[128].state = "closed"
    assert gate(desk, "--pr", "129")["state"] == "nothing"
    assert check(desk)["conclusion"] == "success"
