"""What git makes of two commits by itself: the tree of a merge, whether it conflicts, and whether git is new enough."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from reconciler.git.failures import GitError, Trouble, failure
from reconciler.git.runner import ask, run

NEEDED = (2, 38)
"""The first git that merges without a work tree."""

_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
_VERSION = re.compile(rb"git version ([0-9]+)\.([0-9]+)")


def merged(folder: Path, ours: str, theirs: str) -> str | None:
    """Return the tree that git makes of two commits, None where they conflict.

    Raises:
        GitError: git is too old to tell, or one of the commits is not here.
    """
    done = run("merge-tree", "--write-tree", "--end-of-options", ours, theirs, folder=folder)
    if done.returncode == 0:
        return done.stdout.decode("ascii", "replace").split("\n", 1)[0].strip()
    if done.returncode == 1:
        return None
    found = version()
    if found is not None and found < NEEDED:
        raise GitError(
            f"git {found[0]}.{found[1]} is too old to merge without a work tree",
            hint=f"install git {NEEDED[0]}.{NEEDED[1]} or newer",
            trouble=Trouble.TOO_OLD,
        )
    raise failure("merge-tree", done.stderr)


def version() -> tuple[int, int] | None:
    """Return git's major and minor version, None where it does not say."""
    match = _VERSION.match(ask("version"))
    return (int(match[1]), int(match[2])) if match else None


def clean_merges(folder: Path, *, reference: str, remote: str = "origin") -> Callable[[str, tuple[str, ...]], bool]:
    """Return what tells whether a merge commit holds exactly what git makes of its two parents.

    A commit that is not here is fetched with `reference`, such as refs/pull/128/head, once. What cannot be told is no
    clean merge.
    """
    tried: list[bool] = []

    def is_clean(commit: str, parents: tuple[str, ...]) -> bool:
        try:
            if not _is_here(folder, commit) and not tried:
                tried.append(True)
                ask(*_FETCH, remote, reference, folder=folder)
            tree = ask("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}", folder=folder).decode().strip()
            real = tuple(ask("rev-list", "--parents", "-n", "1", commit, "--", folder=folder).decode().split()[1:])
            return len(parents) == 2 and real == parents and merged(folder, *parents) == tree
        except GitError:
            return False

    return is_clean


def _is_here(folder: Path, commit: str) -> bool:
    return run("cat-file", "-e", f"{commit}^{{commit}}", folder=folder).returncode == 0
