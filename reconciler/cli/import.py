"""`kt-budgets import`: an organization that runs already, written as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    PeriodType,
    format_option,
    journal_option,
    network_options,
    output_option,
    settings_of,
    write_result,
)
from reconciler.cli.terminal import Command, ask_month, screen


class MonthOf(click.ParamType[tuple[str, Any]]):
    name = "month of an entry"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Any]:
        entry, _, month = str(value).rpartition("=")
        if value in ("dates", "words"):
            return "", month
        if not entry:
            self.fail(f"`{value}` names no entry; write ID=YYYY-MM, or `dates` or `words`", param, ctx)
        return entry, PeriodType().convert(month, param, ctx)


@click.command("import", cls=Command, epilog="Example: kt-budgets import --map teams.yaml --dry-run")
@network_options
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="YAML that says whose teams are: `team_9f31: support/prod` or `team_77aa: skip`, one on a line.",
)
@click.option(
    "--month",
    "months",
    type=MonthOf(),
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
@click.option("--dry-run", is_flag=True, help="Write nothing, and say what would be written.")
@journal_option
@format_option("import")
@output_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    map_file: Path | None,
    months: tuple[tuple[str, Any], ...],
    usage: tuple[str, ...],
    dry_run: bool,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Write what Keeptrusts holds into the YAML, and prove that nothing would move.

    Keeptrusts teams become teams and environments by their slugs: `support-prod` is support/prod. A wallet's `monthly`
    is what its months are usually funded with; what differs this month is an override. What the YAML says already
    stays as it is, so that a second run changes nothing. Asks on a terminal which month money was meant for whose date
    and words name different ones. A read token is enough. Exits with 10 when the plan of the result is not empty.
    """
    from reconciler.app.importing.run import ImportRequest, import_live

    said = dict(months)
    wanted = ImportRequest(map_file, said, said.pop("", None), bool(usage), not dry_run, ask_month())
    found = import_live(settings_of({**options, "usage": filter(None, usage)}), wanted)
    write_result(found.rendered(format_, screen(output)), output)
    context.exit(found.exit_code)
