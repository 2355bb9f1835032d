"""`kt-budgets drift`: live state against the last applied commit, classified."""

from __future__ import annotations

from typing import Any

import click

from reconciler.app.job import tell
from reconciler.cli.options import format_option, journal_option, network_options, settings_of, write_result
from reconciler.cli.pr_options import repository_option
from reconciler.cli.terminal import Command, known_screen
from reconciler.findings import ExitCode


@click.command("drift", cls=Command, epilog="Example: kt-budgets drift --accept")
@network_options
@journal_option
@repository_option
@click.option("--accept", is_flag=True, help="Write what is live into the YAML, for a pull request.")
@click.option(
    "--issue", is_flag=True, help="Open, update or close the issue about drift on GitHub, or that of each team."
)
@click.option("--pull-requests", is_flag=True, help="Count as pending what an open pull request asks for.")
@click.option("--remote", default="origin", show_default=True, help="The git remote that pull requests come from.")
@format_option("drift")
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
    """Compare Keeptrusts with what was last applied: what was changed by hand, and what was left behind.

    Every difference is changed (by hand), missing, unmanaged, pending (explained by git) or acknowledged (in org.yaml).
    Left behind are a month that is not funded, a merge that is not applied an hour later, a run that never finished, a
    write nobody knows about and a lock nobody gives back, each with the workflow that mends it. While Keeptrusts cannot
    be read, what git, GitHub and the journal show of that is told all the same. Exits with 11 when somebody is needed.
    `--accept` writes live values into the YAML, and takes alerts out of it that are gone; `apply` puts git's values
    back.
    """
    from reconciler.app.drift.drift import DriftRequest, drift

    wanted = DriftRequest(repo=repo, accept=accept, issue=issue, remote=remote if pull_requests else None)
    found = drift(settings_of(options), wanted)
    if found.unread is None or (found.waiting and format_ == "text"):
        write_result(found.rendered(format_, known_screen()), None)
    if found.unread is None:
        tell(changed=found.needs_person)
    if found.needs_person:
        tell(failure_reason=found.title)
    if found.unread:
        raise found.unread
    if found.needs_person:
        context.exit(ExitCode.DRIFT)
