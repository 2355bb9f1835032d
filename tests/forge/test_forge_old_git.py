"""A git that is too old to merge without a work tree: it is said to be too old, and nothing is a conflict for it."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.github_standin import State
from forge.merge_desk import MergeDesk, merge_desk

from reconciler.findings import ExitCode
from reconciler.git.failures import GitError, Trouble
from reconciler.git.merging import merged, version
from reconciler.settings import overlaid

_OLD = """\
#!/bin/bash
# Git 2.34 as far as merging goes: its merge-tree knows no option.
for word in "$@"; do
  case "$word" in
    version) echo "git version 2.34.1"; exit 0 ;;
    --write-tree) echo "usage: git merge-tree <base-tree> <branch1> <branch2>" >&2; exit 129 ;;
  esac
done
exec {git} "$@"
"""


@pytest.fixture
def desk(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    with merge_desk(tmp_path, github, github_url, capsys) as made:
        made.opened(128, made.target("10500.00", "10600.00"))
        yield made


@pytest.fixture
def old(tmp_path: Path) -> str:
    """Return a path on which an old git comes first."""
    place = tmp_path / "old"
    place.mkdir()
    program = place / "git"
    program.write_text(_OLD.format(git=shlex.quote(shutil.which("git") or "")), encoding="utf-8")
    program.chmod(0o755)
    return f"{place}:/usr/local/bin:/usr/bin:/bin"


def test_an_old_git_is_told_from_a_conflict(desk: MergeDesk, old: str) -> None:
    folder = desk.repository.folder
    assert merged(folder, "main", "change-128")
    desk.pushed(desk.target("10500.00", "10900.00"))
    assert merged(folder, "main", "change-128") is None
    with overlaid(PATH=old):
        assert version() == (2, 34)
        with pytest.raises(GitError, match=r"git 2\.34 is too old") as error:
            merged(folder, "main", "change-128")
    assert error.value.trouble is Trouble.TOO_OLD
    with pytest.raises(GitError) as error:
        merged(folder, "main", "e" * 40)
    assert error.value.trouble is not Trouble.TOO_OLD


@pytest.mark.parametrize("command", [("refresh",), ("approval", "--check")])
def test_what_needs_a_merge_says_which_git_to_install(desk: MergeDesk, old: str, command: tuple[str, ...]) -> None:
    desk.desk.variables["PATH"] = old
    before = len(desk.github.checks)
    assert desk.desk.kt("pr", *command, "--as-of", "2026-06-18") == ExitCode.REMOTE
    assert "git 2.34 is too old to merge without a work tree" in desk.desk.errors
    assert "install git 2.38 or newer" in desk.desk.errors
    assert "conflict" not in desk.desk.output + desk.desk.errors
    assert len(desk.github.checks) == before


def test_drift_goes_on_and_says_what_it_does_not_know(desk: MergeDesk, old: str) -> None:
    desk.desk.variables["PATH"] = old
    assert desk.desk.kt("drift", "--as-of", "2026-06-18", "--pull-requests") == ExitCode.DONE
    assert "what open pull requests ask for is not known here" in desk.desk.errors
