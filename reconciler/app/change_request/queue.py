"""What a merge queue made: the pull requests between the branch and the commit that is to be merged, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.app.checkout import git, is_older, line_of, parents
from reconciler.forge.ci_run import Queued
from reconciler.git.failures import GitError
from reconciler.git.merging import bring, is_here, tip_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One pull request in a queue: what lies below it, and what the queue made of it. None: nobody knows which."""

    number: int | None
    before: str
    after: str


def entries(budgets: Path, queued: Queued, branch: str, *, remote: str = "origin") -> Iterator[Entry]:
    """Yield the pull requests between the tip of `branch` and what the queue made of `queued`, oldest first.

    Each is known by the branch that the queue has for it; where that is gone, by the subject that the forge gives to a
    merge or a squash. What is said of it is checked by its content, so a subject that lies is of no use.
    """
    if not is_here(budgets, queued.head):
        bring(budgets, queued.head, remote=remote)
    start = _start(budgets, queued, branch, remote)
    known = {queued.head: queued.number, **_queue(budgets, queued, remote)}
    before = start
    line = list(line_of(budgets, start, queued.head))
    for commit in line:
        number = known.get(commit) or _named(budgets, queued, commit)
        if number or commit == line[-1]:
            yield Entry(number, before, commit)
            before = commit


def _start(budgets: Path, queued: Queued, branch: str, remote: str) -> str:
    tip = tip_of(budgets, branch, remote=remote)
    for commit in (tip, queued.base or ""):
        if commit and is_older(budgets, commit, queued.head):
            return commit
    return parents(budgets, queued.head)[0]


def _queue(budgets: Path, queued: Queued, remote: str) -> dict[str, int]:
    """Return the change request of each commit that the queue has a branch for."""
    try:
        listed = git(budgets, "ls-remote", remote, queued.branches).decode("utf-8", "replace")
    except GitError:
        return {}
    lines = (line.partition("\t") for line in listed.splitlines())
    return {commit: int(match[1]) for commit, _, name in lines if (match := queued.branch.search(name))}


def _named(budgets: Path, queued: Queued, commit: str) -> int | None:
    subject = git(budgets, "log", "-1", "--format=%s", commit, "--").decode("utf-8", "replace").rstrip("\n")
    match = queued.subject.match(subject)
    return int(match[1]) if match else None
