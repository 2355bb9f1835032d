"""`kt-budgets pr comment` and `pr check`: a plan, or findings in its place, with the record and suggested changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.budget_files import load_at
from reconciler.app.change_request.currency import refuse_behind_base
from reconciler.app.change_request.files import read_findings, read_suggestions
from reconciler.app.change_request.neighbour_notes import neighbour_notes
from reconciler.app.change_request.verdict import comment_of, is_refused, merged_onto, verdict_of, verdict_of_findings
from reconciler.app.checkout import knows, parents, prefix
from reconciler.app.forge_session import attribution_of_now, forge_session, forge_words, request_of, run_of_now
from reconciler.app.listening import say, summarise
from reconciler.app.planning.saved import load_plan
from reconciler.findings import BudgetsError, RejectedError, UnauthorizedError, UsageError
from reconciler.forge.comment import Marked, Stamp, stamped
from reconciler.forge.suggestion import MOST, Choice, Suggestion, choose, suggest
from reconciler.model.change_request import IN_A_FORK, CheckDocument, CommentDocument
from reconciler.model.plan import NOT_COMPARED, Plan
from reconciler.policy.approvals import requirements
from reconciler.policy.facts import step_of
from reconciler.report.approvals import asked_of, fork_notice
from reconciler.report.comment import findings_comment, left_out_words, run_link, with_notice
from reconciler.report.later import count
from reconciler.report.renderers import Statement
from reconciler.source.load import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.forge.change_request import ChangeRequest
    from reconciler.forge.protocol import Forge
    from reconciler.model.plan_finding import PlanFinding
    from reconciler.report.document import Asked
    from reconciler.report.spans import Words

    Shown = Plan | tuple[PlanFinding, ...]


def publish(
    *,
    plan_path: Path,
    budgets: Path,
    repo: str | None,
    number: int | None,
    findings_path: Path | None,
    suggestions_paths: tuple[Path, ...],
    with_check: bool,
    dry_run: bool,
) -> Statement:
    """Publish the plan at `plan_path`, or findings in its place; with `dry_run` only the comment is returned.

    Raises:
        UsageError: a file cannot be read, no pull request was named, or the plan was made from another commit.
        StalePlanError: merging the pull request now gives other budgets than were planned.
        RemoteError: the forge cannot be read, or does not allow the comment.
    """
    shown: Shown = read_findings(findings_path) if findings_path else load_plan(plan_path)
    suggestions = tuple(item for path in suggestions_paths for item in read_suggestions(path))
    if dry_run:
        event = run_of_now()
        named = number or event.number
        body = _commented(shown, Stamp(named or 0, event.head or "", event.run)).body
        facts = CommentDocument(pull_request=named, comment="not sent", url="", check="left out", body=body)
        return Statement(facts, body)
    with forge_session(repo) as session:
        pull, head = _pull(session, shown, plan_path, budgets, number)
        if not pull.is_open:
            facts = CommentDocument(pull_request=pull.number, comment="left alone", url="", check="left alone")
            return Statement(facts, _left_alone(pull))
        is_last = head == pull.head
        choice = _chosen(session, pull, suggestions if is_last else ())
        base = merged_onto(budgets, pull)
        plain = _told(session, shown, budgets, pull, head, base)
        remarks = [*_left_out(choice), *run_link(attribution_of_now().url)]
        told = _with_remarks(plain, remarks, Stamp(pull.number, head, session.run.run))
        summarise(told.text)
        comment, url = _comment(session, pull, shown, told)
        checked = (
            _allowed_check(session, pull, shown, plain.text, budgets, base) if with_check and is_last else "left out"
        )
        counts = _suggested(session, pull, choice) if suggestions and is_last else {}
    facts = CommentDocument(pull_request=pull.number, comment=comment, url=url, check=checked, **counts)
    return Statement(facts, _sentence(facts, choice))


def check(*, plan_path: Path, budgets: Path, repo: str | None, number: int | None) -> Statement:
    """Publish the check run of the plan at `plan_path`; raises what `publish` raises."""
    plan = load_plan(plan_path)
    with forge_session(repo) as session:
        pull, head = _pull(session, plan, plan_path, budgets, number)
        if not pull.is_open:
            return Statement(CheckDocument(pull_request=pull.number, check="left alone"), _left_alone(pull))
        base = merged_onto(budgets, pull)
        told = _told(session, plan, budgets, pull, head, base)
        said = _check(session, pull, plan, told.text, budgets, base) if head == pull.head else "superseded"
    return Statement(CheckDocument(pull_request=pull.number, check=said), f"{session.words.check}: {said}")


def _pull(session: Forge, shown: Shown, path: Path, budgets: Path, number: int | None) -> tuple[ChangeRequest, str]:
    """Return the pull request and the head of it that `shown` is about; an open one is not behind its base."""
    pull = request_of(session, number)
    head = session.run.head if session.run.number == pull.number and session.run.head else pull.head
    _refuse_other_commit(shown, path, budgets, number=pull.number, head=head)
    if pull.is_open:
        refuse_behind_base(shown, budgets, pull)
    return pull, head


def _told(session: Forge, shown: Shown, budgets: Path, pull: ChangeRequest, head: str, base: str | None) -> Marked:
    stamp = Stamp(pull.number, head, session.run.run)
    neighbours = neighbour_notes(session, shown, budgets, pull, base) if base and isinstance(shown, Plan) else ()
    told = _commented(shown, stamp, _needed(shown, budgets, base), neighbours)
    if session.takes_checks(pull):
        return told
    return stamped(with_notice(told.text, fork_notice(session.words)), stamp, told.fields)


def _left_alone(pull: ChangeRequest) -> str:
    words = forge_words()
    state = "merged" if pull.merge_commit else "closed"
    return (
        f"{words.request} {pull.number} is {state}: what its comment and {words.check} say is what was reviewed, and"
        " was left as it is"
    )


def _needed(shown: Shown, budgets: Path, base: str | None) -> tuple[Asked, ...] | None:
    """Return who must approve the plan, as far as this clone can tell; None: by what the plan notes.

    Everybody is named, those with the most to approve first.
    """
    if base is None:
        return None
    try:
        rules, after = load_at(budgets, base), load(budgets).desired
        is_first = rules is None and not knows(budgets, prefix(budgets) / "org.yaml", until=base)
    except BudgetsError:
        return None
    if after is not None and is_first:
        rules = after.without_teams()
    if rules is None or after is None or isinstance(shown, tuple):
        return None
    return asked_of(requirements(rules, step_of(shown, rules, after, as_of=shown.as_of)))


def _commented(
    shown: Shown,
    stamp: Stamp,
    approvals: tuple[Asked, ...] | None = None,
    neighbours: tuple[Words, ...] | None = None,
) -> Marked:
    if isinstance(shown, tuple):
        return stamped(findings_comment(shown), stamp)
    return comment_of(shown, stamp, approvals=approvals, neighbours=neighbours, words=forge_words())


def _refuse_other_commit(shown: Shown, path: Path, budgets: Path, *, number: int, head: str) -> None:
    """Raise UsageError for a plan that was made from neither `head` nor a merge of it: it would be shown as its own.

    A plan that was made outside of git names no commit.
    """
    commit = None if isinstance(shown, tuple) else shown.source.commit
    if commit is None or commit == head:
        return
    try:
        if head in parents(budgets, commit):
            return
        why = "which is no merge of it"
    except BudgetsError:
        why = "which is not in this clone"
    words = forge_words()
    raise UsageError(
        f"{path} was made from {commit[:12]}, {why}; the last commit of {words.request} {number} is {head[:12]}",
        hint=f"check out that commit, or its merge with the base, with {words.history}, and run `kt-budgets plan`"
        " there",
    )


def _chosen(session: Forge, pull: ChangeRequest, suggestions: tuple[Suggestion, ...]) -> Choice:
    """Return which suggestions to make; where the forge does not show the difference, say so and go on without any."""
    try:
        return choose(session, pull, suggestions)
    except RejectedError as error:
        say(f"no suggested changes: {error.message}", error.hint)
        return Choice()


def _left_out(choice: Choice) -> list[str]:
    outside, held = ([item.command for item in items] for items in (choice.outside, choice.held))
    return left_out_words(outside, held, most=MOST)


def _suggested(session: Forge, pull: ChangeRequest, choice: Choice) -> dict[str, int]:
    """Publish what was chosen, and return the counts for the command's own result."""
    return {
        "suggestions": len(suggest(session, pull, choice.chosen)),
        "suggestions_outside": len(choice.outside),
        "suggestions_held": len(choice.held),
    }


