"""A default branch that is not called main: every workflow, as it is shipped, does there what it does on main."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.company import Company, install_command
from forge.github_standin import State, answer
from forge.merge_desk import SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY
from forge.workflow_shell import Runner
from thorough import drawn

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow


class House:
    """A small company on a branch of its own choice."""

    def __init__(self, desk: MergeDesk, company: Company) -> None:
        self.desk, self.company, self.github, self.repository = desk, company, company.github, desk.repository

    def run(self, workflow: str, job: str, *, by: str = "schedule", event: object = None, **inputs: str) -> Runner:
        tip = self.repository.git("rev-parse", self.repository.main)
        found = self.company.actions(
            workflow, job, commit=tip, event=dict(event) if isinstance(event, dict) else {}, by=by, inputs=inputs
        )
        assert found.code == 0, found.log
        return found

    def commented(self, body: str, identity: int) -> str:
        comment = {
            "id": identity,
            "user": {"login": "alice", "type": "User"},
            "body": body,
            "html_url": "https://github.test/c",
        }
        event = {"action": "created", "issue": {"number": 128, "pull_request": {"url": "x"}}, "comment": comment}
        self.github.roles["alice"] = "write"
        self.run("comment.yml", "answer", by="issue_comment", event=event)
        return self.github.ours(128)[-1]


@pytest.fixture
def house(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    with merge_desk(tmp_path, github, github_url, capsys, journal="git:origin", branch="master") as desk:
        install_command(tmp_path, DAY)
        yield House(desk, Company(tmp_path, desk.repository, github, github_url, desk.desk.sandbox))


def test_from_a_pull_request_to_applied_funded_and_drifted(house: House) -> None:
    house.repository.branch("raise-support")
    house.repository.edit(SUPPORT_FILE, "10500.00", "10900.00")
    house.company.pushed("Raise Support")
    planned = house.company.planned()
    assert planned.code == 0, planned.log
    (body,) = house.github.ours(128)
    assert "USD 400 more for " in body
    assert "would be taken back" not in body
    house.repository.git("switch", "--quiet", house.repository.main)
    assert "10,800.00" in house.commented("/kt-budgets whatif support/prod=10800", 71)
    house.commented("/kt-budgets plan", 72)
    house.run("refresh.yml", "refresh")

    house.github.review(128, "lena")
    event = {"pull_request": {"number": 128, "head": {"sha": house.github.pulls[128].head}}}
    house.run("approval.yml", "judge", by="pull_request_review", event=event)
    gate = [check for check in house.github.checks if check["name"] == "kt-budgets / approval"][-1]
    assert gate["conclusion"] == "success", gate["output"]

    house.company.merged()
    house.run("apply.yml", "apply", by="push")
    assert house.desk.funded() == 10900.0
    house.desk.desk.by_hand(100.0, "reclaim")
    house.run("drift.yml", "drift")
    assert [issue["state"] for issue in house.github.issues] == ["open"]
    house.run("fund.yml", "fund")
    assert house.desk.funded() == 10900.0
    house.run("drift.yml", "drift")
    assert [issue["state"] for issue in house.github.issues] == ["closed"]
    assert "::warning::kt-budgets: the usage holds no rows%0A" in house.run("digest.yml", "digest").log[0]
    house.run("resume.yml", "resume", by="workflow_dispatch", reason="to see")


def test_a_direct_push_is_told_and_a_dispatch_applies_what_is_merged(house: House) -> None:
    house.desk.approved_and_merged(128, house.desk.target("10500.00", "10900.00"), by="lena", how="rebase")
    house.desk.pushed(house.desk.target("300.00", "900.00", "budgets/teams/shadow.yaml"))
    assert "resume.yml" in house.commented("/kt-budgets resume", 73)
    assert [name for name, _ in house.github.dispatches] == ["resume.yml"]
    assert house.github.dispatches[0][1]["ref"] == house.repository.main
    applied = house.company.actions(
        "apply.yml",
        "apply",
        commit=house.repository.git("rev-parse", house.repository.main),
        event={},
        by="workflow_dispatch",
        inputs={"pull_request": "128"},
    )
    assert applied.code == 0, applied.log
    (landing,) = json.loads((applied.folder / "merges.json").read_text(encoding="utf-8"))["landings"]
    assert (landing["pull_request"], landing["status"]) == (128, "applied")
    install_command(house.company.place, "2026-06-19")
    house.run("drift.yml", "drift")
    assert "The direct push" in house.github.issues[0]["body"]


@pytest.mark.parametrize("way", ["squash", "merge", "rebase"][: drawn(3, sample=1)])
def test_a_merge_counts_where_the_default_branch_got_another_name_since(house: House, way: str) -> None:
    desk = house.desk
    desk.opened(128, desk.target("10500.00", "10900.00"))
    desk.merged(128, way)
    assert desk.told() == ExitCode.REFUSED
    renamed(house)
    desk.approved(128, "lena")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.statuses == [(128, "applied")]
    assert desk.landing(128)["approved_by"] == ["lena"]
    assert desk.funded() == 10900.0
    assert "Approved by lena" in desk.comment()


def renamed(house: House) -> None:
    """Call the default branch otherwise, as GitHub does: what is merged keeps the name that it had."""
    repository = house.repository
    repository.git("--git-dir", str(repository.remote), "branch", "-m", "master", "trunk")
    repository.git("branch", "-m", "master", "trunk")
    repository.git("fetch", "--quiet", "--prune", "origin")
    repository.main = "trunk"
    house.github.default_branch = "trunk"
    house.github.renamed["master"] = "trunk"


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_approval_for_another_branch_is_none_for_what_main_is_pushed_to(house: House, *, is_deleted: bool) -> None:
    desk, repository = house.desk, house.repository
    desk.opened(128, desk.target("10500.00", "10900.00"))
    desk.approved(128, "lena")
    desk.merged(128)
    house.github.pulls[128].base_ref = "side"
    if is_deleted:
        house.github.fail("GET .*/branches/side", *[answer(404)] * 9)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.statuses == [(None, "refused")]
    assert "pushed directly" in desk.landing(None)["reason"]
    assert desk.funded() == 10500.0
    assert repository.main == "master"
