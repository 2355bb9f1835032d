"""`kt-budgets pr refresh`: whether what reviewers see in open pull requests is still what would be applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.app.budget_files import files_of
from reconciler.app.change_request.taken_back import take_back
from reconciler.app.checkout import git, parents, tree_id
from reconciler.app.forge_session import forge_session, forge_words, request_of
from reconciler.app.planning.pipeline import compared
from reconciler.app.session import connected
from reconciler.findings import ExitCode, RemoteError
from reconciler.forge.approval import records_among
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.check import PLAN, Check, CheckVerdict
from reconciler.forge.comment import Stamp, our_comments, publish, stamped
from reconciler.forge.protocol import Forge
from reconciler.git.failures import GitError, Trouble
from reconciler.git.merging import is_here, merged, tip_of
from reconciler.journal.journal import read_records
from reconciler.model.change_request import RefreshDocument, Refreshed
from reconciler.model.desired import Desired
from reconciler.model.forge_words import ForgeWords
from reconciler.policy.plan_record import PlanRecord, record_text
from reconciler.report.comment import with_notice
from reconciler.report.escape import escaped
from reconciler.report.renderers import Statement
from reconciler.settings import Settings

STALE_TITLE = "The plan moved since it was shown"
NO_PLAN = "no plan was recorded"
NOTHING = "no budgets change"


def refresh(settings: Settings, *, repo: str | None, recorded_by: str, remote: str) -> Statement:
    """Mark the open pull requests whose plan moved; in a merge queue, judge the queue's own, as the exit code says.

    Raises:
        UsageError: no repository was named.
        RemoteError: the forge or Keeptrusts cannot be read whole, or the token may not write a check run.
    """
    with forge_session(repo, recorded_by=recorded_by) as session:
        found = tuple(_refreshed(session, settings, pull, remote) for pull in _pulls(session))
    lines = [f"{forge_words().request} {pull.pull_request}: {pull.state}{_of(pull.teams)}" for pull in found]
    code, states = ExitCode.DONE, {pull.state for pull in found}
    if session.run.queued and states & {"stale", NO_PLAN}:
        code = ExitCode.STALE if "stale" in states else ExitCode.REFUSED
    return Statement(
        RefreshDocument(pull_requests=found), "\n".join(lines) or f"no open {forge_words().request}s", code
    )


def bring_heads(settings: Settings, pulls: Sequence[ChangeRequest], remote: str) -> None:
    """Fetch the last heads of pull requests, all of them together."""
    if pulls:
        heads = (pull.reference for pull in pulls)
        git(settings.budgets, "fetch", "--no-tags", "--quiet", remote, *heads)


def merged_here(settings: Settings, pull: ChangeRequest) -> Desired | None:
    """Return what the YAML declares once `pull`, whose last head is in this clone, is merged into the present checkout.

    None where it cannot be merged. Raises GitError where git is too old to tell.
    """
    tree = merged(settings.budgets, "HEAD", pull.head)
    return files_of(settings.budgets, tree).loaded().desired if tree else None


def _pulls(session: Forge) -> tuple[ChangeRequest, ...]:
    if session.run.queued:
        return (request_of(session, session.run.queued.number),)
    branch = session.default_branch()
    return session.open_change_requests(into=branch)


def _refreshed(session: Forge, settings: Settings, pull: ChangeRequest, remote: str) -> Refreshed:
    checks = session.checks(pull.head, name=PLAN)
    recorded = records_among(checks, session.repository, pull)
    if not recorded and (session.run.queued or not our_comments(session, pull.number)):
        return _found(pull, _without_plan(session, settings))
    try:
        bring_heads(settings, [pull], remote)
    except GitError as error:
        if session.run.queued or error.trouble is Trouble.TOO_OLD:
            raise
        return _found(pull, f"cannot be planned: {error.message}")
    if session.run.queued is None and _changes_nothing(settings.budgets, pull):
        take_back(session, pull.number, pull.head)
        return _found(pull, NOTHING)
    if not recorded:
        return _found(pull, NO_PLAN)
    desired = merged_here(settings, pull)
    if desired is None:
        return _found(pull, "cannot be planned: it conflicts, or its YAML has errors")
    last, record = recorded[-1]
    changed = moved(settings, desired, record)
    _mark(session, pull, checks[-1], last, changed)
    return _found(pull, "stale" if changed else "current", changed)


def _changes_nothing(budgets: Path, pull: ChangeRequest) -> bool:
    """Whether merging it into its base, whatever is checked out here, leaves the budgets as they are."""
    tip = tip_of(budgets, pull.base_ref)
    tree = merged(budgets, tip, pull.head) if tip else None
    return tree is not None and tree_id(budgets, tree) == tree_id(budgets, tip)


def _found(pull: ChangeRequest, state: str, teams: tuple[str, ...] = ()) -> Refreshed:
    return Refreshed(pull_request=pull.number, state=state, teams=teams)


def _without_plan(session: Forge, settings: Settings) -> str:
    """Return what to say where no plan was recorded; in a merge queue, a check says it too, whoever requires it."""
    queued = session.run.queued
    if queued is None or not session.can_record:
        return NO_PLAN
    budgets = settings.budgets
    below = queued.base or (parents(budgets, queued.head)[0] if is_here(budgets, queued.head) else "")
    known = is_here(budgets, queued.head) and bool(below) and is_here(budgets, below)
    if known and tree_id(budgets, queued.head) == tree_id(budgets, below):
        verdict = CheckVerdict("success", "No budgets change", "No budget file differs.", "There is nothing to record.")
    else:
        words = "Run the plan workflow, have its plan approved, and put it into the queue again."
        verdict = CheckVerdict("failure", "No plan was shown", words, "There is no record.")
    session.publish_check(queued.head, verdict)
    return NO_PLAN if verdict.conclusion == "failure" else NOTHING


def moved(
    settings: Settings, desired: Desired, record: PlanRecord, *, before: Desired | None = None
) -> tuple[str, ...]:
    """Return the teams of a recorded plan for which Keeptrusts and `desired` would give another one now.

    `before` is what is applied first, where that is something else than what was.
    """
    with connected(settings, desired) as connection:
        records = read_records(settings.journal, folder=settings.root)
        _, diff = compared(settings, desired, connection, records, teams=record.scope)
        due = compared(settings, before, connection, records, teams=record.scope)[1].changes if before else ()
    organization, period = desired.organization.organization, settings.period
    return record.moved(diff.fingerprints, diff.changes, organization=organization, period=period, in_front=due)


def _mark(session: Forge, pull: ChangeRequest, newest: Check, recorded: Check, moved: tuple[str, ...]) -> None:
    """Publish what became of the plan, where that differs from what the newest check run says."""
    if not session.can_record:
        raise RemoteError(
            f"only {session.words.recorder} can mark a {session.words.request}", hint=session.words.recording
        )
    queued = session.run.queued
    was_marked = newest.conclusion == "waiting"
    if moved or was_marked or queued:
        verdict = _verdict(recorded, moved, session.words)
        head = queued.head if queued else pull.head
        if queued and moved:
            verdict = replace(verdict, conclusion="failure")
        session.publish_check(head, verdict)
    if (moved or was_marked) and not queued:
        _warn(session, pull, moved)


def _verdict(recorded: Check, moved: tuple[str, ...], called: ForgeWords) -> CheckVerdict:
    if not moved:
        assert recorded.record is not None  # noqa: S101
        words = "Planned again: it is what was shown."
        return CheckVerdict("success", "The plan is what was shown", words, record_text(recorded.record))
    words = (
        f"Planned again: {escaped(_of(moved).removeprefix(': '))} would now get something else than what was shown,"
        f" because the ledger or the default branch moved. Run the {called.planner} {called.pipeline} again and have"
        f" the {called.request} approved again; merging it now would apply nothing for these teams."
    )
    return CheckVerdict("waiting", STALE_TITLE, words, "There is no record here: this plan was shown to nobody.")


def _warn(session: Forge, pull: ChangeRequest, moved: tuple[str, ...]) -> None:
    """Say in our comment that the plan in it is stale, or take that back."""
    ours = our_comments(session, pull.number)
    if not ours:
        return
    found = ours[0].marked
    notice = f"**{STALE_TITLE}**{escaped(_of(moved)[:400])}. Plan again before merging." if moved else ""
    text = found.text if found.is_untouched else "The plan that stood here was edited by hand and is left out.\n"
    marked = stamped(with_notice(text, notice), Stamp(pull.number, pull.head, found.run), found.fields)
    publish(session, pull, marked, create=False)


def _of(teams: tuple[str, ...]) -> str:
    more = f" and {len(teams) - 20} more" if len(teams) > 20 else ""
    return f": {', '.join(teams[:20])}{more}" if teams else ""
