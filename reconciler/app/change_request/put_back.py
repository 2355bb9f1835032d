"""Put back: what was applied and is not so any more, because somebody changed it by hand (decision 0062)."""

from __future__ import annotations

from reconciler.app.budget_files import BudgetFiles
from reconciler.app.change_request.bench import MergeBench
from reconciler.app.lineage import AFRESH
from reconciler.app.listening import say
from reconciler.app.team_by_team import applied_as_it_was, applied_commits
from reconciler.findings import RefusedError
from reconciler.model.applied import LastApplied, part_digest
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION
from reconciler.model.outcome import Result
from reconciler.model.plan import Scope, Source


def put_back(bench: MergeBench) -> Result | None:
    """Put back what differs from what was applied, for every team; it was all approved when it was applied.

    Returns None, and says why, where nothing was applied that a commit tells of.
    """
    last = bench.applied()
    if last is None or not applied_commits(last):
        say(
            "git's values were not put back: nothing was applied or adopted from a commit yet, so there are none that"
            " anybody approved",
            f"`kt-budgets adopt` takes in what is to stay as it is; or {AFRESH}",
        )
        return None
    files, base = applied_as_it_was(bench.settings, last)
    loaded = files.loaded()
    if loaded.desired is None:
        raise RefusedError(
            f"the budgets of {base[:12]}, which were applied last, cannot be read any more",
            hint="run `kt-budgets validate` on that commit",
        )
    source = Source(commit=base, dirty=False, tree_digest=loaded.desired.tree_digest)
    scope = _scope(bench, last, files, loaded.desired, base)
    plan = bench.planned(loaded.desired, loaded.findings, source=source, scope=scope)
    for guard in plan.guards:
        if guard.status == "refused":
            raise RefusedError(f"git's values are not put back: {guard.guard}: {guard.message}", hint=guard.hint)
    return bench.carried_out(plan, loaded.desired, declares="again")


def _scope(bench: MergeBench, last: LastApplied, files: BudgetFiles, applied: Desired, base: str) -> Scope | None:
    """Return the teams that a commit tells of, where it does not of all; None where it does, and of the organization.

    What was applied from files that were not committed is no commit's, and says so.
    """
    unknown = {part for part, said in last.uncommitted.items() if part_digest(files.files, part) != said}
    if unknown:
        names = ", ".join(sorted(f"teams/{part}.yaml" if part else "org.yaml" for part in unknown))
        say(
            f"{names}: applied with changes that are in no commit, so that it is not put back",
            f"commit it as it was applied, and merge it; or {AFRESH}",
        )
    elif last.commit or ORGANIZATION in last.ahead:
        return None
    teams = sorted(applied.teams.keys() - bench.released() - unknown)
    return Scope(since=base, teams=tuple(teams), of=len(applied.teams))
