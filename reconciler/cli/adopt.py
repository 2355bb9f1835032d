"""`kt-budgets adopt`: take an organization or a team under management as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.completion import offer
from reconciler.cli.options import (
    format_option,
    journal_option,
    network_options,
    output_option,
    settings_of,
    write_answer,
)
from reconciler.cli.terminal import Command
from reconciler.streams import kept_in


@click.command(cls=Command, epilog="Example: kt-budgets adopt")
@click.argument("teams", nargs=-1, metavar="[TEAM]...", shell_complete=offer("teams"))
@network_options
@journal_option
@format_option("adoption")
@output_option
def command(teams: tuple[str, ...], format_: str, output: Path | None, **options: Any) -> None:
    """Take an organization, or single teams of it, under management as it is.

    It is refused while anything is to be changed; each difference is told with its place. What was compared is
    recorded in the journal as the baseline: from then on what somebody adds by hand is drift, and plans may take money
    back. A token that may read is enough, and nothing is written to Keeptrusts; the ledger's total is printed before
    and after. Where nothing was adopted and nothing applied, `plan` and `apply` take no money back, and leave alone a
    wallet whose money may be another month's, unless --first-apply names it.
    """
    from reconciler.app.management.adopt import adopt

    settings = settings_of(options)
    done = adopt(settings, teams)
    kept_in(f"the journal {settings.journal}: `kt-budgets audit` prints it")
    write_answer(done, format_, output)
