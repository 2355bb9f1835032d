"""`kt-budgets fmt`: the one layout of budget files. Talks to nothing."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import options


@options.command("fmt --check")
@options.budgets
@options.flag("--check", help="Write nothing; exit with 3 and name each file that is not laid out.")
def command(budgets: Path, check: bool) -> int:
    """Lay out every budget file in one way.

    Blanks, line ends and empty lines change; values, comments and their order never do.
    """
    from reconciler.app.fmt import fmt

    done = fmt(budgets, check=check)
    click.echo(done.rendered(), nl=False)
    click.echo(done.summary, err=True)
    return done.exit_code
