"""`kt-budgets plan`: compare, forecast, and write plan.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.app.job import tell
from reconciler.cli import options
from reconciler.cli.printing import fitting, format_option
from reconciler.files import is_stdout, write_file
from reconciler.findings import ExitCode
from reconciler.streams import kept_in


@options.command("plan --usage exports/ --detailed-exit-code")
@options.network
@options.usage
@options.first_apply
@format_option("plan", "text", "json")
@options.file("--output", default=Path("plan.json"), show_default=True, help="Where to save the plan.")
@click.option("--since", metavar="REF", help="Only the teams whose YAML differs from that commit.")
@options.flag("--all-teams", help="Every team, in a pull request too.")
@options.flag("--detailed-exit-code", help="Exit 10 when changes are pending, else 8 or 5 when a wallet is in doubt.")
@options.journal
def command(*, format_: str, output: Path, detailed_exit_code: bool, **values: Any) -> None:
    """Compare the YAML with Keeptrusts, forecast, and write plan.json.

    In CI it is about the teams that the pull request changes, and after a merge about those that changed since what
    was last applied: of the others only the usage is looked at, for the year. Elsewhere it is about all.
    """
    from reconciler.app.planning.plan import make

    chosen = {name: values.pop(name) for name in ("since", "all_teams", "first_apply")}
    made = make(options.settings(values), **chosen)
    write_file(output, made.saved)
    if not is_stdout(output):
        kept_in(str(output))
        click.echo(made.rendered(format_, fitting()), nl=False)
        if format_ == "text":
            click.echo(made.next_step(str(output)))
    tell(**made.told)
    code = made.exit_code if detailed_exit_code else ExitCode.DONE
    click.get_current_context().exit(ExitCode.REFUSED if made.refused else code)
