"""Merge trains of GitLab that fast-forward: the commits on the branch are the request's by their content alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode
from reconciler.model.outcome import Run

pytestmark = pytest.mark.slow


@pytest.fixture
def train(desk: MergeDesk) -> MergeDesk:
    """A desk on GitLab whose branch moved on since the requests to come were opened: the train rebases them."""
    if not desk.desk.host.is_gitlab:
        pytest.skip("GitHub tells which commit a rebase ended with")
    return desk


def lose_head(train: MergeDesk, number: int) -> None:
    """Let nobody have the last commit of a request any more."""
    repository = train.repository
    repository.git(
        "push", "--quiet", "origin", "--delete", f"refs/merge-requests/{number}/head", f"refs/pull/{number}/head"
    )
    repository.git("branch", "--quiet", "-D", train.github.pulls[number].head_ref)
    repository.git("reflog", "expire", "--expire=now", "--all")
    for place in (repository.folder, repository.remote):
        repository.git("-C", str(place), "gc", "--quiet", "--prune=now")


def moved_on(desk: MergeDesk) -> None:
    desk.opened(127, lambda: desk.repository.write({"README.md": "# Budgets\n"}), shown=False)
    desk.merged(127)


def approved_behind(train: MergeDesk) -> None:
    """Have a request approved whose target branch has moved on since."""
    train.opened(128, train.target("10500.00", "11000.00"))
    train.approved(128, "lena")
    moved_on(train)


def test_what_a_train_brought_is_applied_by_the_approvals_of_its_request(train: MergeDesk) -> None:
    train.opened(128, train.target("10500.00", "11000.00"))
    train.opened(129, train.target("300.00", "400.00", SHADOW_FILE))
    train.approved(128, "lena")
    moved_on(train)
    assert train.merged(128, "train") != train.github.pulls[128].head
    train.merged(129, "train")
    assert train.told() == ExitCode.REFUSED, train.desk.output
    assert train.statuses == [(128, "applied"), (129, "refused")]
    assert (train.funded(), train.funded("team_shadow")) == (11000.0, 300.0)
    assert "Approved by lena" in train.comment(128)
    assert "acme/shadow-leads" in train.comment(129)


def test_all_commits_of_a_request_are_its_own_though_the_forge_names_it_for_the_last(train: MergeDesk) -> None:
    steps = ("10500.00", "10800.00", "10900.00", "11000.00")
    train.opened(128, *(train.target(before, after) for before, after in pairwise(steps)))
    train.approved(128, "lena")
    moved_on(train)
    train.merged(128, "train")
    assert train.apply() == ExitCode.DONE, train.desk.output
    assert train.statuses == [(128, "applied")]
    assert train.funded() == 11000.0


def test_a_push_that_lies_below_it_stays_a_push(train: MergeDesk) -> None:
    train.opened(128, train.target("10500.00", "11000.00"))
    train.approved(128, "lena")
    train.pushed(train.target("300.00", "900.00", SHADOW_FILE))
    train.merged(128, "train")
    assert train.apply() == ExitCode.REFUSED, train.desk.output
    assert train.statuses == [(None, "refused"), (128, "applied")]
    assert (train.funded(), train.funded("team_shadow")) == (11000.0, 300.0)


def test_a_commit_that_says_something_else_is_not_of_the_request_that_is_named_for_it(train: MergeDesk) -> None:
    approved_behind(train)
    commit = train.pushed(train.target("10500.00", "99000.00"))
    train.github.merge(128, commit, how="train")
    assert train.apply() == ExitCode.REFUSED, train.desk.output
    assert train.statuses == [(None, "refused")]
    assert "pushed directly" in train.landing(None)["reason"]
    assert train.funded() == 10500.0


def test_where_its_last_commit_is_lost_nobody_says_that_it_was_pushed_directly(train: MergeDesk) -> None:
    approved_behind(train)
    train.merged(128, "train")
    lose_head(train, 128)
    assert train.apply() == ExitCode.REFUSED, train.desk.output
    assert "cannot be told whether" in train.landing(128)["reason"]
    assert train.funded() == 10500.0


def asked(desk: MergeDesk, commit: str) -> int:
    """Ask for the approval of a commit by its id, in a checkout of it."""
    desk.repository.git("checkout", "--quiet", "--detach", commit)
    return desk.desk.kt("pr", "approval", "--merge-sha", commit, "--as-of", DAY, "--usage", desk.usage)


def receipted(desk: MergeDesk, commit: str) -> int:
    Path("run.json").write_text(Run(run="r-1", outcomes=(), converged=True).text(), encoding="utf-8")
    return desk.desk.kt("pr", "receipt", "--run", "run.json", "--merge-sha", commit)


def test_a_commit_of_a_train_that_is_named_is_approved_as_its_request_was_and_has_its_receipt(
    train: MergeDesk,
) -> None:
    train.opened(128, train.target("10500.00", "10800.00"), train.target("10800.00", "11000.00"))
    moved_on(train)
    commit = train.merged(128, "train")
    assert asked(train, commit) == ExitCode.REFUSED
    assert "acme/support-leads" in train.desk.errors
    train.approved(128, "lena")
    assert asked(train, commit) == ExitCode.DONE, train.desk.errors
    assert "request 128 is approved" in train.desk.output
    assert receipted(train, commit) == ExitCode.DONE, train.desk.errors
    assert "Keeptrusts is as the YAML says" in train.comment(128)


def test_a_commit_of_a_train_is_judged_by_the_rules_from_below_all_of_its_request(train: MergeDesk) -> None:
    """A request whose first commit makes its author's friend an owner is approved by those who were owners before."""
    owners = '"@acme/support-leads"', '"@mallory"'
    train.opened(
        128,
        lambda: train.repository.edit(SUPPORT_FILE, *owners),
        train.target("10500.00", "11000.00"),
    )
    moved_on(train)
    commit = train.merged(128, "train")
    train.approved(128, "mallory")
    assert asked(train, commit) == ExitCode.REFUSED
    assert "acme/support-leads" in train.desk.errors


