"""The repository that budgets are started in: its top, its forge, and whether a journal can be in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.app.forge_here import REMOTE, asked, by_files, forge_of
from reconciler.findings import UsageError
from reconciler.git.places import work_tree

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
        return Repository(top, folder, forge or by_files(top))
    found = forge or forge_of(top)
    answers = found != "none" and asked(top, "ls-remote", "--quiet", REMOTE, "HEAD") is not None
    return Repository(top, folder, found, answers, copied=_has_copies(top))


def _has_copies(top: Path) -> bool:
    files = (top / ".github" / "workflows").glob("*.y*ml")
    return any(_COPY in path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file())
