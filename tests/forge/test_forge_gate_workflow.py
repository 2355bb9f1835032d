"""The workflows around the check to require, by their own scripts: reviews, forks, a merge queue, a run by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import forked_command
import pytest
from forge.budget_repository import BudgetRepository
from forge.github_standin import State
from forge.merge_desk import SUPPORT_FILE, MergeDesk, merge_desk
from forge.workflow_shell import Runner, load

from reconciler.forge.check import GATE, PLAN

pytestmark = pytest.mark.slow

_ON_THE_DAY = """\
case "$1 $2" in
  plan\\ * | "pr approval" | "pr refresh") set -- "$@" --as-of 2026-06-18 ;;
esac
"""


@dataclass
class Office:
    """Runs jobs on fresh checkouts. `token` is what `github.token` stands for; the App's token may read members."""

    desk: MergeDesk
    place: Path
    runs: list[Runner] = field(default_factory=list)

    def run(
        self, workflow: str, job: str, event: dict[str, Any], *, commit: str, token: str = "", **values: str
    ) -> Runner:
        place = self.place / f"run-{len(self.runs)}"
        place.mkdir()
        self.desk.repository.git("clone", "--quiet", str(self.desk.repository.remote), str(place / "checkout"))
        checkout = BudgetRepository(place / "checkout", self.desk.repository.remote)
        checkout.git("fetch", "--quiet", "origin", commit)
        checkout.git("checkout", "--quiet", "--detach", commit)
        (place / "event.json").write_text(json.dumps(event), encoding="utf-8")
        read_token = "" if token == "ghs_fork" else self.desk.desk.sandbox.read_token
        runner = Runner(
            checkout.folder,
            {
                "PATH": f"{self.place / 'bin'}:/usr/local/bin:/usr/bin:/bin",
                "GITHUB_API_URL": self.desk.desk.variables["GITHUB_API_URL"],
                "GITHUB_REPOSITORY": "acme/ai-budgets",
                "GITHUB_SHA": commit,
                "GITHUB_RUN_ID": str(1000 + len(self.runs)),
                "GITHUB_RUN_ATTEMPT": "1",
                "GITHUB_EVENT_PATH": str(place / "event.json"),
                **({"GITHUB_BASE_REF": "main"} if "pull_request" in event else {}),
            },
            {
                "github.token": token or "ghs_actions",
                "inputs.pull_request": "",
                "vars.KEEPTRUSTS_API_URL": self.desk.desk.sandbox.url,
                "secrets.KEEPTRUSTS_READ_TOKEN": read_token,
                "secrets.BUDGETS_MEMBERS_TOKEN": "",
                "steps.app.outputs.token": "" if token == "ghs_fork" else "ghs_reader",
                **{name.replace("__", "."): value for name, value in values.items()},
            },
        )
        runner.run(workflow, job)
        self.runs.append(runner)
        return runner

    @property
    def main(self) -> str:
        return self.desk.repository.git("rev-parse", "main")

    def event(self, number: int) -> dict[str, Any]:
        return {"pull_request": {"number": number, "head": {"sha": self.desk.github.pulls[number].head}}}

    def judged(self, number: int, job: str = "judge", **how: str) -> str:
        """Run the approval workflow for a pull request, and return what its check says."""
        runner = self.run("approval.yml", job, self.event(number), commit=self.main, **how)
        assert runner.code == 0, runner.log
        return self.check(self.desk.github.pulls[number].head)

    def check(self, head: str) -> str:
        (found,) = [item for item in self.desk.github.checks if item["name"] == GATE and item["head_sha"] == head]
        return f"{found['conclusion']}: {found['output']['title']}"

    def planned(self, number: int) -> Runner:
        """Run the plan workflow on the merge that GitHub tests a pull request by."""
        repository = self.desk.repository
        repository.git("switch", "--quiet", "--detach", "main")
        repository.git("merge", "--quiet", "--no-ff", "--no-edit", self.desk.github.pulls[number].head_ref)
        repository.git("push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{number}/merge")
        merge = repository.head
        repository.git("switch", "--quiet", "main")
        return self.run("plan.yml", "plan", self.event(number), commit=merge)


