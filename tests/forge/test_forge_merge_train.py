"""Merge trains of GitLab that fast-forward: the commits on the branch are the request's by their content alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from forge.merge_desk import SHADOW_FILE, MergeDesk

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow


@pytest.fixture
def train(desk: MergeDesk) -> MergeDesk:
    """A desk on GitLab whose branch moved on since the requests to come were opened: the train rebases them."""
    if not desk.desk.host.is_gitlab:
        pytest.skip("GitHub tells which commit a rebase ended with")
    return desk


def moved_on(desk: MergeDesk) -> None:
    desk.opened(127, lambda: desk.repository.write({"README.md": "# Budgets\n"}), shown=False)
    desk.merged(127)


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
    train.opened(128, train.target("10500.00", "11000.00"))
    train.approved(128, "lena")
    moved_on(train)
    commit = train.pushed(train.target("10500.00", "99000.00"))
    train.github.merge(128, commit, how="train")
    assert train.apply() == ExitCode.REFUSED, train.desk.output
    assert train.statuses == [(None, "refused")]
    assert "pushed directly" in train.landing(None)["reason"]
    assert train.funded() == 10500.0


def test_where_its_last_commit_is_lost_nobody_says_that_it_was_pushed_directly(train: MergeDesk) -> None:
    train.opened(128, train.target("10500.00", "11000.00"))
    train.approved(128, "lena")
    moved_on(train)
    train.merged(128, "train")
    repository = train.repository
    repository.git("push", "--quiet", "origin", "--delete", "refs/merge-requests/128/head", "refs/pull/128/head")
    repository.git("branch", "--quiet", "-D", train.github.pulls[128].head_ref)
    repository.git("reflog", "expire", "--expire=now", "--all")
    for place in (repository.folder, repository.remote):
        repository.git("-C", str(place), "gc", "--quiet", "--prune=now")
    assert train.apply() == ExitCode.REFUSED, train.desk.output
    assert "cannot be told whether" in train.landing(128)["reason"]
    assert train.funded() == 10500.0
