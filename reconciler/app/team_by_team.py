"""What was applied where no commit stands for all of it: each team as it was adopted or applied (decision 0129)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.app.budget_files import BudgetFiles, Commits, applied_files
from reconciler.app.checkout import git
from reconciler.app.lineage import bring_applied
from reconciler.model.applied import LastApplied
from reconciler.model.landing import ORGANIZATION
from reconciler.settings import Settings


def applied_commits(last: LastApplied) -> tuple[str, ...]:
    """Return the commits that anything was applied from: that of all first, then those of single parts."""
    return tuple(dict.fromkeys(commit for commit in (last.commit, *last.ahead.values()) if commit))


def applied_as_it_was(settings: Settings, last: LastApplied) -> tuple[BudgetFiles, str]:
    """Return the files as they were applied, and the commit that holds for whatever was not applied by itself.

    Where that is no commit as a whole, org.yaml is the oldest by which any of the teams was applied and with which all
    of them are valid: what was merged about it later was applied by nobody.

    Raises GitError where a commit is in no clone that is known, and RefusedError where a remote does not answer.
    """
    for commit in applied_commits(last):
        bring_applied(settings, commit)
    commits = Commits(settings.budgets)
    if last.commit:
        return applied_files(commits, last.commit, last.ahead), last.commit
    bases = list(_oldest_first(commits, last))
    found = [applied_files(commits, None, {ORGANIZATION: base, **last.ahead}) for base in bases]
    return next((pair for pair in zip(found, bases, strict=True) if pair[0].loaded().desired), (found[0], bases[0]))


def _oldest_first(commits: Commits, last: LastApplied) -> Iterator[str]:
    """Yield the commits whose org.yaml may hold: that which was applied, else those of the teams in their order."""
    known = [last.ahead[ORGANIZATION]] if ORGANIZATION in last.ahead else applied_commits(last)
    below = {commit: int(git(commits.budgets, "rev-list", "--count", commit, "--")) for commit in known}
    yield from sorted(below, key=lambda commit: (below[commit], commit))
