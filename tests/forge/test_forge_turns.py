"""Turns that a pull request can take: reverted and brought back, moved to another branch, a folder that is renamed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.github_standin import State
from forge.merge_desk import SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    with merge_desk(tmp_path, github, github_url, capsys) as made:
        yield made


def _merged(desk: MergeDesk, number: int, before: str, after: str, how: str = "merge") -> str:
    desk.opened(number, desk.target(before, after))
    desk.approved(number, "lena")
    return desk.merged(number, how)


def _reverted(desk: MergeDesk, number: int, commit: str) -> None:
    """Open the pull request that GitHub's button makes: it reverts a merge."""

    def revert() -> None:
        is_merge = len(desk.repository.git("rev-list", "--parents", "-n", "1", commit).split()) > 2
        desk.repository.git("revert", "--no-commit", *(("--mainline", "1") if is_merge else ()), commit)

    desk.opened(number, revert)


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_a_revert_and_the_revert_of_that_are_applied_like_any_other_change(desk: MergeDesk, how: str) -> None:
    first = _merged(desk, 128, "10500.00", "10900.00", how)
    assert desk.apply() == ExitCode.DONE, desk.desk.errors
    _reverted(desk, 129, first)
    desk.approved(129, "lena")
    second = desk.merged(129, how)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert (desk.statuses, desk.funded()) == ([(129, "applied")], 10500.0)
    _reverted(desk, 130, second)
    desk.approved(130, "lena")
    desk.merged(130, how)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert (desk.statuses, desk.funded()) == ([(130, "applied")], 10900.0)
    assert desk.apply() == ExitCode.DONE
    assert (desk.statuses, desk.funded()) == ([], 10900.0)


def test_all_three_merged_before_any_is_applied_come_to_what_was_approved_last(desk: MergeDesk) -> None:
    first = _merged(desk, 128, "10500.00", "10900.00")
    _reverted(desk, 129, first)
    desk.approved(129, "lena")
    second = desk.merged(129)
    _reverted(desk, 130, second)
    desk.approved(130, "lena")
    desk.merged(130)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10900.0
    assert desk.merges["pending"] == 0


def test_what_was_taken_back_before_it_was_applied_is_told_in_both_pull_requests(desk: MergeDesk) -> None:
    first = _merged(desk, 128, "10500.00", "10900.00")
    _reverted(desk, 129, first)
    desk.merged(129)
    for _ in range(2):
        assert desk.told() == ExitCode.DONE, desk.desk.output
        assert desk.statuses == [(128, "nothing"), (129, "nothing")]
        assert "Nothing left to apply" in desk.comment(128)
        assert "Nothing left to apply" in desk.comment(129)
    assert desk.funded() == 10500.0


def test_a_pull_request_that_reverts_a_direct_push_is_told_that_nothing_is_left(desk: MergeDesk) -> None:
    """What was applied between the two keeps its own receipt."""
    pushed = desk.pushed(desk.target("300.00", "99000.00", "budgets/teams/shadow.yaml"))
    _merged(desk, 128, "10500.00", "10900.00")
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.statuses == [(None, "refused"), (128, "applied")]
    receipt = desk.comment(128)
    _reverted(desk, 129, pushed)
    desk.merged(129)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.statuses == [(None, "nothing"), (129, "nothing")]
    assert "Nothing left to apply" in desk.comment(129)
    assert desk.comment(128) == receipt
    assert (desk.funded(), desk.funded("team_shadow")) == (10900.0, 300.0)


def test_a_branch_that_was_merged_and_reverted_is_opened_again_with_a_commit_on_top(desk: MergeDesk) -> None:
    """Git sees nothing new in what was merged before; only the new commit comes in."""
    first = _merged(desk, 128, "10500.00", "10900.00")
    assert desk.apply() == ExitCode.DONE, desk.desk.errors
    _reverted(desk, 129, first)
    desk.approved(129, "lena")
    desk.merged(129)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    repository = desk.repository
    repository.git("switch", "--quiet", "change-128")
    repository.edit(SUPPORT_FILE, "[80, 100]", "[100]")
    head = repository.commit("Once more")
    pull = desk.github.pulls[128]
    desk.github.pulls[131] = type(pull)(
        131, "alice", [(head, "alice")], repository.git("rev-parse", "main"), head_ref="change-128"
    )
    repository.push(131)
    desk.shown(131)
    desk.approved(131, "lena")
    desk.merged(131)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10500.0, "10,900 was taken back, and nobody was shown that it comes again"
    assert desk.landing(131)["status"] == "applied"


def test_a_pull_request_that_was_moved_to_another_base_after_its_approval_is_shown_again(desk: MergeDesk) -> None:
    """Approved onto a branch that raised support before; merged onto main it says more than was shown."""
    repository = desk.repository
    repository.branch("release")
    repository.edit(SUPPORT_FILE, "monthly: 10500.00", "monthly: 10800.00, overrides: {2026-08: 10990.00}")
    release = repository.commit("Raise it on the branch")
    repository.git("switch", "--quiet", "--create", "change-128", "release")
    repository.edit(SUPPORT_FILE, "[80, 100]", "[100]")
    head = repository.commit("One alert less")
    repository.push(128)
    pull = desk.opened(129, desk.target("300.00", "310.00", "budgets/teams/shadow.yaml"))
    desk.github.pulls[128] = type(pull)(
        128, "alice", [(head, "alice")], release, head_ref="change-128", base_ref="release"
    )
    repository.git("switch", "--quiet", "--detach", "release")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "change-128")
    desk.desk.variables["GITHUB_BASE_REF"] = "release"
    assert desk.desk.kt("plan", "--as-of", DAY, "--usage", desk.usage, "--output", "../pr.json") == ExitCode.DONE
    assert desk.desk.kt("pr", "comment", "--plan", "../pr.json", "--pr", "128") == ExitCode.DONE, desk.desk.errors
    del desk.desk.variables["GITHUB_BASE_REF"]
    repository.git("switch", "--quiet", "main")
    desk.approved(128, "lena")
    desk.github.pulls[128].base_ref = "main"
    desk.github.pulls[128].base = repository.git("rev-parse", "main")

    desk.desk.kt("pr", "approval", "--check", "--pr", "128", "--as-of", DAY)
    gate = [check for check in desk.github.checks if check["name"] == "kt-budgets / approval"][-1]
    assert gate["conclusion"] == "failure", gate["output"]
    assert "moved since it was shown" in gate["output"]["title"]
    desk.merged(128)
    assert desk.told() == ExitCode.STALE, desk.desk.output
    assert "#128 was shown onto" in desk.landing(128)["refused"]["support"]
    assert desk.funded() == 10500.0
    assert "10,990" in desk.comment()
    assert desk.told() == ExitCode.REFUSED, "the approval is older than what was shown now"
    desk.approved(128, "lena")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10800.0


