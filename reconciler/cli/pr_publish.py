"""`kt-budgets pr comment`: a plan's comment, check run and suggested changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from reconciler.findings import BudgetsError, UsageError

if TYPE_CHECKING:
    from reconciler.cli.pr_session import GitHub
    from reconciler.forge.check_run import Verdict
    from reconciler.forge.repository import PullRequest
    from reconciler.forge.suggestion import Suggestion
    from reconciler.model.plan import Plan


def publish(
    *,
    plan_path: Path,
    budgets: Path,
    repo: str | None,
    recorded_by: str,
    number: int | None,
    suggestions_path: Path | None,
    with_check: bool,
    dry_run: bool,
    format_: str,
) -> None:
    """Publish the plan at `plan_path`, or print its comment with `dry_run`."""
    from reconciler.cli.pr_session import add_to_summary, event_of_run, github, print_facts
    from reconciler.cli.show import load_plan

    plan = load_plan(plan_path)
    suggestions = read_suggestions(suggestions_path) if suggestions_path else ()
    if dry_run:
        event = event_of_run()
        click.echo(_body(plan, (), number or event.number or 0, event.head or "", event.run), nl=False)
        return
    with github(repo, recorded_by=recorded_by) as session:
        pull = session.pull(number)
        head = session.event.head if session.event.number == pull.number and session.event.head else pull.head
        body = _body(plan, needed(plan, budgets, pull.base), pull.number, head, session.event.run)
        add_to_summary(body)
        facts = _publish_all(session, pull, plan, body, head=head, budgets=budgets, check=with_check)
        if suggestions and head == pull.head:
            facts["suggestions"] = _suggest(session, pull, suggestions)
    print_facts(format_, "comment", facts, _sentence(facts))


def needed(plan: Plan, budgets: Path, base: str) -> tuple[str, ...]:
    """Return who must approve the plan, as far as this clone can tell: without git, nothing is said."""
    from reconciler.cli.checkout import load_at
    from reconciler.forge.requirement import requirements
    from reconciler.source.load import load

    try:
        rules, after = load_at(budgets, base), load(budgets).desired
    except BudgetsError:
        return ()
    if rules is None or after is None:
        return ()
    found = requirements(rules, after, plan.changes)
    return tuple(f"{' or '.join(item.owners) or 'nobody is named'} ({item.reason})".replace("@", "") for item in found)


def located(budgets: Path) -> Callable[[str], str]:
    """Return how a path of a plan, which starts with the folder's name, is called from the top of the repository."""
    from reconciler.cli.checkout import prefix

    try:
        where = prefix(budgets)
    except BudgetsError:
        where = PurePosixPath(budgets.as_posix())
    return lambda path: str(where / path.partition("/")[2])


def verdict_of(plan: Plan, body: str, *, repository: str, number: int, head: str, budgets: Path) -> Verdict:
    """Return what the check run says about a plan."""
    from reconciler.forge.annotation import remarks
    from reconciler.forge.check_run import Verdict
    from reconciler.forge.record import record_of, record_text
    from reconciler.report.summary import summarise

    record = record_of(plan, repository=repository, pull_request=number, head=head)
    refused = is_refused(plan)
    return Verdict(
        conclusion="failure" if refused else "success",
        title="".join(span.text for span in summarise(plan).headline),
        summary=body.partition("-->\n")[2],
        text=record_text(record),
        annotations=remarks(plan, located=located(budgets)),
    )


def is_refused(plan: Plan) -> bool:
    """Whether a guard or an error in the YAML stands against the plan."""
    return any(guard.status == "refused" for guard in plan.guards) or any(
        finding.severity == "error" for finding in plan.findings
    )


def read_suggestions(path: Path) -> tuple[Suggestion, ...]:
    """Return the suggested changes that a file of format kt-budgets.suggestions/1 holds."""
    import json

    from reconciler.forge.suggestion import Suggestion
    from reconciler.report.escape import escaped

    hint = (
        'write {"format": "kt-budgets.suggestions/1", "suggestions": [{"path", "start_line", "line", "replacement"}]}'
    )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != "kt-budgets.suggestions/1":
            raise ValueError(document["format"])
        return tuple(
            Suggestion(
                path=str(item["path"]),
                start_line=int(item.get("start_line") or item["line"]),
                line=int(item["line"]),
                replacement=str(item["replacement"]),
                reason=escaped(str(item.get("reason", ""))[:2000]),
            )
            for item in document["suggestions"]
        )
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="name a readable file") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path} holds no suggestions", hint=hint) from None


def _body(plan: Plan, approvals: tuple[str, ...], number: int, head: str, run: tuple[int, int] | None) -> str:
    from reconciler.forge.marker import Stamp, stamped
    from reconciler.report.markdown import markdown
    from reconciler.report.summary import summarise

    return stamped(markdown(summarise(plan, approvals=approvals)), Stamp(number, head, run)).body


def _publish_all(
    session: GitHub, pull: PullRequest, plan: Plan, body: str, *, head: str, budgets: Path, check: bool
) -> dict[str, Any]:
    from reconciler.forge.check_run import publish_check
    from reconciler.forge.comment import Published, publish
    from reconciler.forge.marker import read_marked

    marked = read_marked(body)
    assert marked is not None  # noqa: S101
    step, url = publish(
        session.channel,
        session.repository,
        pull,
        identity=session.identity,
        marked=marked,
        create=bool(plan.changes) or is_refused(plan),
    )
    facts: dict[str, Any] = {"pull_request": pull.number, "comment": step.value, "url": url, "check": "not asked for"}
    if step is Published.SUPERSEDED or not check:
        return facts
    if session.identity.app is None:
        return {**facts, "check": "left out: only GitHub Actions or a GitHub App can write one"}
    name = str(session.repository)
    verdict = verdict_of(plan, body, repository=name, number=pull.number, head=head, budgets=budgets)
    written, _ = publish_check(session.channel, session.repository, head, verdict, app=session.identity.app)
    return {**facts, "check": "published" if written else "unchanged"}


def _suggest(session: GitHub, pull: PullRequest, suggestions: tuple[Suggestion, ...]) -> int:
    from reconciler.forge.suggestion import Conversation

    conversation = Conversation(session.channel, session.repository, pull, session.identity)
    return len(conversation.suggest(suggestions))


def _sentence(facts: dict[str, Any]) -> str:
    lines = [f"comment on pull request {facts['pull_request']}: {facts['comment']} {facts['url']}".rstrip()]
    lines.append(f"check run: {facts['check']}")
    if "suggestions" in facts:
        lines.append(f"suggested changes: {facts['suggestions']} published")
    return "\n".join(lines)
