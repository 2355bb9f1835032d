"""Printing what was done to money: whatever becomes of stdout, it is in the journal, and people are told so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.app.job import tell_merges, tell_outcomes
from reconciler.cli.options import write_result
from reconciler.findings import UsageError
from reconciler.streams import kept_in

if TYPE_CHECKING:
    from reconciler.model.merges import Merges
    from reconciler.model.outcome import Result


def print_run(
    result: Result | None, format_: str, output: Path | None, context: click.Context, *, journal: str
) -> None:
    """Print a run, or write it to `output`, and end the command with its exit code; None: there was nothing to do."""
    from reconciler.app.execution.run import rendered

    text = rendered(result, format_)
    if result is None:
        write_result(text, output)
        return
    tell_outcomes(done.status.value for done in result.run.outcomes)
    _print_kept(text, output, journal=journal, what="the run is", it="it")
    context.exit(result.exit_code)


def print_merges(found: Merges, format_: str, output: Path | None, context: click.Context, *, journal: str) -> None:
    """Print what became of what was merged, or write it to `output` and the text for people to stderr."""
    from reconciler.app.change_request.apply_merged import rendered

    tell_merges(found)
    text = rendered(found, "text")
    if output is not None or format_ == "json":
        click.echo(text, err=True, nl=False)
    _print_kept(rendered(found, format_), output, journal=journal, what="the runs are", it="them")
    context.exit(found.exit_code)


def _print_kept(text: str, output: Path | None, *, journal: str, what: str, it: str) -> None:
    kept_in(f"the journal {journal}: `kt-budgets audit` prints it")
    try:
        write_result(text, output)
    except UsageError as error:
        click.echo(f"kt-budgets: {error.message}; {what} in the journal {journal}", err=True)
        click.echo(f"  hint: print {it} with `kt-budgets audit`", err=True)
