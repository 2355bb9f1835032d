"""Budgets in a submodule: what its own pull requests approved cannot be seen from around it, which is said."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.budget_repository import ORGANIZATION, PERSON, SUPPORT
from forge.github_standin import Pull, State
from forge.merge_desk import MergeDesk, merge_desk

from reconciler.findings import ExitCode


@pytest.fixture
def desk(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    with merge_desk(tmp_path, github, github_url, capsys, is_applied=False) as made:
        yield made


def _git(place: Path, *arguments: str) -> str:
    command = ["git", "-C", str(place), "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, env={**os.environ, **PERSON}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_what_a_pull_request_around_it_brings_is_refused_with_the_two_ways_that_there_are(
    desk: MergeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    for place in (inner, outer):
        place.mkdir()
        _git(place, "init", "--quiet", "--initial-branch=main")
    (inner / "teams").mkdir()
    (inner / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
    (inner / "teams" / "support.yaml").write_text(SUPPORT, encoding="utf-8")
    _git(inner, "add", "--all")
    _git(inner, "commit", "--quiet", "--message", "Begin")
    _git(outer, "submodule", "--quiet", "add", str(inner), "budgets")
    _git(outer, "commit", "--quiet", "--message", "Use the budgets")
    monkeypatch.chdir(outer)

    def by_hand() -> None:
        plan = ("--output", str(tmp_path / "plan.json"))
        assert desk.desk.kt("plan", "--as-of", "2026-06-18", "--usage", desk.usage, *plan) == ExitCode.DONE
        carried = desk.desk.kt("apply", "--as-of", "2026-06-18", "--plan", str(tmp_path / "plan.json"))
        assert carried == ExitCode.DONE, desk.desk.errors

    by_hand()
    text = SUPPORT.replace("10500.00", "10900.00")
    (inner / "teams" / "support.yaml").write_text(text, encoding="utf-8")
    _git(inner, "commit", "--quiet", "--all", "--message", "Raise")
    _git(outer / "budgets", "pull", "--quiet")
    _git(outer, "commit", "--quiet", "--all", "--message", "Use the raise")
    head = _git(outer, "rev-parse", "HEAD")
    desk.github.pulls[128] = Pull(128, "alice", [(head, "alice")], "b" * 40)
    desk.github.merge(128, head)

    assert desk.desk.kt("pr", "apply", "--as-of", "2026-06-18") == ExitCode.REFUSED
    assert "the budgets are a submodule" in desk.desk.errors
    assert "in the budgets' own repository" in desk.desk.errors
    assert "pushed directly" not in desk.desk.output + desk.desk.errors
    assert desk.desk.kt("drift", "--as-of", "2026-06-19", "--issue") == ExitCode.DRIFT
    assert "the budgets are a submodule" in desk.github.issues[0]["body"]

    by_hand()
    assert desk.funded() == 10900.0
    assert desk.desk.kt("pr", "apply", "--as-of", "2026-06-18") == ExitCode.DONE, desk.desk.errors
    assert desk.desk.kt("drift", "--as-of", "2026-06-19", "--issue") == ExitCode.DONE, desk.desk.output
