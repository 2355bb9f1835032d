"""`kt-budgets drift`: live state against the last applied commit, classified."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import format_option, network_options, settings_of
from reconciler.cli.pr import journal_option, repository_option
from reconciler.findings import BudgetsError, ExitCode

if TYPE_CHECKING:
    from reconciler.model.applied import LastApplied
    from reconciler.model.desired import Desired
    from reconciler.model.live import Live
    from reconciler.plan.drift import Drifted, Proposal
    from reconciler.settings import Settings


@click.command("drift", epilog="Example: kt-budgets drift --accept")
@network_options
@journal_option
@repository_option
@click.option("--accept", is_flag=True, help="Write what is live into the YAML, for a pull request.")
@click.option("--issue", is_flag=True, help="Open, update or close the one issue about drift on GitHub.")
@click.option("--pull-requests", is_flag=True, help="Count what an open pull request asks for as pending.")
@click.option("--remote", default="origin", show_default=True, help="The git remote that pull requests come from.")
@format_option("text", "json")
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    repo: str | None,
    accept: bool,
    issue: bool,
    pull_requests: bool,
    remote: str,
    format_: str,
    **options: Any,
) -> None:
    """Compare live state with what was last applied, and say what was changed by hand.

    Every difference is changed (by hand), missing, unmanaged, pending (explained by git) or acknowledged (in org.yaml).
    Exits with 11 when one of them needs a person. `--accept` writes live values into the YAML, and takes alerts out
    of it that are gone; `apply` puts git's values back.
    """
    from reconciler.apply.history import history_of
    from reconciler.apply.journal import last_declared, read_records
    from reconciler.apply.standing import standing_of
    from reconciler.cli.lineage import refuse_behind
    from reconciler.cli.planning import read_live
    from reconciler.cli.session import connected, load_desired
    from reconciler.plan.drift import classify

    settings = settings_of(options)
    desired, _ = load_desired(settings)
    records = read_records(settings.journal, folder=settings.root)
    last = last_declared(records)
    refuse_behind(settings, last)
    proposals = _proposals(settings, repo, remote) if pull_requests else ()
    standing = standing_of(records)
    with connected(settings, desired) as connection:
        live = read_live(settings, desired, connection, standing=standing)
    history = history_of(records)
    doubts = standing.doubts(live.wallets, settings.period)
    found = classify(
        desired,
        live,
        settings.period,
        day=settings.as_of,
        applied=_applied(settings, desired, last),
        proposals=proposals,
        unfinished=() if last is None else last.unfinished if last.whole else desired.teams,
        own=history.own,
        doubts=doubts,
    )
    if issue:
        _publish(found, repo, doubtful=doubts)
    left = _accepted(settings, desired, live, found) if accept else found
    untouched = desired.wallets.keys() - history.known(live.wallets, settings.period)
    _print(found, format_, doubtful=doubts, following="" if accept else _following(left, untouched, doubts))
    _hand_over(left, doubtful=doubts)
    if any(entry.needs_person for entry in left):
        context.exit(ExitCode.DRIFT)


def _applied(settings: Settings, desired: Desired, last: LastApplied | None) -> Desired | None:
    """Return what the last applied commit declared, None when nothing was applied yet.

    Where the journal names no commit, or one that is not in this clone, the YAML of now stands for it.
    """
    from reconciler.app.change_request.budget_files import Commits, applied_desired

    if last is None or not last.whole:
        return None
    if last.commit is None:
        return desired
    try:
        return applied_desired(Commits(settings.budgets), last) or desired
    except BudgetsError as error:
        click.echo(f"kt-budgets: {error.message}; the YAML of now stands for what was applied", err=True)
        return desired


def _proposals(settings: Settings, repo: str | None, remote: str) -> tuple[Proposal, ...]:
    """Return what open pull requests ask for; those of forks are left out, or anybody could explain drift away."""
    from reconciler.cli.pr_refresh import merged_tree
    from reconciler.cli.pr_session import github
    from reconciler.forge.repository import default_branch, open_pull_requests
    from reconciler.git.failures import GitError, Trouble
    from reconciler.plan.drift import Proposal

    with github(repo) as session:
        branch = default_branch(session.channel, session.repository)
        pulls = open_pull_requests(session.channel, session.repository, base=branch)
        try:
            trees = [(pull.number, merged_tree(settings, pull, remote)) for pull in pulls if not pull.is_fork]
        except GitError as error:
            if error.trouble is not Trouble.TOO_OLD:
                raise
            click.echo(
                f"kt-budgets: {error.message}, so what open pull requests ask for is not known here; {error.hint}",
                err=True,
            )
            trees = []
    return tuple(Proposal(number, desired) for number, desired in trees if desired)


def _publish(found: tuple[Drifted, ...], repo: str | None, *, doubtful: Collection[str]) -> None:
    from reconciler.cli.pr_session import github
    from reconciler.forge.drift_text import issue_text, issue_title
    from reconciler.forge.issue import publish_issue
    from reconciler.report.escape import escaped

    with github(repo) as session:
        step, number = publish_issue(
            session.channel,
            session.repository,
            identity=session.identity,
            title=issue_title([entry.item for entry in found if entry.needs_person]),
            text=issue_text([(entry.item, entry.needs_person) for entry in found], escaped=escaped, doubtful=doubtful),
            is_needed=any(entry.needs_person for entry in found),
        )
    click.echo(f"issue{f' {number}' if number else ''}: {step.value}", err=True)


def _hand_over(left: tuple[Drifted, ...], *, doubtful: Collection[str]) -> None:
    """Say in the summary of a job what differs, and to the steps after this one whether a person is needed."""
    from reconciler.cli.pr_session import add_to_summary
    from reconciler.cli.step_output import tell
    from reconciler.forge.drift_text import issue_text, issue_title
    from reconciler.report.escape import escaped

    needed = [entry.item for entry in left if entry.needs_person]
    title = issue_title(needed)
    add_to_summary(
        f"#### {title}\n\n"
        + issue_text([(entry.item, entry.needs_person) for entry in left], escaped=escaped, doubtful=doubtful)
    )
    tell(changed=bool(needed))
    if needed:
        tell(failure_reason=title)


def _accepted(settings: Settings, desired: Desired, live: Live, found: tuple[Drifted, ...]) -> tuple[Drifted, ...]:
    """Write live values into the YAML and return the differences that are left for a person."""
    from reconciler.cli.drift_accept import accept

    files, left = accept(settings, desired, live, found)
    for path in files:
        click.echo(f"{path}: written as it is live; review it and open a pull request", err=True)
    for entry in left:
        click.echo(f"not written: {entry.item.sentence} Edit the YAML by hand.", err=True)
    return left


def _following(found: tuple[Drifted, ...], untouched: Collection[str], doubts: Collection[str]) -> str:
    """Return what a person can do next, an empty text when nothing needs one but wallets in doubt, which say it.

    Nothing was ever applied to the `untouched` wallets.
    """
    needed = [entry.item for entry in found if entry.needs_person and entry.item.wallet not in doubts]
    if not needed:
        return ""
    first = any(item.category == "changed" and item.wallet in untouched for item in needed)
    how = ", with `--first-apply` where they take money from a wallet that nothing was ever applied to" if first else ""
    return f"Next: `kt-budgets drift --accept` writes it into the YAML; `plan` and `apply` put git's values back{how}."


def _print(found: tuple[Drifted, ...], format_: str, *, doubtful: Collection[str], following: str) -> None:
    """Print the differences; a wallet that is `doubtful` is explained by nobody, so it is not called pending."""
    import json
    import os
    import sys

    from reconciler.cli.show import terminal_width
    from reconciler.plan.drift import drift_document
    from reconciler.report.columns import wrapped
    from reconciler.report.findings_text import visible
    from reconciler.report.wording import counted

    if format_ == "json":
        click.echo(json.dumps(drift_document(found), sort_keys=True, indent=2, ensure_ascii=False))
        return
    is_sized = sys.stdout.isatty() or "COLUMNS" in os.environ
    for entry in found:
        is_doubtful = entry.item.category == "pending" and entry.item.wallet in doubtful
        line = f"{'in doubt' if is_doubtful else entry.item.category:>12}  {visible(entry.item.sentence)}"
        told = wrapped(line.strip(), terminal_width(), indent=len(line) - len(line.lstrip()), hanging=14)
        click.echo("\n".join(told) if is_sized else line)
    needed = sum(entry.needs_person for entry in found)
    if not found:
        click.echo("No drift.")
        return
    click.echo(f"{counted(len(found), 'difference')}, {needed} of them need{'s' if needed == 1 else ''} a person.")
    if following:
        click.echo("\n".join(wrapped(following, terminal_width(), indent=0, hanging=2)) if is_sized else following)
