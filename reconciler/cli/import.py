"""`kt-budgets import`: an organization that runs already, written as YAML."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.cli.terminal import ask_month
from reconciler.model.imported import month_of_entry
from reconciler.report.renderers import Answer


@options.command("import --map teams.yaml --dry-run")
@options.network
@options.file(
    "--map",
    "map_file",
    help="YAML that says whose teams are: `team_9f31: support/prod` or `team_77aa: skip`, one on a line.",
)
@click.option(
    "--month",
    "months",
    type=options.Read("month of an entry", month_of_entry),
    multiple=True,
    metavar="ID=YYYY-MM",
    help="The month that the money of a ledger entry was meant for (repeatable); `dates` or `words` answers for all.",
)
@click.option(
    "--usage",
    multiple=True,
    is_flag=False,
    flag_value="",
    metavar="[PATH]",
    help="Write what the past year says of each team's `plan`: from export files, folders, globs or URLs (repeatable);"
    " without PATH, Keeptrusts is asked for an export.",
)
@options.dry_run
@options.journal
@prints("import")
def command(*, months: tuple[tuple[str, Any], ...], usage: tuple[str, ...], dry_run: bool, **values: Any) -> Answer:
    """Write what Keeptrusts holds into the YAML, and prove that nothing would move.

    Keeptrusts teams become teams and environments by their slugs: `support-prod` is support/prod. A wallet's `monthly`
    is what its months are usually funded with; what differs this month is an override. What the YAML says already
    stays as it is, so that a second run changes nothing. Asks on a terminal which month money was meant for whose date
    and words name different ones. A read token is enough. Exits with 10 when the plan of the result is not empty.
    """
    from reconciler.app.importing.run import ImportRequest, import_live

    said = dict(months)
    answers = {"months_by": said.pop("", None), "months": said, "ask": ask_month()}
    request = options.made(ImportRequest, values, usage=bool(usage), write=not dry_run, **answers)
    return import_live(options.settings({**values, "usage": filter(None, usage)}, begins=True), request)