def test_a_commit_that_only_says_the_same_is_not_its_request_s(train: MergeDesk) -> None:
    approved_behind(train)
    beside = train.pushed(train.target("10500.00", "99000.00"))
    train.github.merge(128, beside, how="train")
    assert asked(train, beside) == ExitCode.REFUSED
    assert "is not the merge of a merge request" in train.desk.errors
    assert receipted(train, beside) == ExitCode.REFUSED


def test_a_commit_of_a_train_on_another_branch_is_no_merge(train: MergeDesk) -> None:
    approved_behind(train)
    before = train.repository.at(train.repository.main)
    commit = train.merged(128, "train")
    train.repository.git("push", "--quiet", "--force", "origin", f"{before}:refs/heads/{train.repository.main}")
    train.repository.git("push", "--quiet", "origin", f"{commit}:refs/heads/elsewhere")
    assert asked(train, commit) == ExitCode.REFUSED
    assert "is not the merge of a merge request" in train.desk.errors


def test_where_the_last_commit_of_a_train_s_request_is_lost_that_is_why_it_is_not_approved(train: MergeDesk) -> None:
    approved_behind(train)
    commit = train.merged(128, "train")
    lose_head(train, 128)
    assert asked(train, commit) == ExitCode.REFUSED
    assert "it cannot be told whether" in train.desk.errors


def test_below_the_last_commit_of_a_rebase_the_one_that_brought_the_budgets_is_its_request_s(desk: MergeDesk) -> None:
    readme = desk.repository.write
    desk.opened(128, desk.target("10500.00", "11000.00"), lambda: readme({"README.md": "# Raised\n"}))
    desk.approved(128, "lena")
    last = desk.merged(128, "rebase")
    commit = desk.repository.git("rev-parse", f"{last}^")
    assert asked(desk, commit) == ExitCode.DONE, desk.desk.errors
    assert "request 128 is approved" in desk.desk.output
    before = desk.repository.git("rev-parse", f"{last}^^")
    assert asked(desk, before) == ExitCode.REFUSED
