"""A commit is fetched by the reference that led to it, and by its id where a forge dropped that."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.git.failures import GitError
from reconciler.git.merging import bring_commit, is_here

REFERENCE = "refs/merge-requests/1/head"
WHO = ("-c", "user.name=lead", "-c", "user.email=lead@acme.example")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *WHO, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> tuple[Path, Path, str]:
    """Return a remote that has a change request's head, a clone that does not, and that head."""
    remote, clone = tmp_path / "remote", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "remote")
    git(remote, "commit", "--quiet", "--allow-empty", "--message", "Begin")
    git(tmp_path, "clone", "--quiet", remote.as_uri(), "clone")
    git(remote, "commit", "--quiet", "--allow-empty", "--message", "Change")
    head = git(remote, "rev-parse", "HEAD")
    git(remote, "update-ref", REFERENCE, head)
    git(remote, "update-ref", "refs/keep-around/1", head)
    git(remote, "reset", "--quiet", "--hard", "HEAD~1")
    return remote, clone, head


def test_the_reference_leads_to_it(clone: tuple[Path, Path, str]) -> None:
    _, here, head = clone
    bring_commit(here, head, REFERENCE)
    assert is_here(here, head)
    bring_commit(here, head, "refs/no/such")


@pytest.mark.parametrize("gone", [True, False], ids=["dropped", "moved-on"])
def test_where_the_reference_does_not_it_is_asked_for_by_its_id(clone: tuple[Path, Path, str], gone: bool) -> None:
    remote, here, head = clone
    git(remote, "update-ref", *(("-d", REFERENCE) if gone else (REFERENCE, "main")))
    bring_commit(here, head, REFERENCE)
    assert is_here(here, head)


def test_one_that_is_nowhere_is_an_error_that_names_the_reference(clone: tuple[Path, Path, str]) -> None:
    _, here, _ = clone
    with pytest.raises(GitError, match="refs/merge-requests/7/head"):
        bring_commit(here, "d" * 40, "refs/merge-requests/7/head")
    with pytest.raises(GitError):
        bring_commit(here, "d" * 40)
