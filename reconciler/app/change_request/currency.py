"""Whether a plan is of what merging a pull request would give now: a run that is started again keeps its old commit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.checkout import parents, tree_id
from reconciler.app.forge_session import forge_words
from reconciler.app.listening import say
from reconciler.findings import StalePlanError
from reconciler.git.failures import GitError
from reconciler.git.merging import merged, tip_of

if TYPE_CHECKING:
    from reconciler.forge.change_request import ChangeRequest
    from reconciler.model.plan import Plan
    from reconciler.model.plan_finding import PlanFinding


def refuse_behind_base(shown: Plan | tuple[PlanFinding, ...], budgets: Path, pull: ChangeRequest) -> None:
    """Raise StalePlanError when merging `pull` now gives other budgets than those that the plan was made from.

    What cannot be told is said and refuses nothing: before anything is applied, the plan is compared again.
    """
    commit = None if isinstance(shown, tuple) else shown.source.commit
    if commit is None:
        return
    try:
        tip = tip_of(budgets, pull.base_ref)
        if not tip or tip in parents(budgets, commit) or _is_of_merge(shown, pull, tip):
            return
        tree = merged(budgets, tip, pull.head)
        if tree is not None and tree_id(budgets, tree) == tree_id(budgets, commit):
            return
    except GitError as error:
        say(f"it cannot be told whether the plan is behind {pull.base_ref}: {error.message}")
        return
    called = f"{forge_words().request} {pull.number}"
    what = "it conflicts with it now" if tree is None else "merging it now gives other budgets than were planned"
    raise StalePlanError(
        f"{pull.base_ref} moved to {tip[:12]} since {commit[:12]} was made to plan {called},"
        f" and {what}; nothing was written",
        hint=_cure(pull, conflicts=tree is None),
    )


def _is_of_merge(shown: Plan | tuple[PlanFinding, ...], pull: ChangeRequest, tip: str) -> bool:
    """Whether a plan says that it was made of what merging the pull request onto `tip` gives."""
    return not isinstance(shown, tuple) and (shown.source.head, shown.source.base) == (pull.head, tip)


def _cure(pull: ChangeRequest, *, conflicts: bool) -> str:
    if conflicts:
        return f"bring the branch up to date with {pull.base_ref}; that starts a new run"
    return (
        "a run that is started again keeps its old commit: start a new one, with"
        f" {forge_words().planned_by(pull.number)}, or bring the branch up to date with {pull.base_ref}"
    )
