"""Whether a git remote lets this machine push what a journal needs, found out by doing it with a reference of its own.

A rehearsal (`git push --dry-run`) would ask neither the remote's hooks nor its rules of protection.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from reconciler.journal.git import NAMESPACE, Git, JournalUnreachableError

PROBE = f"{NAMESPACE}/doctor"


def try_push(remote: str, *, folder: Path) -> None:
    """Push a reference to `remote`, seen from `folder`, and take it away; no record and no lock is touched.

    Where the remote forbids that references are deleted, it stays, and the next one follows it. Raises
    JournalUnreachableError where the remote takes nothing.
    """
    git = Git(remote, folder=folder)
    before = git.fetch(NAMESPACE).get(PROBE, "")
    commit = git.commit({}, f"kt-budgets doctor {secrets.token_hex(8)}\n", parent=before)
    if git.swap(PROBE, expected=before, commit=commit, tries=1):
        try:
            git.swap(PROBE, expected=commit, commit="", tries=1)
        except JournalUnreachableError:
            return
