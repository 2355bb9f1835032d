"""Where the YAML comes from: the commit, and whether the folder differs from it."""

from __future__ import annotations

from pathlib import Path

from reconciler.git.failures import GitError, Trouble, failure
from reconciler.git.places import work_tree
from reconciler.git.runner import ask, run


def provenance(root: Path) -> tuple[str | None, bool | None]:
    """Return the commit that is checked out and whether anything below `root` differs from it.

    Both are None without git, outside of a repository and before its first commit. Raises GitError where there is a
    repository and git does not look into it: a plan without its commit could not be told from one of an older clone.
    """
    if work_tree(root) is None or not root.is_dir():
        return None, None
    try:
        done = run("rev-parse", "--verify", "--quiet", "HEAD", folder=root)
        if done.returncode and done.stderr.strip():
            raise failure("rev-parse", done.stderr)
        if done.returncode:
            return None, None
        changes = ask("status", "--porcelain", "--untracked-files=all", "--", ".", folder=root)
    except GitError as error:
        if error.trouble is Trouble.NOT_INSTALLED:
            return None, None
        raise
    return done.stdout.decode().strip(), bool(changes.strip())
