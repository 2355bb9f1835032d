"""The repository that budgets are started in: its top, its forge, and whether a journal can be in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from reconciler.findings import UsageError
from reconciler.git.failures import GitError
from reconciler.git.places import work_tree
from reconciler.git.runner import run

_HOST = re.compile(r"^(?:[a-z+]+://(?:[^/@]*@)?(?P<url>[^/:]+)|(?:[^/@:]*@)?(?P<scp>[^/:]{2,}):)")
_SECONDS = 10.0
_REMOTE = "origin"
_COPY = ".github/adopt.sh"


@dataclass(frozen=True, slots=True)
class Repository:
    """`top` is that of the work tree, or the folder beside the budgets; `folder` leads from it to the budgets.

    `copied` says whether it has copies of the workflows, beside which the one that calls them is too much;
    `keeps_journal` whether the remote `origin` answers, so that a journal can be kept there.
    """

    top: Path
    folder: str
    forge: str
    keeps_journal: bool = False
    copied: bool = False


def repository_of(budgets: Path, *, forge: str | None) -> Repository:
    """Return where `budgets` are to be; `forge` is what was asked for, None where it is to be inferred."""
    real = budgets.resolve()
    tree = work_tree(real)
    top = tree or real.parent
    folder = real.relative_to(top).as_posix()
    if folder == ".":
        raise UsageError("the budgets cannot be the top of a repository", hint="name a folder in it: --budgets budgets")
    if tree is None:
        return Repository(top, folder, forge or _by_files(top))
    found = forge or forge_of(top)
    answers = found != "none" and _asked(top, "ls-remote", "--quiet", _REMOTE, "HEAD") is not None
    return Repository(top, folder, found, answers, copied=_has_copies(top))


def forge_of(top: Path) -> str:
    """Return the forge of a work tree as far as it tells: by the host of its remote, else by its files; else `none`."""
    return _by_remote(top) or _by_files(top)


def _by_remote(top: Path) -> str:
    """Return the forge that the name of the remote's host says, an empty text where it says none."""
    address = _asked(top, "remote", "get-url", _REMOTE) or ""
    match = _HOST.match(address)
    host = (match["url"] or match["scp"] or "").lower() if match else ""
    return next((name for name in ("github", "gitlab") if name in host or (name == "github" and ".ghe." in host)), "")


def _by_files(top: Path) -> str:
    if (top / ".gitlab-ci.yml").exists():
        return "gitlab"
    return "github" if (top / ".github").is_dir() else "none"


def _has_copies(top: Path) -> bool:
    files = (top / ".github" / "workflows").glob("*.y*ml")
    return any(_COPY in path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file())


def _asked(top: Path, *arguments: str) -> str | None:
    try:
        done = run(*arguments, folder=top, seconds=_SECONDS)
    except GitError:
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
