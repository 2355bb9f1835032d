"""`kt-budgets init`: start a repository of budgets."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("init --forge github --dry-run")
@click.option(
    "--forge",
    type=click.Choice(["github", "gitlab", "none"]),
    help="For which forge; default what the remote `origin`, or a file of its CI, says.",
)
@click.option("--currency", metavar="CODE", help="The currency, where Keeptrusts shows no wallet; default theirs.")
@click.option("--fiscal-month", type=click.IntRange(1, 12), help="The month that the fiscal year begins in; default 1.")
@options.dry_run
@options.network
@prints("init")
def command(*, dry_run: bool, **values: Any) -> Answer:
    """Start a repository of budgets: org.yaml, schemas, the workflow of CI.

    Lines for .gitignore as well. Asks Keeptrusts which organization the token is of, its currency, environments and
    export schedules; a token that may read is enough. What is there stays as it is: no file is overwritten. `import`
    then writes the teams.
    """
    from reconciler.app.starting.init import InitRequest, init

    request = options.made(InitRequest, values, write=not dry_run)
    return init(options.settings(values), request)
