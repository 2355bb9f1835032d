"""A default branch that is not called main: every workflow, as it is shipped, does there what it does on main."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.company import Company, install_command
from forge.github_standin import State
from forge.merge_desk import SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY
from forge.workflow_shell import Runner

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
