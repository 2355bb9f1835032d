"""What git makes of two commits by itself: the tree of a merge, whether it conflicts, and whether git is new enough."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from reconciler.git.failures import GitError, Trouble, failure
from reconciler.git.runner import ask, run

NEEDED = (2, 38)
"""The first git that merges without a work tree."""

_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
_SECONDS = 60.0
_LEADS_TO = "ref: refs/heads/"
_TREE = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KEPT = 1024
_VERSION = re.compile(rb"git version ([0-9]+)\.([0-9]+)")


def is_id(name: str) -> bool:
    """Whether `name` is the whole id of an object: what it names is the same for ever."""
    return _TREE.fullmatch(name) is not None


def merged(folder: Path, ours: str, theirs: str) -> str | None:
    """Return the tree that git makes of two commits, None where they conflict.

    Raises:
        GitError: git is too old to tell, or one of the commits is not here.
    """
    if is_id(ours) and is_id(theirs):
        return _merged(folder.resolve(), ours, theirs)
    return _merged.__wrapped__(folder, ours, theirs)


@lru_cache(maxsize=_KEPT)
def _merged(folder: Path, ours: str, theirs: str) -> str | None:
    done = run("merge-tree", "--write-tree", "--end-of-options", ours, theirs, folder=folder)
    tree = done.stdout.decode("ascii", "replace").split("\n", 1)[0].strip()
    if done.returncode in (0, 1) and _TREE.fullmatch(tree):
        return tree if done.returncode == 0 else None
    found = version()
    if found is not None and found < NEEDED:
        raise GitError(
            f"git {found[0]}.{found[1]} is too old to merge without a work tree",
            hint=f"install git {NEEDED[0]}.{NEEDED[1]} or newer",
            trouble=Trouble.TOO_OLD,
        )
    raise failure("merge-tree", done.stderr)


def tip_of(folder: Path, branch: str, *, remote: str = "origin") -> str:
    """Return the last commit of a branch, brought here if need be; without a remote, as this clone knows it.

    An empty text where nobody knows the branch. Raises GitError where the remote has a commit and does not give it.
    """
    asked = run("ls-remote", remote, f"refs/heads/{branch}", folder=folder, seconds=_SECONDS)
    tip = asked.stdout.decode("ascii", "replace").partition("\t")[0] if asked.returncode == 0 else ""
    if not tip:
        known = run("rev-parse", "--verify", "--quiet", f"refs/remotes/{remote}/{branch}^{{commit}}", folder=folder)
        return known.stdout.decode("ascii", "replace").strip()
    if not is_here(folder, tip):
        bring(folder, tip, remote=remote)
    return tip


def default_of(folder: Path, remote: str) -> str:
    """Return the name of the branch that a remote calls its own; an empty text where it has none. Raises GitError."""
    done = run("ls-remote", "--symref", remote, "HEAD", folder=folder, seconds=_SECONDS)
    if done.returncode:
        raise failure("ls-remote", done.stderr)
    said = (line.partition("\t")[0] for line in done.stdout.decode("utf-8", "replace").splitlines())
    return next((line.removeprefix(_LEADS_TO) for line in said if line.startswith(_LEADS_TO)), "")


def bring(folder: Path, wanted: str, *, remote: str = "origin") -> None:
    """Fetch a commit or a reference, and touch no branch; GitError where the remote does not give it."""
    ask(*_FETCH, "--", remote, wanted, folder=folder)


def bring_commit(folder: Path, commit: str, reference: str = "") -> None:
    """Fetch a commit that is not here, by the `reference` that led to it, else by its id.

    A forge drops the reference of what was merged some weeks ago, and keeps the commit. Raises GitError, of the
    reference where there is one, where the remote gives neither.
    """
    if is_here(folder, commit):
        return
    try:
        bring(folder, reference or commit)
    except GitError:
        if not reference or not _came(folder, commit):
            raise
    else:
        if not is_here(folder, commit):
            _came(folder, commit)


def _came(folder: Path, commit: str) -> bool:
    """Whether the remote gave a commit by its id."""
    with suppress(GitError):
        bring(folder, commit)
    return is_here(folder, commit)


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
            if not is_here(folder, commit) and not tried:
                tried.append(True)
                bring(folder, reference, remote=remote)
            tree = ask("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}", folder=folder).decode().strip()
            real = tuple(ask("rev-list", "--parents", "-n", "1", commit, "--", folder=folder).decode().split()[1:])
            return len(parents) == 2 and real == parents and merged(folder, *parents) == tree
        except GitError:
            return False

    return is_clean


def is_here(folder: Path, commit: str) -> bool:
    """Whether a commit is in this clone, in which it stays once it is."""
    known = (folder.resolve(), commit)
    if known in _HERE:
        return True
    found = run("cat-file", "-e", f"{commit}^{{commit}}", folder=folder).returncode == 0
    if found and is_id(commit):
        _HERE.add(known)
    return found


_HERE: set[tuple[Path, str]] = set()
