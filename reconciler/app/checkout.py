"""The budgets as they are in a commit, without touching the working tree."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from reconciler.app.committed import blobs, entries, place, written
from reconciler.git.failures import GitError
from reconciler.git.merging import is_id
from reconciler.git.places import repository_root, work_tree
from reconciler.git.runner import ask


def git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """Return what git prints in `folder` when it is `given` something on stdin.

    Raises GitError with git's own words, of which kind it is and a cure. It never asks for a password.
    """
    return ask(*arguments, folder=folder, given=given)


def prefix(budgets: Path) -> PurePosixPath:
    """Return where the folder is in its repository."""
    return place(budgets)[1]


def parents(folder: Path, commit: str) -> tuple[str, ...]:
    """Return the parents of a commit, the first first."""
    if is_id(commit):
        return all_parents(folder, [commit])[commit]
    return tuple(git(folder, "rev-list", "--parents", "-n", "1", commit, "--").decode().split()[1:])


def all_parents(folder: Path, commits: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return by its id the parents of each commit, the first first; git is asked once, for those not asked before."""
    known = _PARENTS.setdefault(_history(folder), {})
    if unknown := [commit for commit in dict.fromkeys(commits) if commit not in known]:
        listed = git(folder, "rev-list", "--no-walk=unsorted", "--parents", *unknown, "--").decode().splitlines()
        known.update((words[0], tuple(words[1:])) for words in map(str.split, listed))
    return known


def is_older(folder: Path, commit: str, than: str) -> bool:
    """Whether `commit` is a proper ancestor of `than`; False where one of them is not in this clone."""
    if commit == than:
        return False
    known = _OLDER.setdefault(_history(folder), {})
    if (commit, than) not in known:
        try:
            found = git(folder, "merge-base", commit, than).decode().strip() == commit
        except GitError:
            return False
        if not (is_id(commit) and is_id(than)):
            return found
        known[commit, than] = found
    return known[commit, than]


_History = tuple[Path, int]
_PARENTS: dict[_History, dict[str, tuple[str, ...]]] = {}
_OLDER: dict[_History, dict[tuple[str, str], bool]] = {}
_TREES: dict[_History, dict[tuple[str, str], str]] = {}
"""What git said of commits by their ids stays so, as long as the history of a clone does not begin elsewhere."""


def _history(folder: Path) -> _History:
    """Return the repository that holds `folder`, and what tells when a shallow clone was deepened."""
    root = repository_root(folder) or folder.resolve()
    try:
        return root, (root / ".git" / "shallow").stat().st_mtime_ns
    except OSError:
        return root, 0


def tree_id(budgets: Path, commit: str) -> str:
    """Return what identifies the content of the folder in a commit; an empty text when it is not there."""
    if is_id(commit):
        return tree_ids(budgets, [commit])[commit]
    try:
        return git(budgets, "rev-parse", "--verify", "--quiet", f"{commit}{_inside(budgets)}").decode().strip()
    except GitError:
        return ""


def _inside(budgets: Path) -> str:
    where = prefix(budgets)
    return f":{where}" if where != PurePosixPath(".") else "^{tree}"


def is_submodule(budgets: Path) -> bool:
    """Whether the repository of the budgets is a submodule of another one, which is checked out around it."""
    top = work_tree(budgets)
    if top is None or work_tree(top.parent) is None:
        return False
    try:
        return bool(git(budgets, "rev-parse", "--show-superproject-working-tree").strip())
    except GitError:
        return False


def line_of(budgets: Path, since: str | None, head: str) -> dict[str, tuple[str, ...]]:
    """Return the commits of the branch's own line after `since` up to `head`, oldest first, each with its parents."""
    if since == head:
        return {}
    span = f"{since}..{head}" if since else head
    listed = git(budgets, "rev-list", "--first-parent", "--reverse", "--parents", span, "--").decode().splitlines()
    return {words[0]: tuple(words[1:]) for words in map(str.split, listed)}


def touching(budgets: Path, line: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the commits of a line, which come with their parents, whose budgets are others than those below them.

    What git lists by a path leaves out commits above one that it was told to leave out (decision 0074).
    """
    ids = tree_ids(budgets, {*line, *(above[0] for above in line.values() if above)})
    return [commit for commit, above in line.items() if ids[commit] != (ids[above[0]] if above else "")]


def tree_ids(budgets: Path, commits: Iterable[str]) -> dict[str, str]:
    """Return what `tree_id` says of each commit, by its id; git is asked once, for those not asked before."""
    inside, wanted = _inside(budgets), list(dict.fromkeys(commits))
    known = _TREES.setdefault(_history(budgets), {})
    if unknown := [commit for commit in wanted if (commit, inside) not in known]:
        asked = "".join(f"{commit}{inside}\n" for commit in unknown).encode("utf-8", "surrogateescape")
        answers = git(budgets, "cat-file", "--batch-check=%(objectname)", given=asked).decode("utf-8", "replace")
        said = zip(unknown, answers.splitlines(), strict=True)
        known.update(((commit, inside), line) for commit, line in said if is_id(line))
    return {commit: known.get((commit, inside), "") for commit in wanted}


def knows(folder: Path, path: PurePosixPath, *, until: str) -> bool:
    """Whether any commit up to `until` ever held a file at `path`, from the top of the repository."""
    return bool(git(folder, "log", "-1", "--full-history", "--format=%H", until, "--", f":(top){path}").strip())


@contextmanager
def tree_at(budgets: Path, commit: str, *, organization: str = "") -> Iterator[Path | None]:
    """Yield a copy of the folder as it is in `commit` (or a tree), None when it is not there.

    Files are those that were committed, whatever attributes say about archives, line ends or filters. Links stay
    links: the loader refuses those that lead out of the folder.
    """
    found = entries(budgets, commit, organization=organization)
    if found is None:
        yield None
        return
    contents = blobs(place(budgets)[0], (identity for _, identity, _ in found))
    with tempfile.TemporaryDirectory(prefix="kt-budgets-") as folder:
        root = Path(folder) / (budgets.resolve().name)
        root.mkdir()
        written(root, found, contents)
        yield root
