"""Whether the budgets here are those of today: nothing is planned or applied backwards from a clone left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.app.checkout import is_older, tree_id
from reconciler.app.listening import say
from reconciler.findings import BudgetsError, RefusedError
from reconciler.git.failures import Trouble, failure
from reconciler.git.merging import is_here
from reconciler.git.places import commit_here
from reconciler.git.runner import ask, run

if TYPE_CHECKING:
    from reconciler.model.applied import LastApplied
    from reconciler.settings import Settings

AFRESH = "plan anew with `kt-budgets plan`, have that looked at, and run `kt-budgets apply --plan plan.json`"
"""What begins anew with what is merged, where what was applied is lost."""

_SECONDS = 60.0


def refuse_behind(settings: Settings, last: LastApplied | None) -> None:
    """Do what `refuse_older` does for the commit that is checked out; nothing outside of a repository."""
    if last is not None and last.commit:
        refuse_older(settings, commit_here(settings.budgets), last)


def refuse_older(settings: Settings, commit: str | None, last: LastApplied | None) -> None:
    """Raise RefusedError when `commit` was followed by one that is applied: what came after it would be undone.

    A commit that this clone does not have is asked of its remotes, which touches no branch. Where none of them has it
    it is said that nothing can be told; one that does not answer stops, because the clone may be an old one.
    """
    applied = last.commit if last else None
    if not commit or not applied or commit == applied:
        return
    if not bring_applied(settings, applied):
        say(
            f"{applied[:12]} was applied last, and neither this clone nor a remote of it has that commit: it cannot be"
            f" told whether {commit[:12]} is older. Compare the plan with what was approved last before you apply it."
        )
        return
    if is_older(settings.budgets, commit, applied) and (
        tree_id(settings.budgets, commit) != tree_id(settings.budgets, applied)
    ):
        raise RefusedError(
            f"{commit[:12]} is older than {applied[:12]}, which was applied after it: this would undo what came in"
            " between; nothing was written",
            hint="git pull, then plan again; to go back on purpose, merge a change that says so. Where the branch"
            f" itself was pushed back by force, push {applied} to it again, or merge what is to hold from now on",
        )
    if not is_older(settings.budgets, applied, commit) and not _is_shallow(settings):
        say(
            f"{commit[:12]} does not contain {applied[:12]}, which was applied last: what that changed would be undone."
            " If it is a branch left behind, merge or rebase it first."
        )


def bring_applied(settings: Settings, commit: str) -> bool:
    """Whether a commit that was applied is in this clone, or could be fetched from a remote of it.

    Raises RefusedError when a remote that may have it does not answer.
    """
    return _has(settings, commit) or _brought(settings, commit)


def _has(settings: Settings, commit: str) -> bool:
    return is_here(settings.budgets, commit)


def _is_shallow(settings: Settings) -> bool:
    return ask("rev-parse", "--is-shallow-repository", folder=settings.budgets).strip() == b"true"


def _brought(settings: Settings, commit: str) -> bool:
    """Fetch `commit` from a remote of the budgets' repository; False when none of them has it.

    Raises RefusedError when one that may have it does not answer.
    """
    wanted = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
    silent: list[BudgetsError] = []
    for remote in ask("remote", folder=settings.budgets).decode().split():
        done = run(*wanted, "--", remote, commit, folder=settings.budgets, seconds=_SECONDS)
        if done.returncode == 0 and _has(settings, commit):
            return True
        error = failure("fetch", done.stderr)
        if error.trouble not in (Trouble.NOT_SERVED, Trouble.NO_REMOTE):
            silent.append(error)
    if silent:
        raise RefusedError(
            f"{commit[:12]} was applied last and is not in this clone, which may be an old one; its remote did not say:"
            f" {silent[0].message}; nothing was written",
            hint=f"git pull, then run it again; {silent[0].hint}",
        )
    return False
