"""`kt-budgets release`: take a team out of management."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.completion import offer
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command('release legal_ops --reason "moves to another company"')
@click.argument("team", shell_complete=offer("teams"))
@options.reason
@options.network
@options.journal
@prints("release")
def command(team: str, reason: str, **values: Any) -> Answer:
    """Take a team out of management, without touching anything of it.

    Keeptrusts is neither asked nor written to; the journal keeps who said it and why. From then on plans and the
    funding of months leave the team out, drift needs nobody for it, and its file may stay or go: that deletes nothing.
    `kt-budgets adopt TEAM` takes it back.
    """
    from reconciler.app.management.release import release

    return release(options.settings(values), team, reason=reason)
