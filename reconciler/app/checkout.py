"""The budgets as they are in a commit, without touching the working tree."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from reconciler.git.failures import GitError
from reconciler.git.runner import ask

if TYPE_CHECKING:
    from reconciler.model.desired import Desired


def git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """Return what git prints in `folder` when it is `given` something on stdin.

    Raises GitError with git's own words, of which kind it is and a cure. It never asks for a password.
    """
    return ask(*arguments, folder=folder, given=given)


def prefix(budgets: Path) -> PurePosixPath:
    """Return where the folder is in its repository."""
    return PurePosixPath(git(budgets, "rev-parse", "--show-prefix").decode().strip())


def parents(folder: Path, commit: str) -> tuple[str, ...]:
    """Return the parents of a commit, the first first."""
    return tuple(git(folder, "rev-list", "--parents", "-n", "1", commit, "--").decode().split()[1:])


def is_older(folder: Path, commit: str, than: str) -> bool:
    """Whether `commit` is a proper ancestor of `than`; False where one of them is not in this clone."""
    if commit == than:
        return False
    try:
        return git(folder, "merge-base", commit, than).decode().strip() == commit
    except GitError:
        return False


def tree_id(budgets: Path, commit: str) -> str:
    """Return what identifies the content of the folder in a commit; an empty text when it is not there."""
    where = prefix(budgets)
    inside = f":{where}" if where != PurePosixPath(".") else "^{tree}"
    try:
        return git(budgets, "rev-parse", "--verify", "--quiet", f"{commit}{inside}").decode().strip()
    except GitError:
        return ""


def knows(folder: Path, path: PurePosixPath, *, until: str) -> bool:
    """Whether any commit up to `until` ever held a file at `path`, from the top of the repository."""
    return bool(git(folder, "log", "-1", "--format=%H", until, "--", f":(top){path}").strip())


@contextmanager
def tree_at(budgets: Path, commit: str) -> Iterator[Path | None]:
    """Yield a copy of the folder as it is in `commit` (or a tree), None when it is not there.

    Files are those that were committed, whatever attributes say about archives, line ends or filters. Links stay
    links: the loader refuses those that lead out of the folder.
    """
    where = prefix(budgets)
    top = Path(git(budgets, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    listed = git(top, "ls-tree", "-d", "--name-only", "--full-tree", commit, "--", str(where))
    if not listed.strip() and where != PurePosixPath("."):
        yield None
        return
    name = f"{commit}:{where}" if where != PurePosixPath(".") else commit
    entries = [_entry(line) for line in git(top, "ls-tree", "-r", "-z", "--full-tree", name).split(b"\0") if line]
    with tempfile.TemporaryDirectory(prefix="kt-budgets-") as folder:
        root = Path(folder) / (budgets.resolve().name)
        root.mkdir()
        _write(root, entries, _blobs(top, [identity for _, identity, _ in entries]))
        yield root


def load_at(budgets: Path, commit: str) -> Desired | None:
    """Return what the YAML of a commit declares, None when it has none or it has errors."""
    from reconciler.source.load import load

    with tree_at(budgets, commit) as root:
        return load(root).desired if root else None


_LINK = "120000"
_FILES = ("100644", "100755", "100664")


def _entry(line: bytes) -> tuple[str, str, PurePosixPath]:
    """Return the mode, the id and the path of one line of `git ls-tree`."""
    facts, _, path = line.partition(b"\t")
    mode, _, identity = facts.decode("ascii").split(" ")
    return mode, identity, PurePosixPath(path.decode("utf-8", "surrogateescape"))


def _blobs(top: Path, identities: Sequence[str]) -> dict[str, bytes]:
    """Return the contents of objects, those that are no blobs left out."""
    wanted = dict.fromkeys(identities)
    answer = git(top, "cat-file", "--batch", given="".join(f"{identity}\n" for identity in wanted).encode())
    found: dict[str, bytes] = {}
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        identity, kind, *size = answer[at:end].decode("ascii").split(" ")
        at = end + 1
        if size:
            content = answer[at : at + int(size[0])]
            at += int(size[0]) + 1
            if kind == "blob":
                found[identity] = content
    return found


def _write(root: Path, entries: Sequence[tuple[str, str, PurePosixPath]], blobs: dict[str, bytes]) -> None:
    """Write files, and then links, below `root`."""
    for mode, identity, path in sorted(entries, key=lambda entry: (entry[0] == _LINK, entry[2])):
        if identity not in blobs or path.is_absolute() or ".." in path.parts:
            continue
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if mode == _LINK:
            target.symlink_to(blobs[identity].decode("utf-8", "surrogateescape"))
        elif mode in _FILES:
            target.write_bytes(blobs[identity])
