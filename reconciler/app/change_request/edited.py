"""Merges by hand: what a landing says otherwise than git makes of its pull request, and no reviewer saw.

Decision 0073.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.app.budget_files import Commits, changed_files, changed_parts
from reconciler.app.checkout import git, tree_ids
from reconciler.app.forge_session import forge_words
from reconciler.findings import RefusedError
from reconciler.forge.change_request import ChangeRequest
from reconciler.git.failures import GitError, Trouble
from reconciler.git.merging import bring_commit, is_here, merged
from reconciler.model.landing import Landing

_NOT_THERE = (Trouble.NOT_SERVED, Trouble.NO_REMOTE)


@dataclass(frozen=True, slots=True)
class Edited:
    """Parts of a landing of which nobody was shown everything.

    `by_hand` are those that say something else than the pull request. `more` says why of those that bring more than was
    shown: the pull request was shown onto another commit.
    """

    by_hand: frozenset[str] = frozenset()
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> frozenset[str]:
        return self.by_hand | self.more.keys()

    def why(self, part: str, pull: ChangeRequest, commit: str) -> str:
        """Return why a part is left out until it was shown as merged."""
        what = part or "the organization's settings"
        other = f"{what}: {commit[:12]} says something else than merging the last commit of {_called(pull)} gives"
        return other if part in self.by_hand else self.more[part]


def edited_parts(commits: Commits, landing: Landing, pull: ChangeRequest) -> frozenset[str]:
    """Return the parts whose values in `landing` are others than merging the last head of `pull` gives.

    All parts of the landing are meant where the two conflict: then a person made that merge. Raises RefusedError where
    that cannot be told of this landing, and GitError where the remote does not answer.
    """
    tree = _merge(commits.budgets, landing, pull)
    if tree is None:
        return landing.parts
    if len(set(tree_ids(commits.budgets, (tree, landing.commit)).values())) == 1:
        return frozenset()
    differing = changed_files(commits.files(tree), commits.files(landing.commit))
    then, now = commits.desired(tree), commits.desired(landing.commit)
    return differing & changed_parts(then, now) if then and now else differing


def brought_in(budgets: Path, landing: Landing, pull: ChangeRequest) -> tuple[str, ...]:
    """Return the commits of a landing that are none of its pull request: any of them may say something else.

    What the pull request has of its own, and what lay below both, is left out; the landing's own commit never is.
    """
    without = [f"^{commit}" for commit in (landing.base, pull.head) if commit and is_here(budgets, commit)]
    listed = git(budgets, "rev-list", landing.commit, *without, "--").decode().split() if without else []
    return tuple(dict.fromkeys([landing.commit, *listed]))


def _merge(budgets: Path, landing: Landing, pull: ChangeRequest) -> str | None:
    try:
        bring_commit(budgets, pull.head, pull.reference)
    except GitError as error:
        if error.trouble not in _NOT_THERE:
            raise
        raise untold(landing.commit, pull, error) from None
    try:
        return merged(budgets, landing.base, pull.head) if landing.base else pull.head
    except GitError as error:
        raise untold(landing.commit, pull, error) from None


def _called(pull: ChangeRequest) -> str:
    return f"{forge_words().sign}{pull.number}"


def untold(commit: str, pull: ChangeRequest, error: GitError) -> RefusedError:
    """Return that nobody can tell whether a commit is what a request asked for."""
    words = f"it cannot be told whether {commit[:12]} is what {_called(pull)} asked for: {error.message}"
    return RefusedError(
        words, hint=f"{error.hint}; or revert it, and bring it in through another {forge_words().request}"
    )
