"""What is merged below a pull request and not applied yet, by what the journal says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reconciler.app.budget_files import BudgetFiles, changed_parts, files_of
from reconciler.app.checkout import is_older, line_of, touching
from reconciler.app.differing import declared_where_different
from reconciler.git.failures import GitError
from reconciler.model.applied import LastApplied
from reconciler.model.landing import ORGANIZATION
from reconciler.model.later import Unapplied

MOST = 20
"""So many of the newest commits are told; what is behind is told by `drift`."""


def unapplied(budgets: Path, last: LastApplied | None, tip: str) -> tuple[Unapplied, ...]:
    """Return the commits of the line below `tip` whose values are not applied yet, oldest first.

    Nothing is returned where that cannot be told: before the first apply, and where the last one is not in this clone.
    """
    if last is None or not last.commit:
        return ()
    try:
        return tuple(_unapplied(budgets, last, last.commit, tip))
    except GitError:
        return ()


def _unapplied(budgets: Path, last: LastApplied, since: str, tip: str) -> Iterator[Unapplied]:
    line = line_of(budgets, since, tip)
    for commit in touching(budgets, line)[-MOST:]:
        below = [files_of(budgets, first) for first in line[commit][:1]]
        before = below[0] if below else BudgetFiles(budgets.resolve().name)
        declared = declared_where_different(before, files_of(budgets, commit))
        changed = changed_parts(*declared) if declared else frozenset()
        left = {part for part in changed if not _is_applied(budgets, last.ahead.get(part), commit)}
        if left:
            teams = None if ORGANIZATION in left else tuple(sorted(left))
            yield Unapplied(commit=commit, teams=teams)


def _is_applied(budgets: Path, ahead: str | None, commit: str) -> bool:
    return ahead is not None and (ahead == commit or is_older(budgets, commit, ahead))
