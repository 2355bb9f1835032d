"""`kt-budgets year`: the planning table of all teams, the four passes as a bridge, and next year's draft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("year --usage exports/ --since main")
@options.network
@options.usage
@click.option("--since", metavar="REF", help="Show the year by the YAML of that commit too.")
@click.option(
    "--draft", is_flag=False, flag_value=":beside", metavar="[DIR]", help="Write next year into a new folder."
)
@options.offline
@prints("year")
def command(*, since: str | None, draft: str | None, offline: bool, **values: Any) -> Answer:
    """Plan the fiscal year: all teams, from evidence to wallets.

    Twelve months of usage beside what each team planned, with a judgement, and the way from the baseline over growth
    and savings to the wallets, in steps that add up to the cent. `--draft` writes the year after it, from what the
    usage shows; each figure says where it comes from, and nothing is overwritten.
    """
    from reconciler.app.year.year import YearRequest, plan_year

    wanted = YearRequest(since=since, draft=Path(draft) if draft else None)
    return plan_year(options.settings(values), wanted, offline=offline)
