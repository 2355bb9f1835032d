"""The budgets as they are in a commit, without touching the working tree."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from reconciler.findings import RemoteError

if TYPE_CHECKING:
    from reconciler.model.desired import Desired

_SECONDS = 120
_LARGEST = 256 * 2**20


class GitError(RemoteError):
    """Git cannot answer."""


def git(folder: Path, *arguments: str) -> bytes:
    """Return what git prints in `folder`; GitError with its own words when it fails. It never asks for a password."""
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False)
    except FileNotFoundError:
        raise GitError("git is not installed", hint="install git") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git {arguments[0]} did not finish: {type(error).__name__}", hint="run it again") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitError(
            f"git {arguments[0]} failed: {(lines or ['no reason given'])[-1][:200]}",
            hint="run it in a full clone, such as a checkout with `fetch-depth: 0`",
        )
    return done.stdout


def prefix(budgets: Path) -> PurePosixPath:
    """Return where the folder is in its repository."""
    return PurePosixPath(git(budgets, "rev-parse", "--show-prefix").decode().strip())


def parents(folder: Path, commit: str) -> tuple[str, ...]:
    """Return the parents of a commit, the first first."""
    return tuple(git(folder, "rev-list", "--parents", "-n", "1", commit, "--").decode().split()[1:])


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

    Only regular files are taken: a link could lead out of the tree.
    """
    where = prefix(budgets)
    top = Path(git(budgets, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    listed = git(top, "ls-tree", "-d", "--name-only", "--full-tree", commit, "--", str(where))
    if not listed.strip() and where != PurePosixPath("."):
        yield None
        return
    name = f"{commit}:{where}" if where != PurePosixPath(".") else commit
    archive = git(top, "archive", "--format=tar", name)
    with tempfile.TemporaryDirectory(prefix="kt-budgets-") as folder:
        root = Path(folder) / (budgets.resolve().name)
        root.mkdir()
        _extract(archive, root)
        yield root


def load_at(budgets: Path, commit: str) -> Desired | None:
    """Return what the YAML of a commit declares, None when it has none or it has errors."""
    from reconciler.source.load import load

    with tree_at(budgets, commit) as root:
        return load(root).desired if root else None


def _extract(archive: bytes, root: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            path = PurePosixPath(member.name)
            content = files.extractfile(member) if member.isreg() and member.size <= _LARGEST else None
            if content is None or path.is_absolute() or ".." in path.parts:
                continue
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
