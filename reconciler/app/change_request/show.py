"""`kt-budgets pr show`: plans open change requests as merging them would be, and shows each its plan.

It runs where the default branch is checked out, with the programs and the tokens of that branch: what a change request
holds is read as data. So its author gets no token that records plans, whatever her branch makes of the pipeline.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from reconciler.app.budget_files import files_of
from reconciler.app.change_request.publish import publish
from reconciler.app.change_request.refresh import moved
from reconciler.app.checkout import tree_id
from reconciler.app.forge_session import forge_session, request_of
from reconciler.app.listening import say
from reconciler.app.planning.merged_result import beside, merge_of
from reconciler.app.planning.plan import plan
from reconciler.app.recommend.recommend import RecommendRequest, recommend
from reconciler.app.validate import validate
from reconciler.files import write_file
from reconciler.findings import BudgetsError, ExitCode, FindingsError, RefusedError, StalePlanError, UsageError
from reconciler.forge.approval import records_among
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.check import PLAN
from reconciler.forge.protocol import Forge
from reconciler.git.failures import GitError, Trouble
from reconciler.git.merging import bring_commit, is_here, merged, tip_of
from reconciler.model.change_request import ShowDocument, ShownRequest
from reconciler.model.plan import Plan
from reconciler.report.renderers import Statement
from reconciler.settings import Settings

FAILED = "not planned"


def show(settings: Settings, *, repo: str | None, number: int | None, plans: Path | None) -> Statement:
    """Show the change request `number`, or all that are open, where none was shown yet or what was shown moved.

    The plans are kept in the folder `plans`, named by their numbers. One that cannot be planned stops no other one;
    the exit code is then 4.

    Raises:
        UsageError: no repository was named, or the default branch is not known to this clone.
        RemoteError: the forge or Keeptrusts cannot be read, or the token may not record a plan.
    """
    with forge_session(repo) as session:
        branch = session.default_branch()
        tip = tip_of(settings.budgets, branch)
        if not tip:
            raise UsageError(f"{branch} is not known here", hint="clone the whole repository, with all its history")
        named = (request_of(session, number),) if number else session.open_change_requests(into=branch)
        found = tuple(
            ShownRequest(pull_request=request.number, state=_told(session, settings, request, branch, tip, plans))
            for request in named
        )
    words = session.words
    lines = [f"{words.request} {words.sign}{one.pull_request}: {one.state}" for one in found]
    code = ExitCode.REFUSED if any(one.state.startswith(FAILED) for one in found) else ExitCode.DONE
    return Statement(ShowDocument(pull_requests=found), "\n".join(lines) or f"no open {words.request}s", code)


def _told(session: Forge, settings: Settings, request: ChangeRequest, branch: str, tip: str, plans: Path | None) -> str:
    if not request.is_open:
        return "left alone, since it is not open"
    try:
        return _shown(session, settings, request, branch, tip, plans)
    except GitError as error:
        if error.trouble is Trouble.TOO_OLD:
            raise
        return f"{FAILED}: {error.message}"
    except (RefusedError, StalePlanError) as error:
        return f"{FAILED}: {error.message}"


def _shown(
    session: Forge, settings: Settings, request: ChangeRequest, branch: str, tip: str, plans: Path | None
) -> str:
    budgets = settings.budgets
    bring_commit(budgets, request.head, request.reference)
    tree = merged(budgets, tip, request.head)
    if tree is None:
        return f"{FAILED}: it conflicts with {branch}"
    if tree_id(budgets, tree) == tree_id(budgets, tip):
        return "no budgets change"
    if _is_current(session, settings, request, tip, tree):
        return "shown as it is"
    with beside(settings, merge_of(settings, branch, tip, request.head)) as there:
        _publish(session, there, request, tip, plans)
    return "shown"


def _is_current(session: Forge, settings: Settings, request: ChangeRequest, tip: str, tree: str) -> bool:
    """Whether the plan that was recorded last is still what would be applied, on top of the same budgets."""
    records = records_among(session.checks(request.head, name=PLAN), session.repository, request)
    desired = files_of(settings.budgets, tree).loaded().desired if records else None
    if desired is None:
        return False
    record = records[-1][1]
    is_known = record.base is not None and is_here(settings.budgets, record.base)
    same = is_known and tree_id(settings.budgets, record.base or "") == tree_id(settings.budgets, tip)
    return same and record.period == settings.period and not moved(settings, desired, record)


def _publish(session: Forge, there: Settings, request: ChangeRequest, tip: str, plans: Path | None) -> None:
    """Plan the merge that is checked out `there`, or find what is wrong with its files, and show that."""
    with tempfile.TemporaryDirectory(prefix="kt-budgets-") as place:
        kept, own = plans or Path(place), Path(place)
        kept.mkdir(parents=True, exist_ok=True)
        made, findings, cures = kept / f"{request.number}.json", None, own / "cures.json"
        validated = validate(there.budgets, as_of=there.as_of)
        validated.suggest(cures)
        suggestions = [cures]
        try:
            planned = plan(there, since=tip)
        except FindingsError:
            findings = own / "findings.json"
            write_file(findings, validated.rendered("json"))
        else:
            write_file(made, planned.text())
            suggestions += _recommended(there, planned, own / "recommended.json")
        publish(
            plan_path=made,
            budgets=there.budgets,
            repo=session.repository,
            number=request.number,
            findings_path=findings,
            suggestions_paths=tuple(suggestions),
            with_check=True,
            dry_run=False,
        )


def _recommended(there: Settings, planned: Plan, file: Path) -> list[Path]:
    """Write what is recommended about what changes; without it, the plan is shown all the same."""
    try:
        recommend(there, RecommendRequest(plan=planned, suggestions=file))
    except BudgetsError as error:
        say(f"nothing is recommended: {error.message}", error.hint)
    return [file] if file.exists() else []
