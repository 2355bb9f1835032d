"""Where the repository of a folder begins, also without git; which commit is checked out, and what differs."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.git.failures import GitError, Trouble, failure
from reconciler.git.runner import ask, run

_SUBMODULE = "160000 "


def repository_root(folder: Path) -> Path | None:
    """Return the folder that stands for the repository that holds `folder`, None where there is none.

    It is the top of the main work tree, from each of its linked work trees too; the top of a submodule; and the
    repository itself where it is bare.
    """
    real = folder.resolve()
    for parent in (real, *real.parents):
        marker = parent / ".git"
        if marker.is_dir() and (marker / "HEAD").exists():
            return parent
        if marker.is_file():
            return _linked_root(marker) or parent
    return None


def work_tree(folder: Path) -> Path | None:
    """Return the top of the work tree that holds `folder`, None outside of a repository."""
    real = folder.resolve()
    return next((parent for parent in (real, *real.parents) if (parent / ".git").exists()), None)


def missing_submodule(folder: Path) -> str:
    """Return the submodule that `folder` is, or is in, by its path from the top, where it is not checked out.

    An empty text where it is none, where it is checked out, and where git does not tell.
    """
    top, real = work_tree(folder), folder.resolve()
    inside = [place for place in (real, *real.parents) if top in place.parents]
    if top is None or not inside:
        return ""
    names = [place.relative_to(top).as_posix() for place in inside]
    try:
        asked = (f":(top,literal){name}" for name in names)
        listed = ask("ls-files", "--stage", "-z", "--", *asked, folder=top).decode("utf-8", "surrogateescape")
    except GitError:
        return ""
    entries = (entry.partition("\t") for entry in listed.split("\0"))
    return next((name for facts, _, name in entries if facts.startswith(_SUBMODULE) and name in names), "")


def _linked_root(marker: Path) -> Path | None:
    """Return the root of the repository that a linked work tree belongs to, None for anything else."""
    try:
        common = _common(marker)
    except (OSError, UnicodeDecodeError):
        return None
    return common.parent if common.name == ".git" else common


def attributes_file(top: Path) -> Path | None:
    """Return where attributes stand that are no file of the repository with the work tree at `top`."""
    marker = top / ".git"
    try:
        return (marker if marker.is_dir() else _common(marker)) / "info/attributes"
    except (OSError, UnicodeDecodeError):
        return None


def _common(marker: Path) -> Path:
    directory = _git_folder(marker)
    return (directory / (directory / "commondir").read_text(encoding="utf-8").strip()).resolve()


def _git_folder(marker: Path) -> Path:
    """Return where git keeps what is of the work tree that has this for its `.git`."""
    if marker.is_dir():
        return marker
    _, _, place = marker.read_text(encoding="utf-8").strip().partition("gitdir: ")
    return (marker.parent / place).resolve()


def remote_address(folder: Path, remote: str) -> str:
    """Return the address of a remote, empty where there is none, or no repository, or no git."""
    if work_tree(folder) is None or not folder.is_dir():
        return ""
    try:
        done = run("remote", "get-url", remote, folder=folder)
    except GitError:
        return ""
    return "" if done.returncode else done.stdout.decode("utf-8", "replace").strip()


def commit_here(root: Path) -> str | None:
    """Return the commit that is checked out; None without git, outside of a repository and before its first commit.

    Raises GitError where there is a repository and git does not look into it: a plan without its commit could not be
    told from one of an older clone.
    """
    if work_tree(root) is None or not root.is_dir():
        return None
    try:
        done = run("rev-parse", "--verify", "--quiet", "HEAD", folder=root)
    except GitError as error:
        if error.trouble is Trouble.NOT_INSTALLED:
            return None
        raise
    if done.returncode and done.stderr.strip():
        raise failure("rev-parse", done.stderr)
    return None if done.returncode else done.stdout.decode().strip()


def provenance(root: Path) -> tuple[str | None, bool | None]:
    """Return the commit that is checked out and whether anything below `root` differs from it.

    Both are None where there is no commit. Raises GitError as `commit_here` does.
    """
    commit = commit_here(root)
    if commit is None:
        return None, None
    changes = ask("status", "--porcelain", "--untracked-files=all", "--", ".", folder=root)
    return commit, bool(_unseen(root) or changes.strip())


def _unseen(root: Path) -> bool:
    """Whether git was told not to look at some of the YAML files below `root`."""
    listed = ask("ls-files", "-v", "-z", "--", ".", folder=root).decode("utf-8", "surrogateescape").split("\0")
    return any(entry.endswith(".yaml") and (entry[0] == "S" or entry[0].islower()) for entry in listed)


def left_out(folder: Path) -> tuple[str, ...]:
    """Return the files below `folder` that git has and this checkout leaves out, by their paths below it.

    Git notes them in an index of a later version than it otherwise writes: it is asked nothing where that is not so.
    None where git does not tell.
    """
    top, real = work_tree(folder), folder.resolve()
    if top is None or not _notes_more(top):
        return ()
    below = () if real == top else (f":(top,literal){real.relative_to(top).as_posix()}",)
    try:
        listed = ask("ls-files", "-v", "-z", "--", *below, folder=top)
    except GitError:
        return ()
    entries = (entry for entry in listed.decode("utf-8", "surrogateescape").split("\0") if entry[:1] in ("S", "s"))
    places = (top / entry[2:] for entry in entries)
    return tuple(place.relative_to(real).as_posix() for place in places if place != real and not os.path.lexists(place))


def _notes_more(top: Path) -> bool:
    """Whether the index of a work tree has room for what this is about; true where that cannot be told."""
    marker = top / ".git"
    try:
        with (_git_folder(marker) / "index").open("rb") as file:
            begins = file.read(len(_PLAIN_INDEX))
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        return True
    return begins != _PLAIN_INDEX


_PLAIN_INDEX = b"DIRC\0\0\0\x02"
"""How an index begins that marks no file as left out: https://git-scm.com/docs/index-format."""
