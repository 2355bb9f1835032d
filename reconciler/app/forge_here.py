"""Which forge a work tree tells of, and what those who work in it call things."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from reconciler.app.forge_session import forge_words
from reconciler.forge.registry import is_told, provider_of
from reconciler.git.failures import GitError
from reconciler.git.places import work_tree
from reconciler.git.runner import run
from reconciler.model.forge_words import ForgeWords
from reconciler.settings import environment

_HOST = re.compile(r"^(?:[a-z+]+://(?:[^/@]*@)?(?P<url>[^/:]+)|(?:[^/@:]*@)?(?P<scp>[^/:]{2,}):)")
_SECONDS = 10.0
REMOTE = "origin"


def words_in(folder: Path) -> ForgeWords:
    """Return what those call things who work on the budgets in `folder`.

    Where neither this run nor the repository tells of a forge, by its remote or a file of its CI, they run commands.
    """
    variables = environment()
    if is_told(variables):
        return forge_words()
    top = work_tree(folder)
    found = forge_of(top) if top else "none"
    return replace(provider_of(variables, usual=found).words, commands=found == "none")


def forge_of(top: Path) -> str:
    """Return the forge of a work tree as far as it tells: by the host of its remote, else by its files; else `none`."""
    return _by_remote(top) or by_files(top)


def _by_remote(top: Path) -> str:
    """Return the forge that the name of the remote's host says, an empty text where it says none."""
    address = asked(top, "remote", "get-url", REMOTE) or ""
    match = _HOST.match(address)
    host = (match["url"] or match["scp"] or "").lower() if match else ""
    return next((name for name in ("github", "gitlab") if name in host or (name == "github" and ".ghe." in host)), "")


def by_files(top: Path) -> str:
    """Return the forge that a file of its CI is for, `none` where there is none."""
    if (top / ".gitlab-ci.yml").exists():
        return "gitlab"
    return "github" if (top / ".github").is_dir() else "none"


def asked(top: Path, *arguments: str) -> str | None:
    """Return what git answers within seconds, None where it does not."""
    try:
        done = run(*arguments, folder=top, seconds=_SECONDS)
    except GitError:
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