def _with_remarks(told: Marked, remarks: Sequence[str], stamp: Stamp) -> Marked:
    """Return the comment with what is to be said at its end, about suggestions that were not made."""
    return stamped("\n\n".join([told.text.rstrip("\n"), *remarks]), stamp, told.fields)


def _comment(session: Forge, pull: ChangeRequest, shown: Shown, marked: Marked) -> tuple[str, str]:
    from reconciler.forge.comment import publish

    step, url = publish(session, pull, marked, create=isinstance(shown, tuple) or _tells(shown))
    return step.value, url


def _tells(plan: Plan) -> bool:
    """Whether there is something to tell of: changes, refusals, or teams whose YAML differs, if only for later."""
    unknown = any(finding.code == NOT_COMPARED for finding in plan.findings)
    return bool(plan.changes or (plan.scope and plan.scope.teams) or count(plan)) or unknown or is_refused(plan)


def _check(session: Forge, pull: ChangeRequest, shown: Shown, text: str, budgets: Path, base: str | None) -> str:
    if not session.takes_checks(pull):
        return IN_A_FORK
    if not session.can_record:
        raise UnauthorizedError(
            f"{session.login} is a person, and only {session.words.recorder} can write a {session.words.check}",
            hint=session.words.recording,
        )
    if isinstance(shown, tuple):
        verdict = verdict_of_findings(shown, text, budgets=budgets)
    else:
        name = session.repository
        run = session.run.run
        verdict = verdict_of(shown, text, repository=name, pull=pull, base=base, budgets=budgets, run=run)
    return session.publish_check(pull.head, verdict).value


def _allowed_check(
    session: Forge, pull: ChangeRequest, shown: Shown, text: str, budgets: Path, base: str | None
) -> str:
    """Publish the check run; where the token may not, say so and go on: the plan is then shown, and not recorded."""
    try:
        return _check(session, pull, shown, text, budgets, base)
    except (UnauthorizedError, RejectedError) as error:
        say(f"no {session.words.check}: {error.message}", error.hint)
        return "not allowed"


def _sentence(facts: CommentDocument, choice: Choice) -> str:
    words = forge_words()
    lines = [f"comment on {words.request} {facts.pull_request}: {facts.comment} {facts.url}".rstrip()]
    lines.append(f"{words.check}: {facts.check}")
    if facts.suggestions is not None:
        lines.append(f"suggested changes: {facts.suggestions} published")
    return "\n".join([*lines, *_left_out(choice)])
