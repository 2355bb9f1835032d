"""Merged means applied, by the workflows' own scripts: queues, squashes, bots, killed runners, month ends."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from forge.company import Company, install_command
from forge.github_standin import State
from forge.merge_desk import SHADOW_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY
from forge.workflow_shell import Runner

from reconciler.sandbox.faults import Faults, Hang

pytestmark = pytest.mark.slow

LOCK = "refs/kt-budgets/lock"


class Small:
    """A small company: its desk, and its workflows."""

    def __init__(self, desk: MergeDesk, company: Company) -> None:
        self.desk = desk
        self.company = company

    def run(self, workflow: str, job: str, *, by: str = "schedule", commit: str = "", **inputs: str) -> Runner:
        tip = self.desk.repository.git("rev-parse", "main")
        return self.company.actions(workflow, job, commit=commit or tip, event={}, by=by, inputs=inputs)

    def hourly(self) -> Runner:
        return self.run("apply.yml", "apply")

    def asked(self, number: int, before: str, after: str, *people: str, file: str = "") -> None:
        edit = self.desk.target(before, after, file) if file else self.desk.target(before, after)
        self.desk.opened(number, edit)
        self.desk.approved(number, *people)

    @property
    def funded(self) -> tuple[float, float]:
        return self.desk.funded(), self.desk.funded("team_shadow")


@pytest.fixture
def small(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Small]:
    with merge_desk(tmp_path, github, github_url, capsys, journal="git:origin") as desk:
        install_command(tmp_path, DAY)
        yield Small(desk, Company(tmp_path, desk.repository, github, github_url, desk.desk.sandbox))


@pytest.fixture
def stuck(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Small]:
    """A small company whose Keeptrusts books the next allocation, and answers nothing to it."""
    faults = Faults(faults=(Hang(when="after", method="POST", route="/v1/wallets/allocate", nth=1),))
    with merge_desk(tmp_path, github, github_url, capsys, journal="git:origin", faults=faults) as desk:
        install_command(tmp_path, DAY)
        yield Small(desk, Company(tmp_path, desk.repository, github, github_url, desk.desk.sandbox))


def test_a_queue_a_squash_with_skip_ci_and_a_bot_s_merge_are_all_applied_within_the_hour(small: Small) -> None:
    desk = small.desk
    small.asked(128, "10500.00", "10900.00", "lena")
    small.asked(129, "300.00", "400.00", "sam", file=SHADOW_FILE)
    desk.merged(128)
    desk.merged(129)
    done = small.run("apply.yml", "apply", by="push")
    assert done.code == 0, done.log
    assert small.funded == (10900.0, 400.0)
    assert "Keeptrusts is as the YAML says" in desk.comment(128)
    assert "Keeptrusts is as the YAML says" in desk.comment(129)

    # No workflow starts for these two: the schedule finds them.
    small.asked(130, "10900.00", "11000.00", "lena")
    small.asked(131, "400.00", "500.00", "sam", file=SHADOW_FILE)
    desk.merged(130, "squash")
    desk.repository.git("commit", "--quiet", "--amend", "--message", "Raise [skip ci]")
    desk.repository.git("push", "--quiet", "--force", "origin", "main")
    desk.github.merge(130, desk.repository.head)
    desk.merged(131, "rebase")
    done = small.hourly()
    assert done.code == 0, done.log
    assert small.funded == (11000.0, 500.0)
    asked = len(desk.github.requests)
    assert small.hourly().code == 0
    assert len(desk.github.requests) - asked <= 5, "two of them look at what the newest merge is told"
    assert small.funded == (11000.0, 500.0)


def test_one_unapproved_merge_stops_nobody_else_and_one_dispatch_brings_it_once_it_is_approved(small: Small) -> None:
    desk = small.desk
    small.asked(128, "10500.00", "10900.00")
    small.asked(129, "300.00", "400.00", "sam", file=SHADOW_FILE)
    desk.merged(128)
    desk.merged(129)
    assert small.run("apply.yml", "apply", by="push").code == 4
    assert small.funded == (10500.0, 400.0)
    assert "Not applied: refused" in desk.comment(128)
    assert "acme/support-leads" in desk.comment(128)
    funding = small.run("fund.yml", "fund")
    assert funding.code == 0, funding.log

    desk.approved(128, "lena")
    done = small.run("apply.yml", "apply", by="workflow_dispatch", pull_request="128")
    assert done.code == 0, done.log
    assert small.funded == (10900.0, 400.0)
    assert "Keeptrusts is as the YAML says" in desk.comment(128)


def test_an_old_run_that_is_started_again_does_what_is_pending_now_and_nothing_else(small: Small) -> None:
    desk = small.desk
    small.asked(128, "10500.00", "10900.00", "lena")
    old = desk.merged(128)
    assert small.run("apply.yml", "apply", by="push", commit=old).code == 0
    small.asked(129, "10900.00", "10600.00", "lena")
    desk.merged(129)
    assert small.run("apply.yml", "apply", by="push").code == 0
    ledger = desk.ledger()
    again = small.run("apply.yml", "apply", by="push", commit=old)
    assert again.code == 0, again.log
    assert desk.ledger() == ledger


def test_by_hand_git_s_values_come_back_and_a_named_pull_request_leaves_them(small: Small) -> None:
    desk = small.desk
    desk.desk.by_hand(700.0)
    small.asked(128, "300.00", "400.00", "sam", file=SHADOW_FILE)
    desk.merged(128)
    assert small.run("apply.yml", "apply", by="workflow_dispatch", pull_request="128").code == 0
    assert small.funded == (11200.0, 400.0)
    assert small.run("apply.yml", "apply", by="workflow_dispatch", put_back="false").code == 0
    assert small.funded == (11200.0, 400.0)
    done = small.run("apply.yml", "apply", by="workflow_dispatch")
    assert done.code == 0, done.log
    assert small.funded == (10500.0, 400.0)


def killed(small: Small) -> None:
    """Apply what is merged in a process that dies once its first allocation is in the ledger, and not answered."""
    desk = small.desk
    arguments = ["pr", "apply", "--as-of", DAY, "--journal", "git:origin"]
    before = len(desk.ledger())
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=desk.repository.folder,
        env={**os.environ, **desk.desk.variables, "GITHUB_SERVER_URL": "https://github.test"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        until = time.monotonic() + 60
        while len(desk.ledger()) == before and process.poll() is None:
            assert time.monotonic() < until
        assert process.poll() is None
        process.kill()


def lease(small: Small, **facts: Any) -> None:
    """Say something else of the lock than its holder wrote."""
    remote = shlex.quote(str(small.desk.repository.remote))
    git = small.desk.repository.git
    git("fetch", "--quiet", "origin", f"{LOCK}:{LOCK}")
    said = json.loads(git("log", "-1", "--format=%B", LOCK))
    tree = git("rev-parse", f"{LOCK}^{{tree}}")
    commit = git("commit-tree", "-p", LOCK, "-m", json.dumps({**said, **facts}), tree)
    git("push", "--quiet", remote.strip("'"), f"{commit}:{LOCK}")


def test_the_lock_of_a_killed_runner_is_taken_over_once_its_lease_ran_out_and_the_money_is_moved_once(
    stuck: Small,
) -> None:
    small, desk = stuck, stuck.desk
    small.asked(128, "10500.00", "10900.00", "lena")
    desk.merged(128)
    killed(small)
    ran_out = datetime.now(UTC) - timedelta(minutes=6)
    lease(small, machine="elsewhere", until=ran_out.isoformat(timespec="seconds"))
    done = small.hourly()
    assert done.code == 0, done.log
    assert small.funded == (10900.0, 300.0)
    assert [entry for entry in desk.ledger() if entry[1] == 400.0] == [("allocate", 400.0)]
    assert desk.desk.kt("pr", "apply", "--as-of", DAY) == 0, desk.desk.output
    assert "Everything that was merged is applied." in desk.desk.output
    assert "Keeptrusts is as the YAML says" in desk.comment(128)


def test_the_resume_workflow_breaks_a_dead_runner_s_lock_and_the_pull_request_says_what_became_of_it(
    stuck: Small,
) -> None:
    small, desk = stuck, stuck.desk
    small.asked(128, "10500.00", "10900.00", "lena")
    desk.merged(128)
    killed(small)
    lease(small, name="runner@gone:1", machine="elsewhere")
    done = small.run("resume.yml", "resume", by="workflow_dispatch", reason="it is dead", break_lock="runner@gone:1")
    assert done.code == 0, done.log
    assert small.funded == (10900.0, 300.0)
    assert "Keeptrusts is as the YAML says" in desk.comment(128)


def test_the_month_opens_several_times_once(small: Small) -> None:
    desk = small.desk
    install_command(small.company.place, "2026-07-01")
    desk.pushed(desk.target("10500.00", "99000.00"))
    first = small.run("fund.yml", "fund")
    assert first.code == 0, first.log
    assert small.funded == (21000.0, 600.0)
    assert small.run("fund.yml", "fund").code == 0
    assert small.run("fund.yml", "fund", by="workflow_dispatch").code == 0
    assert small.funded == (21000.0, 600.0)


def test_a_month_that_was_opened_is_left_alone_by_the_schedule_and_not_by_hand(small: Small) -> None:
    assert small.run("fund.yml", "fund").code == 0
    small.desk.desk.by_hand(100.0, "reclaim")
    assert small.run("fund.yml", "fund").code == 0
    assert small.funded == (10400.0, 300.0)
    assert small.run("fund.yml", "fund", by="workflow_dispatch").code == 0
    assert small.funded == (10500.0, 300.0)