@pytest.fixture
def office(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    forked_command.install(tmp_path / "bin" / "kt-budgets", before=_ON_THE_DAY)
    github.reads_members = {"ghs_reader"}
    with merge_desk(tmp_path, github, github_url, capsys) as desk:
        yield Office(desk, tmp_path)


def test_the_check_follows_a_pull_request_from_opened_to_approved(office: Office) -> None:
    desk = office.desk
    desk.opened(128, desk.target("10500.00", "12500.00"), shown=False)
    assert office.judged(128) == "action_required: No plan was shown for the last commit yet"
    shown = office.planned(128)
    assert shown.code == 0, shown.log
    head = desk.github.pulls[128].head
    assert office.check(head) == "action_required: Waits for acme/support-leads, acme/finance"
    desk.approved(128, "lena", "bob")
    assert office.judged(128) == "success: Approved by lena, bob"
    assert "acme/support-leads" in office.runs[-1].summary


def test_a_pull_request_of_a_fork_is_planned_by_hand_and_judged_by_the_clock(office: Office) -> None:
    desk = office.desk
    desk.opened(128, desk.target("10500.00", "10600.00"), shown=False)
    desk.github.pulls[128].fork = "mallory/ai-budgets"
    desk.github.public_forks = {"mallory/ai-budgets"}
    waiting = office.run("approval.yml", "fork", office.event(128), commit=office.main, token="ghs_fork")
    assert waiting.code == 4, waiting.log
    assert desk.github.checks == []

    planned = office.run("plan.yml", "plan", {}, commit=office.main, inputs__pull_request="128")
    assert planned.code == 0, planned.log
    desk.approved(128, "lena")
    by_clock = office.run("approval.yml", "judge", {"schedule": "17 * * * *"}, commit=office.main)
    assert by_clock.code == 0, by_clock.log
    assert office.check(desk.github.pulls[128].head) == "success: Approved by lena"
    approved = office.run("approval.yml", "fork", office.event(128), commit=office.main, token="ghs_fork")
    assert approved.code == 4, "a fork's token cannot know who is in which team"
    assert "members: read" in "".join(approved.log)


def test_a_fork_that_changes_no_budgets_waits_for_nobody(office: Office) -> None:
    desk = office.desk
    desk.opened(128, lambda: desk.repository.write({"README.md": "Hello\n"}), shown=False)
    run = office.run("approval.yml", "fork", office.event(128), commit=office.main, token="ghs_fork")
    assert run.code == 0, run.log


def test_a_run_by_hand_plans_onto_the_main_of_now(office: Office) -> None:
    desk = office.desk
    desk.opened(128, lambda: desk.repository.edit(SUPPORT_FILE, "amount: 12500.00", "amount: 13000.00"), shown=False)
    assert office.planned(128).code == 0, office.runs[-1].log
    before = office.runs[-1]
    desk.pushed(desk.target("10500.00", "12500.00"))
    again = office.run("plan.yml", "plan", office.event(128), commit=before.variables["GITHUB_SHA"])
    assert again.code == 5
    assert "gh workflow run plan.yml -f pull_request=128" in "".join(again.log)
    by_hand = office.run("plan.yml", "plan", {}, commit=office.main, inputs__pull_request="128")
    assert by_hand.code == 0, by_hand.log
    assert [check["name"] for check in desk.github.checks].count(PLAN) == 2


@pytest.mark.parametrize("number", ["128; touch pwned", "$(touch pwned)", "-1"])
def test_a_number_that_is_none_reaches_no_command(office: Office, number: str) -> None:
    for workflow, job in (("plan.yml", "plan"), ("approval.yml", "judge")):
        run = office.run(workflow, job, {}, commit=office.main, inputs__pull_request=number)
        assert run.code == 2
        assert not (run.folder / "pwned").exists()


def test_the_check_is_asked_for_by_every_event_that_can_change_it_and_never_skipped() -> None:
    document = load("approval.yml")
    assert document["on"].keys() >= {"pull_request", "pull_request_review", "merge_group", "schedule"}
    assert all("paths" not in (trigger or {}) for trigger in document["on"].values())
    names = [job["name"] for job in document["jobs"].values()]
    assert GATE not in names, "a job that is skipped would count as a success of that name"
    for job in document["jobs"].values():
        (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
