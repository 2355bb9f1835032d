"""What `drift` says is to be done: the workflow to start where a forge runs it, and the command where none does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli.journal_desk import AS_OF, Desk, git

from reconciler.app.forge_session import words_in
from reconciler.journal.abandoned import abandoned
from reconciler.journal.git_lock import LockState
from reconciler.journal.store import Owner
from reconciler.report.drift_text import DriftPage, drift_text


def told(desk: Desk, *asked: object) -> str:
    return " ".join(desk.kt("drift", *(asked or AS_OF)).out.split())


def github_by_remote(clone: Path) -> None:
    git(clone, "remote", "set-url", "origin", "git@github.example.com:acme/budgets.git")


def github_by_files(clone: Path) -> None:
    (clone / ".github").mkdir()


def gitlab_by_files(clone: Path) -> None:
    (clone / ".gitlab-ci.yml").write_text("{}")


FORGES = pytest.mark.parametrize(
    ("there_is", "start"),
    [
        (github_by_remote, "Start the {} workflow"),
        (github_by_files, "Start the {} workflow"),
        (gitlab_by_files, "Start the {} pipeline"),
    ],
)


FORGES = pytest.mark.parametrize(
    ("there_is", "start"),
    [
        (github_by_remote, "Start the {} workflow"),
        (github_by_files, "Start the {} workflow"),
        (gitlab_by_files, "Start the {} pipeline"),
    ],
)


def unknown_write(desk: Desk) -> None:
    desk.world.habits.failures = 1
    assert desk.applied().code == 8


JULY = ("--as-of", "2026-07-02", "--period", "2026-07")


def test_without_a_forge_the_command_is_named_that_mends_it(desk: Desk) -> None:
    assert desk.applied().code == 0
    month = told(desk, *JULY)
    desk.world.habits.failures = 1
    desk.write("600")
    assert desk.applied().code == 8
    run = told(desk)
    assert "Run `kt-budgets apply --period 2026-07`." in month
    assert "Run `kt-budgets resume`, which proves or finishes it." in run
    for said in (month, run):
        assert "1 thing left behind; each names what fixes it." in said
        assert not any(word in said for word in ("workflow", "pipeline", ".yml"))


@FORGES
def test_where_a_forge_is_known_what_it_runs_is_named(desk: Desk, there_is: Callable[[Path], None], start: str) -> None:
    there_is(desk.clone)
    assert desk.applied().code == 0
    assert f"{start.format('fund')}; where it fails, its log says why. [" in told(desk, *JULY)
    desk.world.habits.failures = 1
    desk.write("600")
    assert desk.applied().code == 8
    assert f"{start.format('resume')}, which proves or finishes it. [" in told(desk)


def test_a_commit_that_nobody_applied_is_planned_and_applied_by_hand_where_no_forge_does_it(desk: Desk) -> None:
    assert desk.applied().code == 0
    desk.write("600")
    said = told(desk, "--as-of", f"{datetime.now(UTC).date() + timedelta(days=1)}")
    assert "Run `kt-budgets plan`, and `kt-budgets apply` of what it shows." in said


def test_the_owner_of_a_lock_that_nobody_gives_back_is_in_the_command(desk: Desk) -> None:
    assert desk.applied().code == 0
    owner = "ci on 'runner 1'"
    lock = LockState("c" * 40, Owner(owner, "r"), datetime(2026, 6, 1, tzinfo=UTC))
    waiting = abandoned((), lock, now=datetime(2026, 6, 2, tzinfo=UTC))
    said = drift_text(DriftPage((), waiting, words=words_in(desk.clone)))
    (command,) = re.findall(r"\[kt-budgets (.*)\]", said)
    assert shlex.split(command) == ["resume", "--break-lock", owner]
