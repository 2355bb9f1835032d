"""Who approves the first budgets of an organization where others have theirs: an owner of each, too (decision 0128)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from reconciler.app.budget_files import Commits
from reconciler.app.committed import organizations
from reconciler.findings import RefusedError
from reconciler.model.desired import Desired
from reconciler.model.requirement import Requirement
from reconciler.policy.approvals import Step, requirements

Others = Mapping[PurePosixPath, Desired]
"""The budgets that lie in other folders."""


def others_in(commits: Commits, commit: str, branch: str) -> Others:
    """Return all budgets that a commit has in other folders, whose owners approve what is new.

    Raises RefusedError for what cannot be read; `branch` is where that is to be corrected.
    """
    found = {}
    for place, organization in organizations(commits.budgets, commit).items():
        desired = commits.of(organization).desired(commit)
        if desired is None:
            raise unreadable(f"the budgets of {organization} in {place}, as {commit[:12]} has them,", branch)
        found[place] = desired
    return found


def asked_of(others: Others, newcomer: Desired, step: Step) -> Iterator[Requirement]:
    """Yield what owners of `others` are to approve of a step that brings the first budgets of `newcomer`."""
    for place, other in others.items():
        why = f"there were no budgets of {newcomer.organization.organization}, and others in {place}"
        for item in requirements(other.without_teams(), step):
            yield item.model_copy(update={"reason": f"{item.reason}; {why}"})


def unreadable(what: str, branch: str) -> RefusedError:
    return RefusedError(
        f"{what} cannot be read, so nobody knows who must approve", hint=f"correct the files on {branch} first"
    )
