"""`kt-budgets year`: the planning table of all teams, the four passes as a bridge, and next year's draft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    format_option,
    network_options,
    offline_option,
    output_option,
    settings_of,
    usage_option,
    write_answer,
)
from reconciler.cli.terminal import Command


@click.command("year", cls=Command, epilog="Example: kt-budgets year --usage exports/ --since main")
@network_options
@usage_option
@click.option("--since", metavar="REF", help="Show the year by the YAML of that commit too.")
@click.option(
    "--draft",
    is_flag=False,
    flag_value=":beside",
    metavar="[DIR]",
    help="Write next year's budgets into a new folder, by default beside this year's.",
)
@offline_option
@format_option("year")
@output_option
def command(
    *, since: str | None, draft: str | None, offline: bool, format_: str, output: Path | None, **options: Any
) -> None:
    """Plan the fiscal year: all teams, from evidence to wallets.

    Twelve months of usage beside what each team planned, with a judgement, and the way from the baseline over growth
    and savings to the wallets, in steps that add up to the cent. `--draft` writes the year after it, from what the
    usage shows; each figure says where it comes from, and nothing is overwritten.
    """
    from reconciler.app.year.year import YearRequest, plan_year

    wanted = YearRequest(since=since, draft=Path(draft) if draft else None)
    write_answer(plan_year(settings_of(options), wanted, offline=offline), format_, output)