def test_a_draft_is_shown_and_judged_like_any_other(desk: MergeDesk) -> None:
    desk.github.drafts.add(128)
    desk.opened(128, desk.target("10500.00", "10900.00"))
    desk.approved(128, "lena")
    desk.desk.kt("pr", "approval", "--check", "--pr", "128", "--as-of", DAY)
    gate = [check for check in desk.github.checks if check["name"] == "kt-budgets / approval"][-1]
    assert gate["conclusion"] == "success", gate["output"]
    desk.github.drafts.clear()
    desk.merged(128)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10900.0


def _renamed(desk: MergeDesk) -> None:
    (desk.repository.folder / "finance").mkdir()
    desk.repository.git("mv", "budgets", "finance/budgets")


def test_a_folder_that_is_renamed_moves_no_money_and_is_applied_once_it_was_approved(desk: MergeDesk) -> None:
    desk.opened(128, lambda: _renamed(desk), shown=False)
    repository = desk.repository
    repository.git("switch", "--quiet", "--detach", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "change-128")
    desk.desk.variables["GITHUB_BASE_REF"] = "main"
    there = ("--budgets", "finance/budgets")
    made = desk.desk.kt("plan", *there, "--as-of", DAY, "--usage", desk.usage, "--output", "../pr.json")
    assert made == ExitCode.DONE, desk.desk.errors
    shown = desk.desk.kt("pr", "comment", *there, "--plan", "../pr.json", "--pr", "128")
    assert shown == ExitCode.DONE, desk.desk.errors
    del desk.desk.variables["GITHUB_BASE_REF"]
    assert desk.github.ours(128) == [], "no value changes"
    repository.git("switch", "--quiet", "main")
    desk.approved(128, "lena", "bob", "sam")
    desk.merged(128)
    applied = desk.desk.kt("pr", "apply", *there, "--as-of", DAY, "--format", "json")
    assert applied == ExitCode.DONE, desk.desk.output + desk.desk.errors
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 300.0)
    opened = desk.desk.kt("apply", *there, "--period", "2026-07", "--as-of", "2026-07-01")
    assert opened == ExitCode.DONE, desk.desk.errors
    assert desk.funded() == 21000.0
    assert desk.desk.kt("drift", *there, "--as-of", DAY) == ExitCode.DONE, desk.desk.output


def test_a_pull_request_of_a_fork_is_applied_once_its_plan_was_shown_and_approved(desk: MergeDesk) -> None:
    pull = desk.opened(128, desk.target("10500.00", "10900.00"), author="stranger")
    pull.fork = "stranger/ai-budgets"
    desk.github.public_forks = {pull.fork}
    desk.shown(128)
    desk.approved(128, "lena")
    desk.merged(128)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10900.0


def test_owners_of_a_renamed_folder_are_those_from_before_it(desk: MergeDesk) -> None:
    def taken() -> None:
        _renamed(desk)
        desk.repository.edit("finance/budgets/org.yaml", 'owners: ["@acme/finance"]', 'owners: ["@mallory"]')
        desk.repository.edit("finance/budgets/teams/support.yaml", "10500.00", "10900.00")
        desk.repository.edit("finance/budgets/teams/support.yaml", "@acme/support-leads", "@mallory")

    desk.opened(128, taken, shown=False, author="alice")
    desk.approved(128, "mallory")
    desk.desk.kt("pr", "approval", "--check", "--pr", "128", "--as-of", DAY)
    gate = [check for check in desk.github.checks if check["name"] == "kt-budgets / approval"][-1]
    assert gate["conclusion"] == "action_required"
    desk.merged(128)
    there = ("--budgets", "finance/budgets", "--as-of", DAY, "--format", "json")
    plans = ("--plans", str(desk.repository.folder.parent / "plans"))
    assert desk.desk.kt("pr", "apply", *there, *plans) == ExitCode.REFUSED, desk.desk.output
    (landing,) = desk.merges["landings"]
    assert {"@acme/finance", "@acme/support-leads"} <= set(landing["missing"])
    assert desk.funded() == 10500.0


def test_a_folder_of_which_there_were_two_is_refused(desk: MergeDesk) -> None:
    copied = {"other/org.yaml": (desk.repository.folder / "budgets" / "org.yaml").read_text(encoding="utf-8")}
    desk.pushed(lambda: desk.repository.write(copied))
    desk.desk.apply()
    desk.pushed(lambda: _renamed(desk))
    refused = desk.desk.kt("pr", "apply", "--budgets", "finance/budgets", "--as-of", DAY)
    assert refused == ExitCode.REFUSED, desk.desk.output
    assert "which of them came before cannot be told" in desk.desk.errors
