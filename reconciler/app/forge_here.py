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
    """The `host` of a remote, an empty text where there is none, and the forge that `files` of a work tree are for."""

    host: str
    files: str

    @property
    def remote(self) -> str:
        """The forge that the host is of, an empty text where its name says none."""
        return _forge_at(self.host)

    @property
    def is_none(self) -> bool:
        return not self.remote and self.files == "none"


def forge_around(folder: Path) -> Around:
    """Return what the work tree around `folder` tells of its forge; nothing outside of one."""
    top, root = work_tree(folder), repository_root(folder)
    if top is None:
        return Around("", "none")
    try:
        host = _known_host(top, ((root or top) / ".git" / "config").stat().st_mtime_ns)
    except OSError:
        host = _host_of(top)
    return Around(host, by_files(top))


@lru_cache(maxsize=8)
def _known_host(top: Path, changed: int) -> str:
    """Ask once; `changed` is when its remotes were set."""
    del changed
    return _host_of(top)


def forge_of(top: Path) -> str:
    """Return the forge of a work tree as far as it tells: by the host of its remote, else by its files; else `none`."""
    return _forge_at(_host_of(top)) or by_files(top)


def _host_of(top: Path) -> str:
    address = asked(top, "remote", "get-url", REMOTE) or ""
    match = _HOST.match(address)
    return (match["url"] or match["scp"] or "").lower() if match else ""


def _forge_at(host: str) -> str:
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
