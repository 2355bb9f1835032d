"""`kt-budgets plan`: compare, forecast, and write plan.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.app.job import tell
from reconciler.cli.options import (
    first_apply_option,
    format_option,
    journal_option,
    network_options,
    settings_of,
    usage_option,
)
from reconciler.cli.terminal import Command, screen
from reconciler.files import is_stdout, write_file
from reconciler.findings import ExitCode
from reconciler.streams import kept_in


@click.command(cls=Command, epilog="Example: kt-budgets plan --usage exports/ --detailed-exit-code")
@network_options
@usage_option
@first_apply_option
@format_option("plan", "text", "json")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("plan.json"),
    show_default=True,
    metavar="FILE",
    help="Where to save the plan.",
)
@click.option("--since", metavar="REF", help="Only the teams whose YAML differs from that commit.")
@click.option("--all-teams", is_flag=True, help="Every team, in a pull request too.")
@click.option(
    "--detailed-exit-code",
    is_flag=True,
    help="Exit 10 when changes are pending, else 8 or 5 when a wallet is in doubt.",
)
@journal_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    format_: str,
    output: Path,
    since: str | None,
    all_teams: bool,
    detailed_exit_code: bool,
    first_apply: bool | frozenset[str],
    **options: Any,
) -> None:
    """Compare the YAML with Keeptrusts, forecast, and write plan.json.

    In CI it is about the teams that the pull request changes, and after a merge about those that changed since what
    was last applied: the others are neither read nor forecast, and the plan says so. Elsewhere it is about all.
    """
    from reconciler.app.planning.plan import make

    made = make(settings_of(options), since=since, all_teams=all_teams, first_apply=first_apply)
    write_file(output, made.saved)
    if not is_stdout(output):
        kept_in(str(output))
        click.echo(made.rendered(format_, screen()), nl=False)
        if format_ == "text":
            click.echo(made.next_step(str(output)))
    tell(changed=bool(made.plan.changes), digest=made.plan.digest)
    if made.refused:
        tell(failure_reason=made.refused)
        context.exit(ExitCode.REFUSED)
    if detailed_exit_code:
        context.exit(made.exit_code)
