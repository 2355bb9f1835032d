"""Which forge a work tree tells of."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from reconciler.git.failures import GitError
from reconciler.git.places import repository_root, work_tree
from reconciler.git.runner import run

_HOST = re.compile(r"^(?:[a-z+]+://(?:[^/@]*@)?(?P<url>[^/:]+)|(?:[^/@:]*@)?(?P<scp>[^/:]{2,}):)")
_SECONDS = 10.0
REMOTE = "origin"


class Around(NamedTuple):
    """The forge that the host of a `remote` is of, an empty text where its name says none; else that of the `files`."""

    remote: str
    files: str

    @property
    def is_none(self) -> bool:
        return not self.remote and self.files == "none"


def forge_around(folder: Path) -> Around:
    """Return what the work tree around `folder` tells of its forge; nothing outside of one."""
    top, root = work_tree(folder), repository_root(folder)
    if top is None:
        return Around("", "none")
    try:
        remote = _remote_of(top, ((root or top) / ".git" / "config").stat().st_mtime_ns)
    except OSError:
        remote = _by_remote(top)
    return Around(remote, by_files(top))


@lru_cache(maxsize=8)
def _remote_of(top: Path, changed: int) -> str:
    """Ask once; `changed` is when its remotes were set."""
    del changed
    return _by_remote(top)


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
