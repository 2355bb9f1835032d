"""`kt-budgets validate`: every finding of every budget file. Talks to nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from reconciler.cli.options import (
    as_of_option,
    budgets_option,
    format_option,
    output_option,
    suggestions_option,
    write_result,
)
from reconciler.cli.terminal import Command


@click.command("validate", cls=Command, epilog="Example: kt-budgets validate --format github")
@budgets_option
@as_of_option
@format_option("findings")
@output_option
@suggestions_option
def command(budgets: Path, as_of: date | None, format_: str, output: Path | None, suggestions: Path | None) -> int:
    """Show every finding of every budget file.

    Each finding has its line and column and says how to cure it. Exits with 3 when one of them is an error. What ends
    within 30 days, or is over, is a warning.
    """
    from reconciler.app.validate import validate

    found = validate(budgets, as_of=as_of)
    text = found.rendered(format_)
    if text or output:
        write_result(text, output)
    if suggestions:
        found.suggest(suggestions)
    click.echo(found.summary, err=True)
    return found.exit_code
