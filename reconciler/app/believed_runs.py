"""An interrupted run that the journal keeps is finished where the YAML of the default branch says what it would do.

Decision 0077. The way out for a journal that is not believed is here as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.app.believed import Branch, is_in_git
from reconciler.app.budget_files import Commits
from reconciler.journal.history import RunTrace, history_of, open_runs
from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.kinds.managed_kind import text_of
from reconciler.settings import Settings, environment

if TYPE_CHECKING:
    from reconciler.journal.record import Record
    from reconciler.model.desired import Desired


def unborne(settings: Settings, records: Sequence[Record]) -> list[tuple[str, str]]:
    """Return the interrupted runs that would send what no YAML of the branch says, each with why."""
    if not is_in_git(settings):
        return []
    runs = [run for run, only in open_runs(history_of(records)) if only is None]
    branch, commits = Branch(settings), Commits(settings.budgets)
    return [(run.run, why) for run in runs if (why := _objection(run, branch, commits))]


def _objection(run: RunTrace, branch: Branch, commits: Commits) -> str:
    plan = run.plan
    if plan.source.commit is None or plan.source.dirty:
        is_job = environment().get("GITHUB_ACTIONS") or environment().get("CI")
        return "it is about files that are in no commit; whoever started it can finish it" if is_job else ""
    sources = [plan.source.commit, *run.started.facts.get("ahead", {}).values()]
    for commit in dict.fromkeys(sources):
        if not branch.holds(commit):
            return f"it is about {commit[:12]}, which {branch.name or 'the branch'} never held"
    said = [desired for commit in sources if (desired := commits.desired(commit))]
    for change in plan.changes:
        if not any(_is_said(change, desired) for desired in said):
            what = change.wallet if isinstance(change, Allocate | Reclaim) else change.key
            return (
                f"it is to {change.kind.replace('_', ' ')} {what}, and the budgets of {sources[0][:12]} say otherwise"
            )
    return ""


def _is_said(change: Change, desired: Desired) -> bool:
    """Whether the YAML asks for what a change leads to."""
    if isinstance(change, ObjectChange):
        listed = {text_of(key): wanted.value for key, wanted in desired.of(change.managed).items()}
        return listed.get(change.key) == change.after
    wallet = desired.wallets.get(change.wallet)
    if isinstance(change, Reclaim) and change.carried_from:
        return desired.organization.unused == "reclaim" or wallet is None or wallet.absent
    if wallet is None:
        return isinstance(change, Reclaim) and not change.target
    within = change.funded_before + change.amount <= change.target
    is_target = wallet.target(change.period).amount == change.target
    return is_target and (isinstance(change, Reclaim) or within)
