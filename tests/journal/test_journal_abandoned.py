"""What nobody works on any more: a lock whose lease ran out, a run that never finished."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from memory_keeptrusts import VirtualClock

from reconciler.journal.abandoned import abandoned, lock_of
from reconciler.journal.git_lock import LEASE
from reconciler.journal.git_store import GitStore
from reconciler.journal.store import Owner
from reconciler.model.waiting import Dispatch

OWNER = Owner("ci-run-41", "run-41", url="https://github.test/runs/41")


@pytest.fixture
def store(tmp_path: Path) -> GitStore:
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    return GitStore(str(remote), folder=tmp_path)


def test_a_lock_is_told_once_its_lease_ran_out_with_the_dispatch_that_breaks_it(
    store: GitStore, tmp_path: Path
) -> None:
    clock = VirtualClock()
    name = f"git:{tmp_path / 'remote.git'}"
    assert lock_of(name, folder=tmp_path) is None
    with store.lock(OWNER, clock=clock):
        held = lock_of(name, folder=tmp_path)
        assert abandoned((), held, now=clock.now() + LEASE) == ()
        (found,) = abandoned((), held, now=clock.now() + LEASE + timedelta(seconds=1))
    assert (found.kind, found.state, found.teams, found.since) == ("lock", "lease ran out", (), "2026-06-18T09:05:00Z")
    assert "ci-run-41 holds the lock of the journal (run run-41)" in found.sentence
    assert OWNER.url in found.cure
    reason = "the lock of ci-run-41 expired and its run has ended"
    assert found.dispatch == Dispatch(workflow="resume.yml", inputs={"reason": reason, "break_lock": "ci-run-41"})
    assert lock_of(name, folder=tmp_path) is None


def test_a_lock_that_cannot_be_read_is_told_because_no_run_takes_it_over(store: GitStore, tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path / "remote.git"), "-c", "user.name=a", "-c", "user.email=a@b.test"]
    tree = subprocess.run([*git, "mktree"], check=True, capture_output=True, text=True, input="").stdout.strip()
    commit = subprocess.run(
        [*git, "commit-tree", tree, "-m", "no lock of ours"], check=True, capture_output=True, text=True
    ).stdout.strip()
    subprocess.run([*git, "update-ref", "refs/kt-budgets/lock", commit], check=True)
    name = f"git:{tmp_path / 'remote.git'}"
    (found,) = abandoned((), lock_of(name, folder=tmp_path), now=VirtualClock().now())
    assert "cannot be read" in found.sentence
    assert found.dispatch.inputs["break_lock"] == "unreadable"
    assert store.break_lock("unreadable") is not None
