"""Which change request a named commit of the default branch is the merge of, and what it was merged onto."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.app.change_request.arrivals import below, gives
from reconciler.app.change_request.edited import untold
from reconciler.app.checkout import line_of
from reconciler.findings import RefusedError
from reconciler.forge.approval import is_into, merged_request
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.protocol import Forge
from reconciler.git.failures import GitError
from reconciler.git.merging import tip_of


@dataclass(frozen=True, slots=True)
class NamedMerge:
    """A commit that brought `pull`. `base` is what it lies on where that was rebased, else None."""

    pull: ChangeRequest
    base: str | None = None


def named_merge(session: Forge, budgets: Path, commit: str) -> NamedMerge:
    """Return what `commit` is the merge of: as the forge says, or as its content proves of a request that was rebased.

    Raises:
        RefusedError: when the commit came to the branch in any other way, or when it cannot be told how.
    """
    try:
        return NamedMerge(merged_request(session, commit))
    except RefusedError as refused:
        branch = session.default_branch()
        for listed in session.change_requests_of(commit):
            if listed.merge_commit and is_into(session, listed, branch):
                pull = session.change_request(listed.number)
                try:
                    base = _onto(budgets, pull, commit, branch)
                except GitError as error:
                    raise untold(commit, pull, error) from None
                if base:
                    return NamedMerge(pull, base)
        raise refused


def _onto(budgets: Path, pull: ChangeRequest, commit: str, branch: str) -> str | None:
    """Return the lowest commit of the branch on which merging `pull` gives the budgets of `commit`; None without one.

    The lowest, since each commit of the request that lies below gives them too. Raises GitError.
    """
    found = None
    for base in below(budgets, commit, pull.commits):
        found = base if gives(budgets, base, pull, commit) else found
    return found if found and commit in line_of(budgets, found, tip_of(budgets, branch)) else None
