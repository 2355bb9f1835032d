"""`kt-budgets release`: take a team out of management."""

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


@click.command(cls=Command, epilog='Example: kt-budgets release legal_ops --reason "moves to another company"')
@click.argument("team", shell_complete=offer("teams"))
@click.option("--reason", default="", metavar="TEXT", help="Why; recorded, with who said it.")
@network_options
@journal_option
@format_option("release")
@output_option
def command(team: str, reason: str, format_: str, output: Path | None, **options: Any) -> None:
    """Take a team out of management, without touching anything of it.

    Keeptrusts is neither asked nor written to; the journal keeps who said it and why. From then on plans and the
    funding of months leave the team out, drift needs nobody for it, and its file may stay or go: that deletes nothing.
    `kt-budgets adopt TEAM` takes it back.
    """
    from reconciler.app.management.release import release

    settings = settings_of(options)
    done = release(settings, team, reason=reason)
    kept_in(f"the journal {settings.journal}: `kt-budgets audit` prints it")
    write_answer(done, format_, output)
