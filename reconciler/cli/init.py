"""`kt-budgets init`: start a repository of budgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import format_option, network_options, output_option, settings_of, write_answer
from reconciler.cli.terminal import Command


@click.command(cls=Command, epilog="Example: kt-budgets init --forge github --dry-run")
@click.option(
    "--forge",
    type=click.Choice(["github", "gitlab", "none"]),
    help="For which forge; default what the remote `origin`, or a file of its CI, says.",
)
@click.option("--currency", metavar="CODE", help="The currency, where Keeptrusts shows no wallet; default theirs.")
@click.option("--fiscal-month", type=click.IntRange(1, 12), help="The month that the fiscal year begins in; default 1.")
@click.option("--dry-run", is_flag=True, help="Write nothing, and say what would be written.")
@network_options
@format_option("init")
@output_option
def command(
    format_: str,
    output: Path | None,
    dry_run: bool,
    fiscal_month: int | None,
    *,
    forge: Any,
    currency: Any,
    **options: Any,
) -> None:
    """Start a repository of budgets: org.yaml, schemas, the workflow of CI.

    Lines for .gitignore as well. Asks Keeptrusts which organization the token is of, its currency, environments and
    export schedules; a token that may read is enough. What is there stays as it is: no file is overwritten. `import`
    then writes the teams.
    """
    from reconciler.app.starting.init import InitRequest, init

    done = init(settings_of(options), InitRequest(forge, currency, fiscal_month, write=not dry_run))
    write_answer(done, format_, output)
