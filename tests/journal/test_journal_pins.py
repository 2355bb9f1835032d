"""Commits that a journal in git names are kept in its remote by one ref that only moves on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from memory_keeptrusts import VirtualClock

from reconciler.journal.git import APPLIED
from reconciler.journal.git_store import GitStore
from reconciler.journal.journal import Journal
from reconciler.journal.record import Entry, Step


def git(folder: Path, *arguments: str) -> str:
    named = ("-c", "user.name=a", "-c", "user.email=a@acme.test")
    done = subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def committed(folder: Path, subject: str) -> str:
    git(folder, "commit", "--quiet", "--allow-empty", "--message", subject)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(tmp_path, "clone", "--quiet", "remote.git", "clone")
    return tmp_path / "clone"


def journal_of(clone: Path, remote: str = "origin") -> Journal:
    store = GitStore(remote, folder=clone)
    store._git._pause = lambda _: None
    return Journal.open(store, organization="org_acme", clock=VirtualClock())


def pinned(clone: Path) -> set[str]:
    remote = clone.parent / "remote.git"
    if not git(remote, "for-each-ref", APPLIED):
        return set()
    return set(git(remote, "rev-list", APPLIED).split())


def test_each_commit_that_a_run_is_about_or_leaves_applied_is_kept_by_one_ref(clone: Path) -> None:
    first, second, third = (committed(clone, subject) for subject in ("one", "two", "three"))
    journal = journal_of(clone)
    journal.append("a", Entry(Step.STARTED, facts={"plan": {"source": {"commit": second}}, "commit": first}))
    assert {first, second} <= pinned(clone)
    assert third not in pinned(clone)
    journal.append("a", Entry(Step.FINISHED, facts={"plan": "sha256:1", "commit": first, "ahead": {"support": third}}))
    assert {first, second, third} <= pinned(clone)
    refs = git(clone.parent / "remote.git", "for-each-ref", "--format=%(refname)").split()
    assert refs == [APPLIED, "refs/kt-budgets/journal"]


def test_the_ref_only_moves_on_and_is_left_alone_where_it_leads_to_all(clone: Path) -> None:
    remote = clone.parent / "remote.git"
    git(remote, "config", "receive.denyNonFastForwards", "true")
    first = committed(clone, "one")
    journal_of(clone).append("a", Entry(Step.FINISHED, facts={"commit": first}))
    before = git(remote, "rev-parse", APPLIED)
    journal_of(clone).append("b", Entry(Step.FINISHED, facts={"commit": first}))
    assert git(remote, "rev-parse", APPLIED) == before
    git(clone, "switch", "--quiet", "--orphan", "other")
    other = committed(clone, "elsewhere")
    journal_of(clone).append("c", Entry(Step.FINISHED, facts={"commit": other}))
    assert {first, other} <= pinned(clone)


def test_a_record_that_names_no_commit_moves_nothing_and_says_nothing(
    clone: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = journal_of(clone)
    journal.append("a", Entry(Step.STARTED, facts={"plan": {"source": {"commit": None}}, "commit": None}))
    journal.append("a", Entry(Step.INTENT, "op-1"))
    journal.append("a", Entry(Step.FINISHED, facts={"plan": "sha256:1", "commit": "0" * 40}))
    assert pinned(clone) == set()
    assert caplog.records == []


@pytest.mark.parametrize("what", ["a hook", "another repository", "a shallow clone"])
def test_what_cannot_be_kept_stops_no_record(clone: Path, tmp_path: Path, what: str) -> None:
    commit = committed(clone, "one")
    folder, remote = clone, "origin"
    if what == "a hook":
        hook = tmp_path / "remote.git" / "hooks" / "update"
        hook.write_text(f"#!/bin/sh\ntest $1 != {APPLIED}\n", encoding="utf-8")
        hook.chmod(0o755)
    elif what == "another repository":
        remote = str(tmp_path / "remote.git")
        folder = tmp_path / "elsewhere"
        folder.mkdir()
    else:
        committed(clone, "two")
        git(clone, "push", "--quiet", "origin", "HEAD")
        git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path / 'remote.git'}", "shallow")
        folder, commit = tmp_path / "shallow", git(tmp_path / "shallow", "rev-parse", "HEAD")
    journal = journal_of(folder, remote)
    journal.append("a", Entry(Step.FINISHED, facts={"commit": commit}))
    assert [record.step for record in journal_of(folder, remote).records] == [Step.FINISHED]
    assert git(tmp_path / "remote.git", "for-each-ref", APPLIED) == ""


def test_a_clone_of_a_journal_in_another_repository_does_not_bring_the_history_of_the_budgets(
    clone: Path, tmp_path: Path
) -> None:
    commit = committed(clone, "one")
    journal_of(clone).append("a", Entry(Step.FINISHED, facts={"commit": commit}))
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    assert journal_of(folder, str(tmp_path / "remote.git")).records
    (mirror,) = (folder / ".kt-budgets").glob("journal-*.git")
    found = subprocess.run(["git", "cat-file", "-e", commit], cwd=mirror, check=False, capture_output=True)
    assert found.returncode != 0
