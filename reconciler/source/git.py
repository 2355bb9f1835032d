"""Where the YAML comes from: the commit, and whether the folder differs from it."""

from __future__ import annotations

import subprocess
from pathlib import Path

_SECONDS = 30


def provenance(root: Path) -> tuple[str | None, bool | None]:
    """Return the commit that is checked out and whether anything below `root` differs from it.

    Both are None without git, outside of a repository and before its first commit.
    """
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None, None
    changes = _git(root, "status", "--porcelain", "--untracked-files=all", "--", ".")
    if changes is None:
        return None, None
    return commit.strip(), bool(changes.strip())


def _git(root: Path, *arguments: str) -> str | None:
    """Return what git says, None when it fails. Locks are not taken and no program of the repository is run."""
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(root), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
