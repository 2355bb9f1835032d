"""What merging a branch gives: planned where its target has moved on, so that nothing seems to be taken back.

Decision 0058.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from reconciler.app.checkout import git, is_older, parents, prefix, tree_id
from reconciler.app.forge_session import run_of_now
from reconciler.app.listening import say
from reconciler.findings import BudgetsError, RefusedError
from reconciler.git.failures import GitError
from reconciler.git.places import provenance
from reconciler.settings import Settings
from reconciler.source.tree import folder_name

_WHO = ("-c", "user.name=kt-budgets", "-c", "user.email=kt-budgets@localhost", "-c", "commit.gpgsign=false")


@contextmanager
def as_merged(settings: Settings) -> Iterator[tuple[Settings, str | None]]:
    """Yield the settings for the budgets as merging gives them, and the commit that is checked out.

    They are those of a checkout beside this one where CI checked out a branch whose target has other budgets by now:
    planned as it is, the branch would seem to take back what the target got since. Else they are the settings as they
    are, and None. A test merge that the forge made is taken as it is. Raises RefusedError where the two cannot be
    merged.
    """
    target = target_branch()
    tip = _moved(settings, target) if target else ""
    if not tip:
        yield settings, None
        return

    head = git(settings.budgets, "rev-parse", "HEAD").decode().strip()
    merge = merge_of(settings, target, tip, head)
    say(f"{target} moved on since this branch left it: what merging gives now is planned.")
    with beside(settings, merge) as merged:
        yield merged, head


@contextmanager
def beside(settings: Settings, commit: str) -> Iterator[Settings]:
    """Yield the settings for the budgets of a commit, checked out beside this checkout, and nothing but the budgets."""
    with tempfile.TemporaryDirectory(prefix="kt-budgets-") as place:
        tree = Path(place) / folder_name(settings.budgets)
        git(settings.budgets, "worktree", "add", "--quiet", "--detach", "--no-checkout", str(tree), commit)
        try:
            where = prefix(settings.budgets)
            git(tree, "checkout", "--quiet", "HEAD", "--", str(where))
            yield replace(settings, budgets=tree / where)
        finally:
            git(settings.budgets, "worktree", "remove", "--force", str(tree))


def target_branch() -> str:
    """Return the branch that this run of CI is to merge into, an empty text where it is for none."""
    return run_of_now().target


def merged_parents(settings: Settings, commit: str | None = None) -> tuple[str, str] | None:
    """Return base and head of the test merge that is checked out, which is `commit`; None for any other commit.

    A branch that its target was merged into ends in a merge as well: there, the first parent is the branch's own.
    """
    target = target_branch() or _dispatched_on()
    if not target:
        return None
    try:
        commit = commit or git(settings.budgets, "rev-parse", "HEAD").decode().strip()
        above = parents(settings.budgets, commit)
    except BudgetsError:
        return None
    tip = _tip(settings, target)
    if len(above) != 2 or commit == tip:
        return None
    base, head = above
    is_test = base == tip or is_older(settings.budgets, base, tip) if tip else head == run_of_now().head
    return (base, head) if is_test and not is_older(settings.budgets, commit, tip) else None


def _dispatched_on() -> str:
    """Return the branch that a run started by hand is on: a pull request may be merged onto it there."""
    run = run_of_now()
    return run.branch if run.cause == "manual" else ""


def _tip(settings: Settings, target: str) -> str:
    """Return the last commit of the target as this clone knows it, an empty text where it does not."""
    name = f"refs/remotes/origin/{target}^{{commit}}"
    try:
        return git(settings.budgets, "rev-parse", "--verify", "--quiet", name).decode().strip()
    except GitError:
        return ""


def _moved(settings: Settings, target: str) -> str:
    """Return the target's last commit where its budgets are others by now than where the branch left it."""
    try:
        if run_of_now().is_test_merge and merged_parents(settings):
            return ""
        tip = (
            git(settings.budgets, "rev-parse", "--verify", "--quiet", f"refs/remotes/origin/{target}").decode().strip()
        )
        fork = git(settings.budgets, "merge-base", "HEAD", tip).decode().strip()
    except BudgetsError:
        return ""
    if fork == tip or tree_id(settings.budgets, fork) == tree_id(settings.budgets, tip):
        return ""
    if provenance(settings.budgets)[1]:
        say(f"{target} moved on, and files here are not committed: planned as they are.")
        return ""
    return tip


def merge_of(settings: Settings, target: str, tip: str, head: str) -> str:
    """Return a commit of the merge, which no branch holds; GitError where git is too old to make one."""
    from reconciler.git.merging import merged

    tree = merged(settings.budgets, tip, head)
    if tree is None:
        raise RefusedError(
            f"{target} moved on since this branch left it, and the two cannot be merged here: planned as it is, this"
            " branch would seem to take back what came in since",
            hint=f"git fetch origin, git merge origin/{target}, solve the conflicts and push",
        )
    arguments = ("commit-tree", tree, "-p", tip, "-p", head, "-m", "What merging gives")
    return git(settings.budgets, *_WHO, *arguments).decode().strip()
